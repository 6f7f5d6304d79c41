"""How evenly a channel's samples come: rate, jitter, gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# An interval this many times the usual one is a gap.
GAP_PERIODS = 1.6
# The first times after a scale was opened are still being fitted to the host's clock.
FITTED_SHARE = 0.4
# Drivers without a clock of their own give a burst of samples one time, or nearly.
BURST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """When samples came: `rate_hz` is that of the converter, samples lost on the way included.

    `jitter_s` is the standard deviation of a sample's time, as its neighbours see it; `missing` is
    how many samples the gaps swallowed; `even_s` (n,) are even times from the first sample on.
    """

    rate_hz: float
    jitter_s: float
    gaps: int
    missing: int
    longest_gap_s: float
    span_s: float
    even_s: FloatArray


def measure_pace(times: FloatArray) -> Pace:
    """Measure rising times (n,) in Unix seconds; ValueError where there are fewer than 3."""
    if len(times) < 3:
        raise ValueError(f"{len(times)} samples tell no rate; at least 3 are needed")
    since = times - times[0]
    intervals = np.diff(since)
    span_s = float(since[-1])
    mean_s = max(span_s / len(intervals), 1e-6)
    usual_s = float(np.median(intervals))
    # Times in whole milliseconds: the mean of the usual ones is finer.
    usual_s = float(np.mean(intervals[np.abs(intervals - usual_s) <= 0.5 * usual_s]))
    if usual_s < BURST_SHARE * mean_s:
        steps = np.ones(len(intervals))
    else:
        steps = np.maximum(np.round(intervals / usual_s), 1)
    places = np.concatenate(([0.0], np.cumsum(steps)))
    late = int(FITTED_SHARE * len(times)) if len(times) > 20 else 0
    period_s = float(np.polyfit(places[late:], since[late:], 1)[0])
    gaps = steps > GAP_PERIODS
    off = intervals - period_s * steps
    return Pace(
        rate_hz=1 / period_s,
        jitter_s=float(np.sqrt(np.mean(off[~gaps] ** 2) / 2)) if not gaps.all() else 0.0,
        gaps=int(gaps.sum()),
        missing=int((steps[gaps] - 1).sum()),
        longest_gap_s=float(intervals.max()),
        span_s=span_s,
        even_s=period_s * places,
    )
