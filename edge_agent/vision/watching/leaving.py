"""Whether something left or came, from a pair of pictures.

What fits into its surroundings is the background: the outline of what changed shows as an edge in
the picture where the thing is there, and its colour differs from what is beside it. The thing has
more structure than what is behind it. Each gives log odds, and they are added.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask

_DARK = 16.0
_BAND = np.ones((3, 3), np.uint8)
_FAINT_EDGE = 0.03
_FAINT_COLOUR = 0.05

_OUTLINE_WEIGHT = 2.0
_BESIDE_WEIGHT = 1.0
_STRUCTURE_WEIGHT = 1.0

SUREST = 6.0
"""Bound of the log odds: no pair of pictures is surer than 400 to 1."""


def leaving_log_odds(before: Image, after: Image, mask: Mask) -> float:
    """Return ln(p(left) / p(came)) of what `mask` shows as changed.

    The pictures are small, aligned, and hold the surroundings of the mask as well.
    """
    if not mask.any():
        return 0.0
    one, other = _logarithms(before), _logarithms(after)
    outline = _outline(mask)
    inside = cv2.erode(mask, _BAND) > 0
    odds = _OUTLINE_WEIGHT * _ratio(_edges(one), _edges(other), outline, _FAINT_EDGE)
    odds += _STRUCTURE_WEIGHT * _ratio(_edges(one), _edges(other), inside, _FAINT_EDGE)
    apart = (_apart(one, mask), _apart(other, mask))
    odds += _BESIDE_WEIGHT * math.log((apart[0] + _FAINT_COLOUR) / (apart[1] + _FAINT_COLOUR))
    return max(-SUREST, min(SUREST, odds))


def probability(log_odds: float) -> float:
    """Return the probability of log odds."""
    return 1 / (1 + math.exp(-log_odds))


def _logarithms(image: Image) -> NDArray[np.float32]:
    return np.asarray(np.log(image.astype(np.float32) + _DARK), dtype=np.float32)


def _outline(mask: Mask) -> NDArray[np.bool_]:
    return np.asarray((cv2.dilate(mask, _BAND) > 0) & ~(cv2.erode(mask, _BAND) > 0))


def _edges(logarithms: NDArray[np.float32]) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(logarithms, (0, 0), 0.8)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.25)
    return np.asarray(np.sqrt((across**2 + down**2).max(axis=2)), dtype=np.float32)


def _ratio(
    before: NDArray[np.float32], after: NDArray[np.float32], where: NDArray[np.bool_], faint: float
) -> float:
    if not where.any():
        return 0.0
    return math.log((float(before[where].mean()) + faint) / (float(after[where].mean()) + faint))


def _apart(logarithms: NDArray[np.float32], mask: Mask) -> float:
    """Return how far the colour within the mask is from the colour just outside of it."""
    inside = mask > 0
    wide = cv2.dilate(mask, _BAND, iterations=5) > 0
    outside = wide & ~(cv2.dilate(mask, _BAND, iterations=2) > 0)
    if not outside.any():
        return 0.0
    centre = np.median(logarithms[outside], axis=0)
    return float(np.linalg.norm(logarithms[inside] - centre, axis=1).mean())
