"""The patterns of an EAN-13's digits and guards, blurred, and where in a profile each fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.codes.bar_regions import Profiles
from edge_agent.vision.codes.bar_symbols import (
    CENTRE,
    EAN13_MODULES,
    LEFT_EVEN,
    LEFT_ODD,
    RIGHT,
    SIDE,
)

Numbers = NDArray[np.float32]

_NOISE = 0.02


@dataclass(frozen=True, slots=True)
class Search:
    """Which module widths (samples) are tried in profiles of how many samples."""

    samples: int
    widths: tuple[float, ...]
    blur_modules: float


def search_of(
    room: float, per_module: float, span: tuple[float, float], step: float, blur_modules: float
) -> Search:
    widths = np.exp(np.arange(np.log(span[0]), np.log(span[1]) + step, step)) * per_module
    samples = round(room * EAN13_MODULES * per_module)
    return Search(samples, tuple(float(width) for width in widths), blur_modules)


def pattern_fits(strips: Profiles, search: Search) -> dict[str, Numbers]:
    """How well each pattern fits: (width, strip, pattern, sample where it begins), at most 1.

    The correlation of the patterns with the profile there, which no light or contrast changes.
    """
    count, samples = strips.shape
    margin = round(search.widths[-1] * 9) + 2
    padded = np.pad(strips, ((0, 0), (margin, margin)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    squares = np.cumsum(np.pad(padded**2, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    sizes = {"digit": (3, 10), "side": (1, 2), "centre": (1, 1)}
    found = {
        kind: np.empty((len(search.widths), count, *size, samples), dtype=np.float32)
        for kind, size in sizes.items()
    }
    for number, (width, patterns) in enumerate(zip(search.widths, _patterns(search), strict=True)):
        # Each pattern comes with a module of its neighbours at either end.
        first = margin - round(width)
        span = slice(first, first + samples)
        for kind, pattern in patterns.items():
            length = pattern.shape[-1]
            windows = np.lib.stride_tricks.sliding_window_view(padded, samples, axis=1)
            shown = np.ascontiguousarray(windows[:, first : first + length])
            mean = (sums[:, length:] - sums[:, :-length])[:, span] / length
            power = (squares[:, length:] - squares[:, :-length])[:, span] / length - mean**2
            spread = np.sqrt((np.maximum(power, 0) + _NOISE**2) * length).astype(np.float32)
            # Ten patterns at a time are few enough for BLAS to stay in one thread.
            np.matmul(pattern, shown[:, None], out=found[kind][number])
            found[kind][number] /= spread[:, None, None]
    digit, side = found["digit"], found["side"][:, :, 0]
    return {
        "start": side[:, :, :1],
        "left": digit[:, :, :2].reshape(len(search.widths), count, 20, samples),
        "centre": found["centre"][:, :, 0],
        "right": digit[:, :, 2],
        "end": side[:, :, 1:],
    }


@lru_cache(maxsize=4)
def _patterns(search: Search) -> list[dict[str, Numbers]]:
    """By width, the patterns of guards and digits (set, pattern, sample): mean 0, length 1."""
    shown = {
        "digit": [
            [("01", digit, "01") for digit in LEFT_ODD],
            [("01", digit, "01") for digit in LEFT_EVEN],
            [("10", digit, "10") for digit in RIGHT],
        ],
        "side": [[("0000", SIDE, "0"), ("0", SIDE, "0000")]],
        "centre": [[("01", CENTRE, "10")]],
    }
    return [
        {
            kind: np.array([[_pattern(*p, width, search.blur_modules) for p in s] for s in sets])
            for kind, sets in shown.items()
        }
        for width in search.widths
    ]


_FINENESS = 16


def _pattern(before: str, modules: str, after: str, width: float, blur_modules: float) -> Numbers:
    """The brightness of `modules` between its neighbours, blurred, `width` samples a module."""
    bright = np.array([1.0 - int(m) * 2.0 for m in before + modules + after])
    fine = np.repeat(bright, _FINENESS)
    reach = round(4 * blur_modules * _FINENESS)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (blur_modules * _FINENESS)) ** 2)
    blurred = np.convolve(np.pad(fine, reach, mode="edge"), bell / bell.sum(), "valid")
    count = round((len(modules) + 2) * width)
    places = ((np.arange(count) + 0.5) / width - 1 + len(before)) * _FINENESS - 0.5
    pattern = np.interp(places, np.arange(len(blurred)), blurred)
    pattern -= pattern.mean()
    return np.asarray(pattern / np.linalg.norm(pattern), dtype=np.float32)
