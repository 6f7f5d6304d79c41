"""Light on the shelf over time: daylight that drifts, clouds, a patch of sun, lamps, exposure.

Everything is a function of the seed and the time, so that any picture can be drawn by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.chance import stream

Gain = NDArray[np.float32]
"""How much light each of 18 x 32 parts of the picture gets, by blue, green and red; about 1."""

_ROWS, _COLUMNS = 18, 32
# Clouds: noise of these periods in seconds, each as strong as its part of the daylight.
_CLOUDS = ((2400.0, 0.10), (700.0, 0.06), (190.0, 0.035))
_PATCH_S, _PATCH_SHARE = 1500.0, 0.3
# An exposure control follows within so many seconds, in steps of a part of the light.
_EXPOSURE_S, _EXPOSURE_STEP, _EXPOSURE_PART = 2.0, 0.05, 0.75
_FLICKER = 0.008


@dataclass(frozen=True, slots=True)
class Shade:
    """Somebody keeps light away: where across the picture (0 to 1), how wide, how much."""

    across: float
    width: float
    depth: float


class Light:
    """The light of one shelf; `strength` 0: even and constant, 1 as usual."""

    def __init__(self, seed: int, strength: float = 1.0) -> None:
        rng = stream(seed, "light")
        self._strength = strength
        self._phases = rng.uniform(0, 2 * math.pi, (len(_CLOUDS), 3))
        self._warm = float(rng.uniform(-0.04, 0.04))
        self._patch = rng.uniform((0.1, 0.1, 0.12, 0.2, -0.6), (0.9, 0.8, 0.3, 0.6, 0.6))
        self._patch_phase = float(rng.random())
        self._mains_phase = float(rng.uniform(0, 2 * math.pi))
        y, x = np.mgrid[0:_ROWS, 0:_COLUMNS].astype(np.float32)
        self._y, self._x = (y + 0.5) / _ROWS, (x + 0.5) / _COLUMNS
        away = np.hypot(self._x - 0.5, 0.56 * (self._y - 0.5))
        # cos^4 of the angle from the axis, of a lens of some 75 degrees.
        self._vignette = np.cos(np.arctan(1.45 * away)) ** 3
        lamp_x, lamp_y = rng.uniform((0.3, -0.4), (0.7, 0.0))
        fall = 1.0 / (1.0 + 0.35 * ((self._x - lamp_x) ** 2 + (self._y - lamp_y) ** 2))
        self._lamp = fall / fall.mean()

    def gain(self, at: float, shades: tuple[Shade, ...] = ()) -> Gain:
        """The light at a time (Unix seconds): (18, 32, 3)."""
        day = self._daylight(at)
        field = 0.55 * self._lamp + 0.45 * day
        field = field * (1.0 + self._sun(at))
        for shade in shades:
            edge = np.clip(
                (np.abs(self._x - shade.across + 0.15 * (self._y - 0.5)) - 0.5 * shade.width) / 0.06
                + 0.5,
                0.0,
                1.0,
            )
            field = field * (1.0 - self._strength * shade.depth * (1.0 - edge))
        field = field * self._lamp_flicker(at) * self._exposure(at) * self._vignette * 1.1
        warm = self._strength * (self._warm + 0.25 * (1.0 - day))
        colours = np.array([1.0 - warm, 1.0, 1.0 + warm], np.float32)
        return np.asarray(field[..., None] * colours, np.float32)

    def _daylight(self, at: float) -> float:
        """About 1, as the clouds let it through."""
        level = 1.0
        for (period_s, part), phases in zip(_CLOUDS, self._phases, strict=True):
            turn = 2.0 * math.pi * at / period_s
            waves = math.sin(turn + phases[0]) + 0.7 * math.sin(1.618 * turn + phases[1])
            waves += 0.5 * math.sin(2.93 * turn + phases[2])
            level += self._strength * part * waves
        return max(0.25, level)

    def _sun(self, at: float) -> NDArray[np.float32] | float:
        """A patch of sun that comes, moves and goes; with an edge."""
        cycle = at / _PATCH_S + self._patch_phase
        on = min(1.0, max(0.0, 4.0 * (math.sin(2 * math.pi * cycle) - 1.0 + 2 * _PATCH_SHARE)))
        if on <= 0.0 or not self._strength:
            return 0.0
        x, y, w, h, slant = (float(v) for v in self._patch)
        x += 0.15 * math.sin(2 * math.pi * cycle)
        dx = np.abs(self._x - x + slant * (self._y - y)) / w
        dy = np.abs(self._y - y) / h
        inside = np.clip((1.0 - np.maximum(dx, dy)) / 0.15, 0.0, 1.0)
        return np.asarray(0.35 * self._strength * on * inside, np.float32)

    def _lamp_flicker(self, at: float) -> NDArray[np.float32]:
        """The mains' 100 Hz as bands of a rolling shutter, a little off the frame rate."""
        turn = 2.0 * math.pi * (self._y * 2.6) + 2.0 * math.pi * math.fmod(at * 100.07, 1.0)
        return np.asarray(
            1.0 + self._strength * _FLICKER * np.sin(turn + self._mains_phase), np.float32
        )

    def _exposure(self, at: float) -> float:
        """What the camera does about it: late, in steps, and not all the way."""
        seen = self._daylight(math.floor(at / _EXPOSURE_S) * _EXPOSURE_S - _EXPOSURE_S)
        wanted = -_EXPOSURE_PART * math.log2(0.55 + 0.45 * seen)
        return float(2.0 ** (round(wanted / _EXPOSURE_STEP) * _EXPOSURE_STEP))
