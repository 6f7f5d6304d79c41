"""What the detectors other than the agent share: clean samples, noise, moving windows, levels.

They get more than they would have in a shop: gaps filled, single spikes taken out by a median of
three, each channel's noise measured over the whole signal, and every sample known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edge_agent.reported import ReportedChange
from scripts.bench.signals import FloatArray, Signal

Flags = npt.NDArray[np.bool_]
NORMAL_MAD = 1.4826
# Samples next to a stretch's ends still move a little; levels are taken beyond them.
GUARD_S = 0.05
UNKNOWN_LIGHTEST_G = 20.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples `first:last` of one plate at rest; from sample `known` on that can be known.

    `known` is None for what is found afterwards only.
    """

    first: int
    last: int
    known: int | None


def filled(grams: FloatArray) -> FloatArray:
    """Put the last sample before a gap in its place, the first one after it at the start."""
    if not np.isnan(grams).any():
        return grams
    rows = np.arange(len(grams))[:, None]
    seen = np.maximum.accumulate(np.where(np.isnan(grams), -1, rows), axis=0)
    first = np.argmax(~np.isnan(grams), axis=0)[None, :]
    return np.take_along_axis(grams, np.where(seen < 0, first, seen), axis=0)


def despiked(grams: FloatArray) -> FloatArray:
    """The median of three samples, the middle one included; the ends as they are."""
    out = grams.copy()
    before, here, after = grams[:-2], grams[1:-1], grams[2:]
    out[1:-1] = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    return out


def noise_g(grams: FloatArray) -> FloatArray:
    """One sample's standard deviation of each column (k,), from differences of neighbours.

    Where most neighbours are equal, a third of the smallest step.
    """
    steps = np.abs(np.diff(grams, axis=0))
    noise = NORMAL_MAD * np.median(steps, axis=0) / np.sqrt(2.0)
    smallest = np.where(steps > 1e-9, steps, np.inf).min(axis=0)
    floor = np.where(np.isfinite(smallest), smallest / 3.0, 1e-3)
    return np.asarray(np.maximum(noise, floor))


def moving_mean(x: FloatArray, window: int) -> FloatArray:
    """The centred mean over `window` rows of (n, k), shorter at the ends, as MATLAB's movmean."""
    first, last = _window(len(x), window)
    sums = np.concatenate((np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)))
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None])


def moving_variance(x: FloatArray, window: int) -> FloatArray:
    """The centred variance over `window` rows of (n, k), as MATLAB's movvar (divided by n - 1)."""
    first, last = _window(len(x), window)
    # Around a value nearby, or the squares drown the differences.
    centred = x - x.mean(axis=0)
    count = (last - first)[:, None]
    mean = moving_mean(centred, window)
    square = moving_mean(centred * centred, window)
    return np.asarray(np.maximum(square - mean * mean, 0.0) * count / np.maximum(count - 1, 1))


def _window(rows: int, window: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    places = np.arange(rows)
    first = np.maximum(places - window // 2, 0)
    last = np.minimum(places + (window - window // 2), rows)
    return first, last


def runs(active: Flags) -> list[tuple[int, int]]:
    """First and last (exclusive) place of each run of True."""
    edges = np.diff(np.concatenate(([False], active, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def lightest_g(signal: Signal, column: int) -> float:
    """The lightest goods of a plate, which every detector is told; a guess where not known."""
    return signal.plates[column].lightest_g or UNKNOWN_LIGHTEST_G


def changes_between(
    signal: Signal,
    column: int,
    grams: FloatArray,
    stretches: Sequence[Stretch],
    least_g: float,
    level_s: float,
) -> list[ReportedChange]:
    """The changes from one stretch at rest to the next, of `least_g` or more.

    `grams` (n,) are the plate's samples. A level is the mean over up to `level_s` next to the
    change, a little away from it: more is known later, and the change is told when it is `known`.
    """
    rate_hz = signal.rate_hz
    guard, most = round(GUARD_S * rate_hz), max(1, round(level_s * rate_hz))
    told = []
    for before, after in pairwise(stretches):
        old = grams[max(before.first, before.last - guard - most) : max(before.last - guard, 1)]
        new = grams[after.first + guard : min(after.last, after.first + guard + most)]
        if not len(old) or not len(new):
            continue
        delta_g = float(new.mean() - old.mean())
        if abs(delta_g) < least_g:
            continue
        settled_at = float(signal.times[after.first])
        known_at = math.inf
        if after.known is not None:
            known_at = float(signal.times[min(after.known, len(signal.times) - 1)])
        told.append(_told(signal, column, settled_at, delta_g, known_at))
    return told


def _told(
    signal: Signal, column: int, settled_at: float, delta_g: float, told_at: float
) -> ReportedChange:
    plate = signal.plates[column].plate
    return ReportedChange(
        f"{plate}-{round(settled_at * 1000)}", plate, settled_at, delta_g, (), told_at
    )
