"""A channel's noise while it is still: its size, its spikes, what its bits and values tell."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# The noise is measured over pieces of about a second: shorter than hands, longer than ringing.
PIECE_S = 1.0
PIECE_SAMPLES = 16
# What is twice as rough as the calmest piece has been moved; a deviation from few samples scatters
# by 1 / sqrt(2 n) itself.
ROUGHER = 2.0
SPIKE_SIGMAS = 8.0
SPIKE_SAMPLES = 2
# A standard deviation from the median of absolute values, for normal noise.
FROM_MEDIAN = 1.4826
# Rounding to whole steps has this standard deviation in steps: 1 / sqrt(12).
ROUNDING = 0.2887
# So many samples before a bit that never changes can be called stuck (2^-40 by chance).
BIT_SAMPLES = 40
WORD_BITS = 24


@dataclass(frozen=True, slots=True)
class Noise:
    """What is left of n samples when levels and slow movements are taken off; in their unit.

    `rms` and `peak_to_peak` are of single samples in the still pieces; `rest` (n,) is what is left,
    NaN outside of them and at spikes. `levels` (m, 2) are time (s) and mean of each still piece,
    in order; `moved` is how far the signal went altogether, noise and spikes aside.
    """

    rms: float
    peak_to_peak: float
    still_share: float
    moved: float
    spikes: int
    largest_spike: float
    rest: FloatArray
    levels: FloatArray


def measure_noise(even_s: FloatArray, values: FloatArray, rate_hz: float) -> Noise:
    """Measure finite samples (n,) at even times (n,), some ten of them at least."""
    resolution = smallest_step(values)
    spiky, sizes = find_spikes(values, resolution)
    pieces = _pieces(len(values), max(PIECE_SAMPLES, round(PIECE_S * rate_hz)))
    rests = [_without_slope(even_s[p], values[p], ~spiky[p]) for p in pieces]
    scatters = np.array([_scatter(rest) for rest in rests])
    # Where all values are one, the arithmetic's own rounding is left.
    floor = max(ROUNDING * resolution, 1e-9 * float(np.abs(values).max()))
    by_chance = 1 + 2 / np.sqrt(2 * (len(values) / len(pieces) - 2))
    still = scatters <= ROUGHER * by_chance * max(float(scatters.min()), floor)
    rms = max(float(np.median(scatters[still])), ROUNDING * resolution)
    rest = np.concatenate(
        [r if s else np.full(len(r), np.nan) for r, s in zip(rests, still, strict=True)]
    )
    middles = [float(np.median(values[p])) for p in pieces]
    times = [float(np.mean(even_s[p])) for p in pieces]
    levels = np.array([(t, m) for t, m, s in zip(times, middles, still, strict=True) if s])
    smooth = values[~spiky]
    return Noise(
        rms=rms,
        peak_to_peak=float(np.nanmax(rest) - np.nanmin(rest)),
        still_share=float(still.mean()),
        moved=max(float(np.ptp(smooth)) - 7 * rms, float(np.ptp(levels[:, 1])), 0.0),
        spikes=len(sizes),
        largest_spike=max(sizes, default=0.0),
        rest=rest,
        levels=levels,
    )


def _pieces(samples: int, length: int) -> list[slice]:
    """Cut n samples into pieces of at least `length`, if there are as many."""
    count = max(1, samples // length)
    edges = np.linspace(0, samples, count + 1).astype(int).tolist()
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def _without_slope(even_s: FloatArray, values: FloatArray, usable: BoolArray) -> FloatArray:
    """What is left of a piece without its straight line; NaN where not usable."""
    if usable.sum() < 3:
        return np.full(len(values), np.nan)
    middle_s = even_s.mean()
    slope, level = np.polyfit(even_s[usable] - middle_s, values[usable], 1)
    rest: FloatArray = values - level - slope * (even_s - middle_s)
    return np.where(usable, rest, np.nan)


def _scatter(rest: FloatArray) -> float:
    known = rest[np.isfinite(rest)]
    # A line takes two degrees of freedom.
    return float(np.sqrt(np.sum(known**2) / (len(known) - 2))) if len(known) > 2 else np.inf


def find_spikes(values: FloatArray, resolution: float) -> tuple[BoolArray, list[float]]:
    """Find samples (n,) that leave a quiet neighbourhood for one or two samples and come back.

    Returns where (n,) they are and the size of each spike.
    """
    steps = np.abs(np.diff(values))
    sigma = max(FROM_MEDIAN * float(np.median(steps)) / np.sqrt(2), ROUNDING * resolution)
    away = _from_neighbours(values)
    far = np.abs(away) > SPIKE_SIGMAS * max(sigma, 1e-12)
    spiky = np.zeros(len(values), dtype=np.bool_)
    sizes: list[float] = []
    for first, last in _runs(far):
        around = np.concatenate((values[max(first - 3, 0) : first], values[last : last + 3]))
        near = len(around) > 1 and float(np.ptp(around)) < SPIKE_SIGMAS * sigma
        if last - first <= SPIKE_SAMPLES and near:
            spiky[first:last] = True
            sizes.append(float(np.abs(away[first:last]).max()))
    return spiky, sizes


def _from_neighbours(values: FloatArray) -> FloatArray:
    """Each sample (n,) less the median of the seven around it."""
    padded = np.pad(values, 3, mode="reflect") if len(values) > 3 else np.pad(values, 3, "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 7)
    away: FloatArray = values - np.median(around, axis=1)
    return away


def _runs(flags: BoolArray) -> list[tuple[int, int]]:
    """First and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def smallest_step(values: FloatArray) -> float:
    """The smallest difference between two values (n,) that occur; 0 where all are one."""
    steps = np.diff(np.unique(values))
    return float(steps.min()) if len(steps) else 0.0


def repeats(values: FloatArray) -> tuple[float, int]:
    """How often a sample equals the one before it (0 to 1), and the longest run of one value."""
    same = np.diff(values) == 0
    longest = max((last - first for first, last in _runs(same)), default=0)
    return float(same.mean()), longest + 1


def stuck_bits(counts: FloatArray, rms: float) -> tuple[int, ...]:
    """Bits of a 24-bit word that never change although the noise `rms` must change them.

    `counts` (n,) are whole numbers. Noise with a deviation of twice a bit's weight sets that bit in
    half of the samples, so that one which stays the same is not connected, or not shifted out.
    The lowest bits may all be still: then the board sends coarser steps, which harms nobody here.
    """
    if len(counts) < BIT_SAMPLES:
        return ()
    words = counts.astype(np.int64) & ((1 << WORD_BITS) - 1)
    changes = [0.0 < float(np.mean((words >> b) & 1)) < 1.0 for b in range(WORD_BITS)]
    lowest = changes.index(True) if any(changes) else WORD_BITS
    return tuple(b for b in range(lowest, WORD_BITS) if rms > 2 << b and not changes[b])
