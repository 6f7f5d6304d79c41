"""One load-cell channel measured as a technician would: a few seconds of its samples, in numbers.

`verdicts.py` says what the numbers mean and what to do. All lengths are in the samples'
own unit: counts of the converter, or grams where the scale reports grams itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.calibration import HIGHEST_COUNTS, LOWEST_COUNTS
from edge_agent.weighing.diagnosis.lines import Hum, Resonance, find_hum, find_resonance
from edge_agent.weighing.diagnosis.noise import (
    Noise,
    measure_noise,
    repeats,
    smallest_step,
    stuck_bits,
)
from edge_agent.weighing.diagnosis.pace import measure_pace

FloatArray = npt.NDArray[np.float64]

LEAST_SAMPLES = 20
# Medians scatter 1.25 times as much as means (normal noise).
MEDIAN_TIMES_MEAN = 1.2533


@dataclass(frozen=True, slots=True)
class Drift:
    """How the level moved while nothing was touched, per minute, and its standard error."""

    per_minute: float
    error: float


@dataclass(frozen=True, slots=True)
class ChannelMeasurement:
    """What a few seconds of one channel show; `rms` and the other lengths are of single samples.

    `missing_share` is the part of samples that failed or got lost. `resolution` is the smallest
    step between two values, `repeated_share` how often a value came twice in a row, `longest_same`
    the longest run of one value. `saturated` counts samples at the ends of 24 bits. `moved` is
    how far the signal went, noise aside, and `still_share` the part of the time it was still.
    """

    samples: int
    span_s: float
    rate_hz: float
    jitter_s: float
    gaps: int
    longest_gap_s: float
    missing_share: float
    level: float
    lowest: float
    highest: float
    rms: float
    peak_to_peak: float
    resolution: float
    unique: int
    repeated_share: float
    longest_same: int
    stuck_bits: tuple[int, ...]
    saturated: int
    spikes: int
    largest_spike: float
    still_share: float
    moved: float
    drift: Drift | None
    hum: Hum | None
    resonance: Resonance | None


def measure_channel(times: FloatArray, values: FloatArray) -> ChannelMeasurement:
    """Measure samples `values` (n,) at rising `times` (n,) Unix seconds, NaN where one failed.

    Raises ValueError where fewer than `LEAST_SAMPLES` are there. Frequencies and drift need some
    seconds; what cannot be told from these samples is None.
    """
    times, values = _known(times, values)
    pace = measure_pace(times)
    noise = measure_noise(pace.even_s, values, pace.rate_hz)
    hum = find_hum(pace.even_s, noise, pace.rate_hz)
    repeated_share, longest_same = repeats(values)
    whole = bool(np.all(values == np.round(values)))
    return ChannelMeasurement(
        samples=len(values),
        span_s=pace.span_s,
        rate_hz=pace.rate_hz,
        jitter_s=pace.jitter_s,
        gaps=pace.gaps,
        longest_gap_s=pace.longest_gap_s,
        missing_share=pace.missing / (len(values) + pace.missing),
        level=float(noise.levels[-1, 1]),
        lowest=float(values.min()),
        highest=float(values.max()),
        rms=noise.rms,
        peak_to_peak=noise.peak_to_peak,
        resolution=smallest_step(values),
        unique=len(np.unique(values)),
        repeated_share=repeated_share,
        longest_same=longest_same,
        stuck_bits=stuck_bits(values, noise.rms) if whole else (),
        saturated=int(np.sum((values <= LOWEST_COUNTS) | (values >= HIGHEST_COUNTS))),
        spikes=noise.spikes,
        largest_spike=noise.largest_spike,
        still_share=noise.still_share,
        moved=noise.moved,
        drift=_drift(noise, len(values)),
        hum=hum,
        resonance=find_resonance(pace.even_s, values, noise, pace.rate_hz, hum),
    )


def _known(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.isfinite(values)
    if int(known.sum()) < LEAST_SAMPLES:
        raise ValueError(f"{int(known.sum())} samples; {LEAST_SAMPLES} are needed")
    return times[known], values[known]


def _drift(noise: Noise, samples: int) -> Drift | None:
    """A straight line through the levels of the still pieces; None where goods or hands moved."""
    times, levels = noise.levels[:, 0], noise.levels[:, 1]
    if len(levels) < 3:
        return None
    by_chance = MEDIAN_TIMES_MEAN * noise.rms / math.sqrt(samples / len(levels))
    steps = np.abs(np.diff(levels))
    if float(steps.max()) > 3 * float(np.median(steps)) + 6 * by_chance:
        return None
    since = times - times.mean()
    slope, _ = np.polyfit(since, levels, 1)
    left = levels - levels.mean() - slope * since
    scatter = math.sqrt(float(left @ left) / (len(levels) - 2))
    error = max(scatter, by_chance) / math.sqrt(float(since @ since))
    return Drift(60 * float(slope), 60 * error)
