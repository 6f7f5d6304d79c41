"""How far a camera has moved between two pictures, and whether that can be undone.

ECC (Evangelidis and Psarakis 2008) on gradients at the size pictures are compared at: gradients
stay where they are when the light changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Region

Warp = NDArray[np.float32]
"""(2, 3): takes a place in the first picture to where it is found in the second."""

_ROUNDS = 25
_ENOUGH = 1e-3
_STRONGEST = 0.8
_DARK = 16.0
_LEAST_CORRELATION = 0.45
_FARTHEST = 0.06
"""Of the picture's width: beyond, too much of what was aimed at is out of the picture."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the second picture lies over the first: `correlation` of their gradients is at most 1.

    `moved_px` is how far the corner that moved most did, in pixels of the compared pictures.
    """

    warp: Warp
    correlation: float
    moved_px: float

    def back(self, image: Image) -> Image:
        """Return a picture of the second kind as the first camera position would show it."""
        if self.moved_px == 0.0:
            return image
        return warped_back(image, self.warp)


def unmoved() -> Warp:
    """Return the warp that moves nothing."""
    return np.eye(2, 3, dtype=np.float32)


def warped_back(image: Image, warp: Warp) -> Image:
    """Undo `warp`: what it took away comes back; beyond the border its pixels are repeated."""
    size = (image.shape[1], image.shape[0])
    return np.asarray(_back(image, warp, size), dtype=np.uint8)


def enlarged(warp: Warp, scale: float) -> Warp:
    """Return the warp for pictures `scale` times as large."""
    larger = warp.copy()
    larger[:, 2] = warp[:, 2] * scale + (warp[:, :2] - np.eye(2)).sum(axis=1) * (scale - 1) / 2
    return np.asarray(larger, dtype=np.float32)


def cut_out(image: Image, region: Region, alignment: Alignment | None, scale: int) -> Image:
    """Return a region of a picture in full size, as the first camera position would show it.

    `alignment` is that of pictures `scale` times smaller; the region is cut to the picture.
    """
    x, y, width, height = region
    left, top = max(0, x), max(0, y)
    right, bottom = min(image.shape[1], x + width), min(image.shape[0], y + height)
    if alignment is None or alignment.moved_px == 0.0:
        return image[top:bottom, left:right]
    warp = enlarged(alignment.warp, scale)
    warp[:, 2] += warp[:, :2] @ np.array([left, top], np.float32)
    return np.asarray(_back(image, warp, (right - left, bottom - top)), dtype=np.uint8)


def align(before: Image, after: Image) -> Alignment | None:
    """Find how `after` lies over `before`, both (h, w, 3) and alike in size, by turn and shift.

    None when no such turn and shift makes them alike: another view, a covered lens, no light.
    """
    first, second = _edges(before), _edges(after)
    height, width = first.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (across, down), _ = cv2.phaseCorrelate(first, second, window)
    starts = [unmoved(), np.array([[1, 0, across], [0, 1, down]], np.float32)]
    start = max(starts, key=lambda warp: _likeness(first, second, warp))
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, _ENOUGH)
    try:
        correlation, found = cv2.findTransformECC(
            first, second, start, cv2.MOTION_EUCLIDEAN, criteria
        )
    except cv2.error:
        # OpenCV's only way to say that it does not converge.
        return None
    warp = np.asarray(found, dtype=np.float32)
    moved_px = _farthest(warp, width, height)
    if correlation < _LEAST_CORRELATION or moved_px > _FARTHEST * width:
        return None
    return Alignment(warp, float(correlation), moved_px)


def _back(plane: NDArray[Any], warp: Warp, size: tuple[int, int]) -> NDArray[Any]:
    """Undo `warp` for a picture or a plane of it; `size` is the width and height of the result."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plane, warp, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _edges(image: Image) -> NDArray[np.float32]:
    light = np.log(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) + _DARK)
    light = cv2.GaussianBlur(light, (0, 0), 1.0)
    strength = cv2.magnitude(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    # Bounded, so that a lamp in the picture does not decide alone.
    return np.asarray(np.minimum(strength, _STRONGEST), dtype=np.float32)


def _likeness(first: NDArray[np.float32], second: NDArray[np.float32], warp: Warp) -> float:
    back = _back(second, warp, (first.shape[1], first.shape[0]))
    one, other = first - first.mean(), back - back.mean()
    return float((one * other).sum())


def _farthest(warp: Warp, width: int, height: int) -> float:
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float32)
    return float(np.linalg.norm(corners @ warp.T - corners[:, :2], axis=1).max())
