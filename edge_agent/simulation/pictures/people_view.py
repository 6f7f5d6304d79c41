"""People at the shelf and people who walk by, between the camera and the shelf or behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edge_agent.simulation.hands import smooth_step
from edge_agent.simulation.pictures.figures import HEIGHT, WIDTH, figure
from edge_agent.simulation.pictures.hands_view import (
    EXPOSURE_S,
    comes_from_below,
    person_of,
    stands_left,
)
from edge_agent.simulation.pictures.laying import lay
from edge_agent.simulation.pictures.layout import Size
from edge_agent.simulation.pictures.light import Shade
from edge_agent.simulation.pictures.scene_state import Presence
from edge_agent.vision.frames import Image

PASSERS_PER_H = 9.0
_HOUR_S = 3600.0
_STEPS_IN_S = 1.4


@dataclass(frozen=True, slots=True)
class Passer:
    """Somebody walks by: from when on, for how long, from which side, how large and how high."""

    at: float
    lasts_s: float
    from_left: bool
    scale: float
    top: float
    person: int
    turned: bool

    def across(self, at: float) -> float:
        """Where across the picture: from about -0.3 to 1.3."""
        part = (at - self.at) / self.lasts_s
        across = -0.35 + 1.7 * part
        return across if self.from_left else 1.0 - across


class People:
    """Draws people; who walks by is decided by the seed, `passers` scales how often."""

    def __init__(self, seed: int, size: Size, passers: float) -> None:
        self._seed = seed
        self._size = size
        self._passers = passers
        self._hour = lru_cache(maxsize=4)(self._plan_hour)

    def draw(self, image: Image, present: tuple[Presence, ...], at: float) -> list[Shade]:
        """Draw them over goods and hands, in place; the light that they keep away."""
        shades = []
        for presence in present:
            if self._draw_shopper(image, presence, at):
                shades.append(Shade(float(not stands_left(self._seed, presence.visit)), 0.5, 0.12))
        for passer in self.passing(at):
            across, later = passer.across(at), passer.across(at + EXPOSURE_S)
            bob = 0.012 * math.sin(2 * math.pi * 1.9 * at)
            smear = ((later - across) * self._size[0], 0.0)
            self._draw(
                image, passer.person, passer.turned, (across, passer.top + bob), passer.scale, smear
            )
            shades.append(Shade(across, 0.5, 0.22))
        return shades

    def is_seen(self, present: tuple[Presence, ...], at: float) -> bool:
        """Whether anybody may be in the picture."""
        return bool(present) or bool(self.passing(at))

    def passing(self, at: float) -> list[Passer]:
        """Who walks by at a time."""
        hour = max(1, math.floor(at / _HOUR_S))
        both = (*self._hour(hour - 1), *self._hour(hour))
        return [passer for passer in both if passer.at <= at < passer.at + passer.lasts_s]

    def _plan_hour(self, hour: int) -> list[Passer]:
        rng = np.random.Generator(np.random.PCG64([self._seed, 8, hour]))
        return [
            Passer(
                at=hour * _HOUR_S + float(rng.uniform(0.0, _HOUR_S)),
                lasts_s=float(rng.uniform(2.2, 5.0)),
                from_left=bool(rng.random() < 0.5),
                scale=float(rng.uniform(0.9, 1.6)),
                top=float(rng.uniform(-0.1, 0.3)),
                person=person_of(self._seed, int(rng.integers(1000))),
                turned=bool(rng.random() < 0.4),
            )
            for _ in range(int(rng.poisson(PASSERS_PER_H * self._passers)))
        ]

    def _draw_shopper(self, image: Image, presence: Presence, at: float) -> bool:
        """A shoulder and half a head at the edge, or nothing where the arm comes from below."""
        rng = np.random.Generator(np.random.PCG64([self._seed, presence.visit, 10]))
        inward, top = (float(v) for v in rng.uniform((-0.13, 0.25), (0.03, 0.5)))
        is_turned = bool(rng.random() < 0.6)
        if comes_from_below(self._seed, presence.visit) and rng.random() < 0.6:
            return False
        comes = (at - presence.since) / _STEPS_IN_S
        goes = (presence.until - at) / _STEPS_IN_S
        inside = float(smooth_step(np.array([min(comes, goes)]))[0])
        sway = 0.006 * math.sin(1.7 * at) + 0.004 * math.sin(4.1 * at)
        away = 0.3 - (0.3 + inward) * inside + sway
        across = -away if stands_left(self._seed, presence.visit) else 1.0 + away
        person = person_of(self._seed, presence.visit)
        self._draw(image, person, is_turned, (across, top), 1.25, (0.0, 0.0))
        return True

    def _draw(
        self,
        image: Image,
        person: int,
        turned: bool,
        place: tuple[float, float],
        scale: float,
        smear: tuple[float, float],
    ) -> None:
        """Draw a figure with the middle of its head at parts of the picture's width and height."""
        width, height = self._size
        factor = scale * height / HEIGHT
        matrix = np.array(
            [
                [factor, 0.0, place[0] * width - factor * WIDTH / 2],
                [0.0, factor, place[1] * height],
            ]
        )
        lay(image, figure(person, turned), matrix, smear, casts=True)
