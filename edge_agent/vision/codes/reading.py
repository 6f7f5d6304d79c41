"""Reads EAN-13, UPC, EAN-8 and QR codes in a picture, and tells none that only seems to be there.

Check digits let one misreading in ten pass, so what is told rests on two opinions: two readers that
agree, or one reader and the bars themselves (`bar_fitting`), which know how well each code would
look like the picture; or the bars alone where one code leads clearly. A QR code carries error
correction and needs no second opinion.

An UPC-A is told as the EAN-13 that it is: thirteen digits, the first of them 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edge_agent.vision.codes.bar_fitting import BarFit, fit_ean13
from edge_agent.vision.codes.bar_regions import Gray, bar_regions
from edge_agent.vision.codes.readers import (
    ZXING,
    Corners,
    Format,
    Reading,
    read_with_zbar,
    read_with_zxing,
)
from edge_agent.vision.frames import Image

Effort = Literal["glance", "search", "all"]
"""At a `glance`: what the readers see at once, 10 ms at 720p. `search`: blurred bars, too, 30 to
100 ms where there are any. `all`: where that is in vain, the picture made larger and of even
contrast, 100 ms more."""

_REGIONS = 2
_LIKELY_FIT = 0.6
_LOOK_SCALE = 2.0
_LOOK_LONGEST_SIDE = 1000
_ZBAR_LONGEST_SIDE = 1600


@dataclass(frozen=True, slots=True)
class Code:
    """A code in a picture: its text, what kind it is, and its four corners (x, y) in pixels."""

    text: str
    format: Format
    corners: Corners


def read_codes(image: Image, effort: Effort = "all") -> list[Code]:
    """Tell the codes in a picture (height, width, 3), the one nearest to its middle first.

    Each text is told once. Raises BarcodeReaderMissing where a reader is not installed.
    """
    import cv2

    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    found = _read(gray, effort)
    middle = (image.shape[1] / 2, image.shape[0] / 2)
    return sorted(found, key=lambda code: (_distance(code, middle), code.text))


def _read(gray: Gray, effort: Effort) -> list[Code]:
    readings = _looked(gray, effort)
    square = _square(readings)
    linear = [reading for reading in readings if reading.format != "QR"]
    agreed = _agreed(linear)
    if agreed and _all_agree(linear, agreed):
        return _unique([*agreed, *square])
    if not linear and (square or effort == "glance"):
        return _unique(square)
    fits = [fit for region in bar_regions(gray, _REGIONS) if (fit := fit_ean13(gray, region))]
    sure = _sure(fits)
    if effort == "all" and not sure and not agreed:
        readings += _looked_again(gray)
        square = _square(readings)
        linear = [reading for reading in readings if reading.format != "QR"]
        agreed = _agreed(linear)
    backed = [_code(reading) for reading in linear if _is_backed(reading, fits)]
    return _unique([*sure, *agreed, *backed, *square])


def _agreed(readings: Sequence[Reading]) -> list[Code]:
    """What both readers read."""
    readers: dict[str, set[str]] = {}
    for reading in readings:
        readers.setdefault(reading.text, set()).add(reading.reader)
    return [_code(r) for r in readings if r.reader == ZXING and len(readers[r.text]) > 1]


def _all_agree(readings: Iterable[Reading], agreed: Iterable[Code]) -> bool:
    return {reading.text for reading in readings} == {code.text for code in agreed}


def _sure(fits: Iterable[BarFit]) -> list[Code]:
    return [
        Code(fit.likeliest.digits, "EAN-13", fit.region.corners)
        for fit in fits
        if fit.likeliest.is_sure
    ]


def _is_backed(reading: Reading, fits: Iterable[BarFit]) -> bool:
    return any(
        fit.likeliest.digits == reading.text and fit.likeliest.fit >= _LIKELY_FIT for fit in fits
    )


def _looked(gray: Gray, effort: Effort) -> list[Reading]:
    """What the readers see.

    zbar takes four times zxing's time: it gets large photographs shrunk, and at a glance only
    those in which zxing found what needs its opinion.
    """
    readings = read_with_zxing(gray)
    if effort != "glance" or any(reading.format != "QR" for reading in readings):
        readings += _at_scale(_shrunk(gray), gray, (read_with_zbar,))
    return readings


def _looked_again(gray: Gray) -> list[Reading]:
    """What the readers see in a small picture made larger, as it is and with even contrast."""
    import cv2

    base = _shrunk(gray)
    scale = min(_LOOK_SCALE, max(1.0, _LOOK_LONGEST_SIDE / max(base.shape)))
    larger = cv2.resize(base, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    even = cv2.createCLAHE(3.0, (8, 8)).apply(larger)
    return [
        *_at_scale(np.asarray(larger, dtype=np.uint8), gray, (read_with_zxing,)),
        *_at_scale(np.asarray(even, dtype=np.uint8), gray, (read_with_zxing, read_with_zbar)),
    ]


def _shrunk(gray: Gray) -> Gray:
    import cv2

    scale = _ZBAR_LONGEST_SIDE / max(gray.shape)
    if scale >= 1:
        return gray
    smaller = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, dtype=np.uint8)


def _at_scale(
    scaled: Gray, gray: Gray, readers: Iterable[Callable[[Gray], list[Reading]]]
) -> list[Reading]:
    """What `readers` see in `scaled`, with its corners where they are in `gray`."""
    scale = scaled.shape[1] / gray.shape[1]
    return [
        replace(reading, corners=tuple((x / scale, y / scale) for x, y in reading.corners))
        for read in readers
        for reading in read(scaled)
    ]


def _square(readings: Iterable[Reading]) -> list[Code]:
    """The QR codes; zxing's word where both read one, for zbar guesses at its code page."""
    codes = [reading for reading in readings if reading.format == "QR"]
    told = [reading for reading in codes if reading.reader == ZXING]
    told += [r for r in codes if r.reader != ZXING and not any(_overlap(r, t) for t in told)]
    return [_code(reading) for reading in told]


def _overlap(one: Reading, other: Reading) -> bool:
    """Whether the middle of one lies in the box around the other."""
    x, y = (sum(axis) / len(axis) for axis in zip(*one.corners, strict=True))
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    xs, ys = zip(*other.corners, strict=True)
    return bool(min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys))


def _code(reading: Reading) -> Code:
    return Code(reading.text, reading.format, reading.corners)


def _unique(codes: Iterable[Code]) -> list[Code]:
    """Each text once, as it was told first."""
    return list({code.text: code for code in reversed(list(codes))}.values())


def _distance(code: Code, middle: tuple[float, float]) -> float:
    xs, ys = zip(*code.corners, strict=True)
    return float(np.hypot(sum(xs) / len(xs) - middle[0], sum(ys) / len(ys) - middle[1]))
