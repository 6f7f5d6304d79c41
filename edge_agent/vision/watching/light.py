"""What the light did between two pictures: one contrast, and a smooth field of brightness."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""One value for each pixel, (height, width)."""

_STEP = 6
_ROUNDS = 4
_SMALLEST_RESIDUAL = 0.03
_RIDGE = 1e-4

_STRUCTURED = 9e-4
"""Variance of log-luminance that only edges and prints have: contrasts of 3 %."""
_ALIKE = 0.5
_FEWEST_PIXELS = 50


def contrast_ratio(before: Plane, after: Plane, window: tuple[int, int]) -> float:
    """Return how much stronger the same structures are in `after`: another gamma, haze, glare.

    Both are logarithms of luminance. The median over what has structure and is alike; 1 where too
    little is.
    """

    def mean(plane: Plane) -> Plane:
        return np.asarray(cv2.blur(plane, window), dtype=np.float32)

    mean_1, mean_2 = mean(before), mean(after)
    var_1, var_2 = mean(before**2) - mean_1**2, mean(after**2) - mean_2**2
    covariance = mean(before * after) - mean_1 * mean_2
    same = (var_1 > _STRUCTURED) & (var_2 > 0)
    same &= covariance > _ALIKE * np.sqrt(np.maximum(var_1 * var_2, 0))
    if int(same.sum()) < _FEWEST_PIXELS:
        return 1.0
    return float(np.clip(np.median(np.sqrt(var_2[same] / var_1[same])), 0.4, 2.5))


def light_field(change: Plane) -> Plane:
    """Fit a second-order surface to a change of log-brightness, whatever stands out left aside.

    Iteratively reweighted least squares with Cauchy's weights (Holland and Welsch 1977), the scale
    from the median of the residuals.
    """
    surface = _surface(*change.shape)
    points = surface[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].reshape(-1, surface.shape[2])
    values = change[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].reshape(-1)
    if len(values) < _FEWEST_PIXELS:
        return np.full(change.shape, np.median(change), np.float32)
    ridge = np.diag([0.0, *[_RIDGE * len(values)] * (surface.shape[2] - 1)])
    weights = np.ones_like(values)
    found = np.zeros(surface.shape[2])
    for _ in range(_ROUNDS):
        weighted = points * weights[:, np.newaxis]
        found = np.linalg.solve(points.T @ weighted + ridge, weighted.T @ values)
        residual = values - points @ found
        scale = max(_SMALLEST_RESIDUAL, 1.4826 * float(np.median(np.abs(residual))))
        weights = (1 / (1 + (residual / scale) ** 2)).astype(np.float32)
    return np.asarray(surface @ found.astype(np.float32), dtype=np.float32)


@lru_cache(maxsize=4)
def _surface(height: int, width: int) -> Plane:
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = (np.ones_like(across), across, down, across**2, across * down, down**2)
    return np.asarray(np.dstack(terms), dtype=np.float32)
