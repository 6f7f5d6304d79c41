"""Where in a picture parallel bars stand, and the brightness across them.

Bars leave gradients in one direction only: the structure tensor (Bigün and Granlund 1987),
smoothed, says where, how much, and at which angle, whatever is printed around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
"""A picture's brightness (height, width)."""

Profiles = NDArray[np.float32]
"""Brightness across the bars: one row a strip."""

_LONGEST_SIDE = 800
_WINDOW = 1 / 40
_COHERENT = 0.6
_STRONG = 0.15
_SMALLEST_PX = 150


@dataclass(frozen=True, slots=True)
class BarRegion:
    """A patch of parallel bars: its centre, the unit vector across the bars, half its extents.

    All in pixels of the picture; `half_across` perpendicular to the bars, `half_along` along them.
    """

    x: float
    y: float
    across: tuple[float, float]
    half_across: float
    half_along: float

    def at(self, across: float, along: float) -> tuple[float, float]:
        """The point that lies so far from the centre, across and along the bars."""
        u, v = self.across
        return self.x + across * u - along * v, self.y + across * v + along * u

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The four corners (x, y), in the order in which a code is read from across."""
        a, b = self.half_across, self.half_along
        return (self.at(-a, -b), self.at(a, -b), self.at(a, b), self.at(-a, b))


def bar_regions(gray: Gray, at_most: int) -> list[BarRegion]:
    """Find patches of parallel bars, the ones with the most of them first."""
    import cv2

    scale = min(1.0, _LONGEST_SIDE / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    across_x, across_y = (cv2.Scharr(small, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    side = round(max(small.shape) * _WINDOW) * 2 + 1
    xx, yy, xy = (
        cv2.blur(cv2.blur(product, (side, side)), (side, side))
        for product in (across_x * across_x, across_y * across_y, across_x * across_y)
    )
    directed = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    coherence = directed / (xx + yy + 1.0)
    strength = directed * coherence
    mask = (coherence > _COHERENT) & (strength > _STRONG * strength.max())
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    weights = np.bincount(labels.ravel(), strength.ravel(), minlength=count)
    weights[(stats[:, cv2.CC_STAT_AREA] < _SMALLEST_PX) | (np.arange(count) == 0)] = 0.0
    found = []
    for label in np.argsort(-weights, kind="stable")[:at_most]:
        if weights[label] == 0.0:
            break
        ys, xs = np.nonzero(labels == label)
        twice = np.arctan2(2 * float(xy[ys, xs].sum()), float((xx - yy)[ys, xs].sum()))
        found.append(_region(xs / scale, ys / scale, float(twice) / 2))
    return found


def _region(xs: NDArray[np.float64], ys: NDArray[np.float64], angle: float) -> BarRegion:
    u, v = float(np.cos(angle)), float(np.sin(angle))
    x, y = float(xs.mean()), float(ys.mean())
    across, along = (xs - x) * u + (ys - y) * v, (ys - y) * u - (xs - x) * v
    left, right = np.percentile(across, (1, 99))
    top, bottom = np.percentile(along, (5, 95))
    whole = BarRegion(x, y, (u, v), float(right - left) / 2, float(bottom - top) / 2)
    middle = whole.at(float(left + right) / 2, float(top + bottom) / 2)
    return BarRegion(*middle, whole.across, whole.half_across, whole.half_along)


def profiles(
    gray: Gray, region: BarRegion, offsets: NDArray[np.float64], half_length: float, samples: int
) -> Profiles:
    """Brightness 0 to 1 across the bars, a row for each of `offsets` (shares of `half_along`).

    Each row has `samples` over `half_length` pixels to both sides of the centre, and is the mean
    over an eighth of the bars' length, which takes the noise out and leaves the bars.
    """
    import cv2

    across = ((np.arange(samples) + 0.5) / samples * 2 - 1) * half_length
    along = (offsets[:, None] + np.linspace(-0.12, 0.12, 7)[None, :]).ravel() * region.half_along
    xs, ys = region.at(across[None, :], along[:, None])  # type: ignore[arg-type]
    lines = cv2.remap(
        gray,
        np.asarray(xs, dtype=np.float32),
        np.asarray(ys, dtype=np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    strips = lines.reshape(len(offsets), 7, samples).mean(axis=1, dtype=np.float32)
    return np.asarray(strips / 255, dtype=np.float32)
