"""What differs between two pictures of a shelf, whatever the light did in between.

Structure and contrast are compared as in SSIM without its luminance term (Wang, Bovik, Sheikh and
Simoncelli 2004, eq. 9 and 10), on logarithms, where light is a sum; colour as log-chroma, where
neutral shadow falls out. Both are compared with what the light of the second picture would have
made of the first (`light`), and count for nothing where a picture is blown out or too dark to see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask, Region
from edge_agent.vision.watching.light import Plane, contrast_ratio, light_field

SmallBox = tuple[slice, slice]
"""Rows and columns of a small picture."""

WORK_WIDTH = 320
"""Pictures are compared at about this width: a quarter of 1280, where noise averages out."""

_LUMA = np.array([0.114, 0.587, 0.299], np.float32)

_WINDOW = (7, 7)
_COLOUR_WINDOW = (5, 5)

_DARK = 16.0
_DARK_COLOUR = 6.0
"""Added before logarithms: below it, noise is larger than what it hides."""

_NOISE = 1.0
_COLOUR_NOISE = 2.5
"""Standard deviation left in a pixel of the small picture, of 255, after JPEG."""

_FAINT_CONTRAST = 0.02
_FAINT_COLOUR = 0.12
"""Contrast and log-chroma that prints exceed and the play of light on a wall does not."""

_STABILITY = 6.0
_TOO_DARK = 24.0
_BRIGHTEST_PERCENTILE = 98
"""A picture whose brightest spots are below it shows nothing to compare."""

_BLOWN = 240.0
_NEARLY_BLOWN = 200.0
_BLACK = 8.0
_NEARLY_BLACK = 14.0

_SMOOTHING = 3.0
"""Standard deviation, pixels of the small picture: what changed is at least a finger wide."""

DIFFERENT = 0.5
"""A pixel of `differences` above it differs."""

SAME = 0.45
CHANGED = 0.7
SURELY_CHANGED = 0.85
"""Of `score`: a region below the first looks as it did, above the second it does not; above the
third it does not even if somebody stands in the picture, whose colours the light is fitted to.
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A small picture as floats, with what is compared of it."""

    picture: Plane
    level: Plane
    luma: Plane
    brightest: Plane
    darkest: Plane


def working_scale(image: Image) -> int:
    """How many pixels of the camera's picture one side of a compared pixel covers."""
    return max(1, round(int(image.shape[1]) / WORK_WIDTH))


def shrunk(image: Image) -> Image:
    """Return the picture at the size at which pictures are compared."""
    scale = working_scale(image)
    size = (max(1, image.shape[1] // scale), max(1, image.shape[0] // scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def is_dark(small: Image) -> bool:
    """Tell whether a picture, (h, w, 3), is too dark to see anything in it."""
    return float(np.percentile(small, _BRIGHTEST_PERCENTILE)) < _TOO_DARK


def differences(before: Image, after: Image) -> Plane:
    """Return for each pixel of two aligned small pictures how much it differs, 0 to 1."""
    first, second = _seen(before), _seen(after)
    contrast = contrast_ratio(first.luma, second.luma, _WINDOW)
    visible = _visible(first, second, contrast)
    structure = _structure(first, second, contrast) * visible
    colour = _colour(first, second, contrast) * visible
    return np.asarray(1 - (1 - structure) * (1 - colour), dtype=np.float32)


def score(different: Plane) -> float:
    """Return how surely a part of a picture changed, 0 to 1, from its `differences`.

    It is the largest difference of a patch about a finger wide: what stays the same around a small
    thing says nothing about it.
    """
    if not different.size:
        return 0.0
    return float(cv2.GaussianBlur(different, (0, 0), _SMOOTHING).max())


def changed_mask(different: Plane) -> Mask:
    """Return what differs: 255 where it does, without specks and with small holes closed."""
    rough = np.where(cv2.GaussianBlur(different, (0, 0), 1.0) > DIFFERENT, 255, 0).astype(np.uint8)
    opened = cv2.morphologyEx(rough, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(
        cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), dtype=np.uint8
    )


def region_scores(before: Image, after: Image, regions: Iterable[Region]) -> list[float]:
    """Score each region between two aligned pictures of one camera, (h, w, 3) BGR alike in size."""
    scale = working_scale(before)
    different = differences(shrunk(before), shrunk(after))
    return [score(different[box]) for box in (small_box(r, scale, different) for r in regions)]


def small_box(region: Region, scale: int, plane: Plane | Image) -> SmallBox:
    """Return where a region of the camera's picture lies in the small one, cut to its border."""
    x, y, width, height = region
    rows, columns = plane.shape[:2]
    left, top = min(max(0, x // scale), columns - 1), min(max(0, y // scale), rows - 1)
    right = min(columns, max(left + 1, -(-(x + width) // scale)))
    bottom = min(rows, max(top + 1, -(-(y + height) // scale)))
    return slice(top, bottom), slice(left, right)


def _seen(image: Image) -> _Seen:
    picture = image.astype(np.float32)
    level = picture @ _LUMA
    return _Seen(
        picture,
        level,
        np.log(level + _DARK),
        np.maximum(np.maximum(picture[..., 0], picture[..., 1]), picture[..., 2]),
        np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2]),
    )


def _mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _structure(first: _Seen, second: _Seen, contrast: float) -> Plane:
    mean_1, mean_2 = _mean(first.luma), _mean(second.luma)
    var_1 = np.maximum(_mean(first.luma**2) - mean_1**2, 0) * contrast**2
    var_2 = np.maximum(_mean(second.luma**2) - mean_2**2, 0)
    covariance = (_mean(first.luma * second.luma) - mean_1 * mean_2) * contrast
    noise_1 = contrast * _NOISE / (_mean(first.level) + _DARK)
    noise_2 = _NOISE / (_mean(second.level) + _DARK)
    faint = (1 + contrast**2) * _FAINT_CONTRAST**2
    stable = _STABILITY * (noise_1**2 + noise_2**2 + faint)
    alike = (2 * covariance + stable) / (var_1 + var_2 + stable)
    return np.asarray(np.clip(1 - alike, 0, 1), dtype=np.float32)


def _visible(first: _Seen, second: _Seen, contrast: float) -> Plane:
    """Be 0 where light alone explains that a picture is blown out or black, 1 elsewhere."""
    light = light_field(second.luma - contrast * first.luma)
    after = np.exp(contrast * first.luma + light) - _DARK
    before = np.exp((second.luma - light) / contrast) - _DARK
    hidden = (second.level >= _BLOWN) & (after >= _NEARLY_BLOWN)
    hidden |= (first.level >= _BLOWN) & (before >= _NEARLY_BLOWN)
    # Near black the added constant would hide how much darker it has become.
    dimming = light_field(np.log(second.level + 1) - np.log(first.level + 1))
    hidden |= (second.level < _BLACK) & ((first.level + 1) * np.exp(dimming) < _NEARLY_BLACK)
    hidden |= (first.level < _BLACK) & ((second.level + 1) * np.exp(-dimming) < _NEARLY_BLACK)
    return np.asarray(1 - _mean(hidden.astype(np.float32)), dtype=np.float32)


def _colour(first: _Seen, second: _Seen, contrast: float) -> Plane:
    before, after = np.log(first.picture + _DARK_COLOUR), np.log(second.picture + _DARK_COLOUR)
    apart = np.zeros(first.level.shape, np.float32)
    for one, other in ((0, 1), (2, 1)):
        chroma = (after[..., one] - after[..., other]) - contrast * (
            before[..., one] - before[..., other]
        )
        chroma = cv2.blur(chroma, _COLOUR_WINDOW)
        apart += (chroma - light_field(chroma)) ** 2
    darkest = cv2.min(
        cv2.blur(first.darkest, _COLOUR_WINDOW), cv2.blur(second.darkest, _COLOUR_WINDOW)
    )
    noise = 2 * _COLOUR_NOISE / (darkest + _DARK_COLOUR)
    brightest = cv2.max(first.brightest, second.brightest)
    unclipped = cv2.erode(np.clip((250 - brightest) / 10, 0, 1), np.ones(_COLOUR_WINDOW, np.uint8))
    return np.asarray(apart / (apart + _FAINT_COLOUR**2 + noise**2) * unclipped, dtype=np.float32)
