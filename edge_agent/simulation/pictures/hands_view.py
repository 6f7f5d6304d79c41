"""Hands that reach in, take, put, and leave with what they hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.hands import smooth_step
from edge_agent.simulation.pictures.laying import lay
from edge_agent.simulation.pictures.layout import Floor, Size, floors
from edge_agent.simulation.pictures.limbs import PX_PER_MM, arm
from edge_agent.simulation.pictures.scene_state import REACH_S, RETREAT_S, Reach
from edge_agent.simulation.pictures.scene_view import Goods
from edge_agent.simulation.pictures.sprites import Sprite
from edge_agent.vision.frames import Image

EXPOSURE_S = 1 / 60
# A hand is nearer to the camera than the goods that it reaches for.
_NEARER = 1.18
REGULARS = 12
# How far below its fingertips an arm's canvas is held to the place that it reaches for.
GRIP_PX = 70.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Where fingertips are, in pixels, where the arm comes from, and how large it is."""

    tip: tuple[float, float]
    root: tuple[float, float]
    px_per_mm: float


class Hands:
    """Draws the hands of a scene over its goods."""

    def __init__(self, settings: Settings, seed: int, size: Size, goods: Goods) -> None:
        self._floors = floors(settings, size)
        self._size = size
        self._seed = seed
        self._goods = goods

    def draw(self, image: Image, reach: Reach, at: float) -> None:
        """Draw one hand with what it holds, in place."""
        pose = self.pose(reach, at)
        later = self.pose(reach, at + EXPOSURE_S)
        smear = (later.tip[0] - pose.tip[0], later.tip[1] - pose.tip[1])
        person = self.person(reach)
        for unit in reach.carries(at):
            _draw_held(image, self._goods.sprite(unit), pose, smear)
        _draw_limb(image, arm(person, reach.number % 2 == 1), pose, smear)

    def person(self, reach: Reach) -> int:
        """Who it is: one of the office's regulars."""
        return person_of(self._seed, reach.visit)

    def pose(self, reach: Reach, at: float) -> Pose:
        """Where the hand is at a time."""
        rng = np.random.Generator(np.random.PCG64([self._seed, reach.number, 2]))
        floor = self._floors[reach.plate]
        grip = self._grip(floor, reach)
        root = self._root(grip, reach, rng)
        away = self._away(reach, at)
        wobble = 2.0 * math.sin(9.0 * at + reach.number)
        outside = (root[0] + 0.12 * (root[0] - grip[0]), root[1] + 0.12 * (root[1] - grip[1]))
        tip = (
            grip[0] + away * (outside[0] - grip[0]) + wobble * (1 - away),
            grip[1] + away * (outside[1] - grip[1]) + 0.6 * wobble * (1 - away),
        )
        scale = floor.spot(0.5, reach.depth).px_per_mm * _NEARER
        return Pose(
            tip, (root[0] + 0.3 * (tip[0] - grip[0]), root[1] + 0.6 * (tip[1] - grip[1])), scale
        )

    def _away(self, reach: Reach, at: float) -> float:
        """0 at the goods, 1 outside of the picture."""
        comes = (at - (reach.begins_at - REACH_S)) / (REACH_S + 0.05)
        goes = (at - (reach.ends_at - 0.05)) / (RETREAT_S + 0.05)
        parts = smooth_step(np.array([comes, goes]))
        return float(1.0 - parts[0] + parts[1]) if goes > 0 else float(1.0 - parts[0])

    def _grip(self, floor: Floor, reach: Reach) -> tuple[float, float]:
        if not reach.carried:
            spot = floor.spot(reach.across, reach.depth)
            return spot.x, spot.y - 20.0 * spot.px_per_mm
        unit = reach.carried[-1].unit
        x, y = self._goods.foot(unit)
        return x, y - 0.62 * self._goods.sprite(unit).shape[0]

    def _root(
        self, grip: tuple[float, float], reach: Reach, rng: np.random.Generator
    ) -> tuple[float, float]:
        """Where the arm enters the picture: from below, or from where the shopper stands."""
        width, height = self._size
        if comes_from_below(self._seed, reach.visit):
            return grip[0] + float(rng.uniform(-0.18, 0.18)) * width, 1.1 * height
        edge = (-0.08 if stands_left(self._seed, reach.visit) else 1.08) * width
        return edge, grip[1] + float(rng.uniform(0.15, 0.45)) * height


def _direction_deg(pose: Pose) -> float:
    """How far the arm leans from upright, clockwise."""
    return math.degrees(math.atan2(pose.tip[0] - pose.root[0], pose.root[1] - pose.tip[1]))


def _draw_held(image: Image, sprite: Sprite, pose: Pose, smear: tuple[float, float]) -> None:
    """What is held stands out beyond the fingers, leaning as the arm does."""
    height, width = sprite.shape[:2]
    direction = math.radians(_direction_deg(pose))
    centre = (
        pose.tip[0] + 0.3 * height * math.sin(direction),
        pose.tip[1] - 0.3 * height * math.cos(direction),
    )
    lean = 0.25 * _direction_deg(pose)
    middle = (width / 2.0, height / 2.0)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, -lean, 1.04), np.float64)
    matrix[0, 2] += centre[0] - width / 2.0
    matrix[1, 2] += centre[1] - height / 2.0
    weighted = sprite.copy()
    weighted[..., :3] = sprite[..., :3].astype(np.uint16) * sprite[..., 3:] // 255
    lay(image, weighted, matrix, smear)


def _draw_limb(image: Image, sprite: Sprite, pose: Pose, smear: tuple[float, float]) -> None:
    lean, scale = _direction_deg(pose), pose.px_per_mm / PX_PER_MM
    middle = sprite.shape[1] / 2.0
    matrix = np.asarray(cv2.getRotationMatrix2D((middle, GRIP_PX), -lean, scale), np.float64)
    matrix[0, 2] += pose.tip[0] - middle
    matrix[1, 2] += pose.tip[1] - GRIP_PX
    lay(image, sprite, matrix, smear, casts=True)


def comes_from_below(seed: int, visit: int) -> bool:
    """Whether a shopper's arms come from below, or from the side."""
    return bool(np.random.Generator(np.random.PCG64([seed, visit, 3])).random() < 0.45)


def stands_left(seed: int, visit: int) -> bool:
    """At which side of the shelf a shopper stands."""
    return bool(np.random.Generator(np.random.PCG64([seed, visit, 9])).random() < 0.5)


def person_of(seed: int, visit: int) -> int:
    """Which of the office's people comes in a visit."""
    return 100 * (seed % 1000) + (7 * visit) % REGULARS
