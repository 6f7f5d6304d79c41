"""Which parts of a picture move: against the picture before, light and noise left aside."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image

Flags = NDArray[np.uint8]
"""1 where something is so, 0 elsewhere; (height, width) of the small picture."""

_SURROUNDINGS = (21, 21)
_NOISES = 6.0
_LEAST = 0.15
"""In roots of grey levels, where photon noise is alike in light and dark: four levels of 128."""
_SPECK = np.ones((3, 3), np.uint8)
_MEDIAN_TO_DEVIATION = 1.4826

_SHAKEN = 0.02
_FARTHEST_SHAKE = 3.0
"""Where so much of the picture moves, it may be the camera, by at most so many pixels."""

_UNSTEADY = 0.5
"""Pixels by which a shake is known at worst; edges may differ by as much."""

_LOOK_BACK_S = 0.55
"""A slow hand moves little between two pictures; half a second shows it."""


class MotionMap:
    """Compares each small picture with the one before it and with one of half a second ago."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, NDArray[np.float32]]] = deque()

    def feed(self, small: Image, at: float) -> Flags:
        """Return where this picture, (h, w, 3), taken at `at`, shows movement.

        The first picture, and one of another size than before, shows none.
        """
        relief = _relief(small)
        if self._recent and self._recent[-1][1].shape != relief.shape:
            self._recent.clear()
        moving = np.zeros(relief.shape, np.uint8)
        if self._recent:
            for earlier in {id(r): r for r in (self._recent[-1][1], self._recent[0][1])}.values():
                moving |= _moved(earlier, relief)
        self._recent.append((at, relief))
        while self._recent[0][0] < at - _LOOK_BACK_S and len(self._recent) > 1:
            self._recent.popleft()
        return moving


def _relief(small: Image) -> NDArray[np.float32]:
    """Return what stands out of its surroundings, so that a change of light is no movement."""
    level = np.sqrt(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32))
    level = cv2.blur(level, (3, 3))
    return np.asarray(level - cv2.blur(level, _SURROUNDINGS), dtype=np.float32)


def _moved(earlier: NDArray[np.float32], now: NDArray[np.float32]) -> Flags:
    moved = _differing(earlier, now)
    if float(moved.mean()) < _SHAKEN:
        return moved
    (across, down), _ = cv2.phaseCorrelate(earlier, now)
    if max(abs(across), abs(down)) > _FARTHEST_SHAKE:
        return moved
    shift = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = (now.shape[1], now.shape[0])
    steadied = cv2.warpAffine(earlier, shift, size, borderMode=cv2.BORDER_REPLICATE)
    steady = _differing(np.asarray(steadied, dtype=np.float32), now, _UNSTEADY * _slope(now))
    return min(moved, steady, key=lambda flags: int(flags.sum()))


def _differing(
    earlier: NDArray[np.float32], now: NDArray[np.float32], slack: NDArray[np.float32] | float = 0.0
) -> Flags:
    change = cv2.absdiff(earlier, now)
    noise = _MEDIAN_TO_DEVIATION * float(np.median(change[::3, ::3]))
    moved = (change > max(_LEAST, _NOISES * noise) + slack).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(moved, cv2.MORPH_OPEN, _SPECK), dtype=np.uint8)


def _slope(relief: NDArray[np.float32]) -> NDArray[np.float32]:
    across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.dilate(cv2.magnitude(across, down), _SPECK), dtype=np.float32)
