"""Where two pictures of one scene show something else, whatever the light does.

Structure and contrast are compared (SSIM without its luminance term: Wang et al., “Image quality
assessment”, IEEE TIP 13(4), 2004), and colours as ratios, after the light's own colour has been
taken out. A shadow or another exposure is no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image, size_within

WORK_SIDE = 320
"""Pictures are compared at this many pixels on their longer side."""

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_WINDOW = (7, 7)
_LEAST_CONTRAST = 20.0
_NOISE_CONTRAST = 20.0
"""Variance (levels²) below which structure is no structure: twenty times that of the noise."""

_ALIKE = 0.6
_COLOUR = 0.22
_BRIGHTNESS = 0.7
"""Differences of log ratios: a quarter more of one colour; twice as bright, as no shadow makes."""
_DARK_LEVELS = 12.0


@dataclass(frozen=True, slots=True)
class Look:
    """A picture made ready to be compared: grey, and the logarithms of its colours; (h, w) each."""

    gray: Floats
    logs: tuple[Floats, ...]


def work_size(height: int, width: int) -> tuple[int, int]:
    """Height and width at which a picture of that size is compared."""
    return size_within(WORK_SIDE, height, width)


def small(image: Image) -> Floats:
    """The picture (h, w, 3) as floats at the size at which pictures are compared."""
    import cv2

    height, width = work_size(*image.shape[:2])
    shrunk = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, dtype=np.float32)


def look(picture: Floats) -> Look:
    """Make what `small` gave ready to be compared."""
    import cv2

    calm = cv2.GaussianBlur(picture, (3, 3), 0)
    gray = cv2.cvtColor(calm, cv2.COLOR_BGR2GRAY)
    logs = cv2.log(cv2.blur(picture, (5, 5)) + np.float32(_DARK_LEVELS))
    return Look(np.asarray(gray, np.float32), tuple(map(_plane, cv2.split(logs))))


def unlike(first: Look, second: Look, noise: float = 0.0) -> Flags:
    """Where two looks differ, (h, w); `noise` is the deviation of one small picture, in levels."""
    contrast = max(_LEAST_CONTRAST, _NOISE_CONTRAST * noise**2)
    found: Flags = _structure(first.gray, second.gray, contrast) < _ALIKE
    apart = [_without_light(*both) for both in zip(first.logs, second.logs, strict=True)]
    brightness = sum(apart) / np.float32(len(apart))
    for channel in apart:
        found |= np.abs(channel - brightness) > _COLOUR
    found |= np.abs(brightness) > _BRIGHTNESS
    return found


def _without_light(first: Floats, second: Floats) -> Floats:
    """The difference, less the one that most of the picture has in common: the light's own."""
    apart: Floats = first - second
    return apart - np.float32(np.median(apart[::3, ::3]))


def _structure(first: Floats, second: Floats, contrast: float) -> Floats:
    import cv2

    def mean(of: Floats) -> Floats:
        return _plane(cv2.blur(of, _WINDOW))

    mean_first, mean_second = mean(first), mean(second)
    squares = mean(first * first + second * second) - mean_first**2 - mean_second**2
    together = mean(first * second) - mean_first * mean_second
    return (2 * together + np.float32(contrast)) / (squares + np.float32(contrast))


def _plane(of: object) -> Floats:
    return np.asarray(of, np.float32)


def noise_between(first: Look, second: Look) -> float:
    """The deviation of one look's noise, from its difference to a calm one, in levels.

    By the median of what is finer than shadows, so that neither the light nor what moves in less
    than half of the picture counts.
    """
    import cv2

    apart = first.gray - second.gray
    fine = apart - _plane(cv2.blur(apart, _WINDOW))
    return float(np.median(np.abs(fine[::2, ::2]))) * 1.4826
