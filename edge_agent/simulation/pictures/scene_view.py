"""The shelf with what stands on it: redrawn plate by plate, only where something has changed."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.pictures.furniture import empty_shelf
from edge_agent.simulation.pictures.layout import Floor, Size, floors
from edge_agent.simulation.pictures.looks import look_of
from edge_agent.simulation.pictures.odd_things import thing
from edge_agent.simulation.pictures.packages import YAWS, package
from edge_agent.simulation.pictures.scene_state import (
    LEFT_EDGE,
    RIGHT_EDGE,
    SceneState,
    Unit,
)
from edge_agent.simulation.pictures.sensor import soft
from edge_agent.simulation.pictures.sprites import Sprite, blend, scaled
from edge_agent.vision.frames import Image

# Prints are drawn so much larger than they are seen, and made smaller for each unit as it stands.
_MASTER = 2.5
_JITTER_MM, _TURN_DEG, _SIZE_SPREAD = 2.5, 1.6, 0.012


class Goods:
    """The still part of the scene. Not for several threads at once."""

    def __init__(self, settings: Settings, seed: int, size: Size) -> None:
        self._floors = floors(settings, size)
        self._looks = {product.sku: look_of(product) for product in settings.product}
        self._seed = seed
        self._empty = soft(empty_shelf(settings, seed, size))
        self._image = self._empty.copy()
        self._drawn: dict[str, tuple[int, ...]] = dict.fromkeys(self._floors, ())
        self._sprite = lru_cache(maxsize=1024)(self._make_sprite)

    def image(self, state: SceneState) -> Image:
        """The shelf as it stands: (h, w, 3), to be copied before it is drawn on."""
        standing: dict[str, list[Unit]] = {plate: [] for plate in self._floors}
        for unit in state.standing:
            if unit.plate not in state.lifted:
                standing[unit.plate].append(unit)
                for beside in self._beside(unit):
                    standing[beside].append(unit)
        for plate, units in standing.items():
            units.sort(key=lambda unit: (-unit.depth, unit.number))
            numbers = tuple(u.number for u in units)
            if plate in state.lifted:
                numbers = (-1,)
            if numbers != self._drawn[plate]:
                self._draw_plate(self._floors[plate], units, is_away=plate in state.lifted)
                self._drawn[plate] = numbers
        return self._image

    def _beside(self, unit: Unit) -> list[str]:
        """The plate that a unit stands on besides its own, at the edge; mostly none."""
        if LEFT_EDGE < unit.across < RIGHT_EDGE:
            return []
        x, y, w, _ = self._floors[unit.plate].region
        probe = x - 0.2 * w if unit.across <= LEFT_EDGE else x + 1.2 * w
        regions = {plate: floor.region for plate, floor in self._floors.items()}
        return [p for p, r in regions.items() if r[0] <= probe < r[0] + r[2] and r[1] == y]

    def sprite(self, unit: Unit) -> Sprite:
        """The unit as it stands, or as it is carried away."""
        return self._sprite(unit.number, unit.looks, unit.plate, unit.depth, unit.lane_mm)

    def _make_sprite(
        self, number: int, looks: str, plate: str, depth: float, lane_mm: float
    ) -> Sprite:
        rng = np.random.Generator(np.random.PCG64([self._seed, number]))
        floor = self._floors[plate]
        px_per_mm = floor.spot(0.5, depth).px_per_mm * (1.0 + _SIZE_SPREAD * rng.standard_normal())
        turn = float(_TURN_DEG * np.clip(rng.standard_normal(), -2, 2))
        yaw = YAWS[int(rng.integers(len(YAWS)))]
        kind, _, of = looks.partition(":")
        look = self._looks.get(of or kind)
        fit = floor.fit(look, lane_mm) if look is not None else 1.0
        master_px = round(_MASTER * floor.spot(0.5, 0.0).px_per_mm * fit, 3)
        if look is None or kind in ("foreign", "dummy", "empty"):
            master = thing(kind, look, number, master_px)
        else:
            master = package(look, master_px, yaw)
        return scaled(master, fit * px_per_mm / master_px, turn)

    def foot(self, unit: Unit) -> tuple[float, float]:
        """Where its foot is in the picture: x, y."""
        rng = np.random.Generator(np.random.PCG64([self._seed, unit.number, 1]))
        spot = self._floors[unit.plate].spot(unit.across, unit.depth)
        dx, dy = rng.uniform(-_JITTER_MM, _JITTER_MM, 2) * spot.px_per_mm
        return spot.x + float(dx), spot.y + 0.3 * float(dy)

    def _draw_plate(self, floor: Floor, units: list[Unit], *, is_away: bool) -> None:
        x, y, w, h = floor.region
        margin = round(0.03 * w)
        rows, cells = slice(max(0, y), y + h), slice(max(0, x - margin), x + w + margin)
        self._image[rows, cells] = self._empty[rows, cells]
        if is_away:
            corners = [floor.spot(a, d) for a, d in ((0, 0), (1, 0), (1, 1), (0, 1))]
            bare = np.array([[corner.x, corner.y] for corner in corners], np.int32)
            cv2.fillPoly(self._image, [bare], (48, 50, 52), cv2.LINE_AA)
            return
        part = np.ascontiguousarray(self._image[rows, cells])
        for unit in units:
            sprite = self.sprite(unit)
            foot_x, foot_y = self.foot(unit)
            left = round(foot_x - 0.5 * sprite.shape[1]) - cells.start
            bottom = round(foot_y) - rows.start
            shadow(part, left, bottom, sprite.shape[1], 0.14)
            blend(part, sprite, left, bottom - sprite.shape[0])
        self._image[rows, cells] = soft(part)


def shadow(image: Image, left: int, bottom: int, width: int, flat: float) -> None:
    """A soft contact shadow under a thing, in place."""
    deep = max(2, round(flat * width))
    pad = deep
    box = np.zeros((2 * deep + 2 * pad, width + 4 * pad), np.uint8)
    centre = (box.shape[1] // 2 + deep // 2, box.shape[0] // 2)
    cv2.ellipse(box, centre, (width // 2 + deep // 2, deep), 0, 0, 360, 120, -1)
    size = max(3, deep) | 1
    dark = np.zeros((*box.shape, 4), np.uint8)
    dark[..., 3] = cv2.GaussianBlur(box, (size, size), 0)
    blend(
        image, dark, left + width // 2 - box.shape[1] // 2, bottom - box.shape[0] // 2 - deep // 3
    )
