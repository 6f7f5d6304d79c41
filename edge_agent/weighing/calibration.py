"""Two-point calibration of a load cell: empty, then with a known mass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.errors import CalibrationError

FloatArray = npt.NDArray[np.float64]

# A signed 24-bit converter (HX711, ADS1232, NAU7802) pins here when its input is out of range.
LOWEST_COUNTS, HIGHEST_COUNTS = -(2**23), 2**23 - 1
MIN_SAMPLES = 10
# The span must be known to this share for the scale factor to be worth writing down.
MAX_RELATIVE_ERROR = 0.002


@dataclass(frozen=True, slots=True)
class Calibration:
    """`grams = (counts - zero_counts) / counts_per_g`; noise is one sample's, in grams."""

    zero_counts: float
    counts_per_g: float
    noise_g: float
    relative_error: float


@dataclass(frozen=True, slots=True)
class _Reading:
    """A still reading: centre, noise of one sample, standard error of the centre; counts."""

    counts: float
    noise: float
    error: float


def to_grams(
    counts: FloatArray, zero_counts: float | FloatArray, counts_per_g: float | FloatArray
) -> FloatArray:
    """Convert raw counts (any shape) to grams, one calibration or one a column; NaN stays NaN."""
    grams: FloatArray = (np.asarray(counts, dtype=np.float64) - zero_counts) / counts_per_g
    return grams


def tare(counts: FloatArray) -> float:
    """Return the zero of an empty plate in counts; raise CalibrationError unless it is still."""
    return _still_reading(counts, "empty").counts


def calibrate(zero_counts: FloatArray, loaded_counts: FloatArray, mass_g: float) -> Calibration:
    """Fit zero and scale from samples (n,) of the empty plate and (m,) with `mass_g` on it.

    Raises CalibrationError when a reading moves, is saturated or too short, when the mass makes
    no clear difference, or when `mass_g` is not a positive number.
    """
    if not (math.isfinite(mass_g) and mass_g > 0):
        raise CalibrationError(
            f"The mass is {mass_g:g} g; give the grams of a known weight, for example --mass 500"
        )
    empty = _still_reading(zero_counts, "empty")
    loaded = _still_reading(loaded_counts, "loaded")
    span = loaded.counts - empty.counts
    error = math.hypot(empty.error, loaded.error)
    if abs(span) < 1 or error > MAX_RELATIVE_ERROR * abs(span):
        raise CalibrationError(
            f"{mass_g:g} g moved the reading by {span:.1f} counts, known to ±{error:.1f} only; "
            "check that the mass stands on this plate and its channel is the right one, "
            "or use a heavier mass"
        )
    counts_per_g = span / mass_g
    noise = math.sqrt((empty.noise**2 + loaded.noise**2) / 2)
    return Calibration(empty.counts, counts_per_g, noise / abs(counts_per_g), error / abs(span))


def _still_reading(counts: FloatArray, what: str) -> _Reading:
    samples = np.asarray(counts, dtype=np.float64)
    samples = samples[np.isfinite(samples)]
    if len(samples) < MIN_SAMPLES:
        raise CalibrationError(
            f"Only {len(samples)} samples of the {what} plate; {MIN_SAMPLES} are needed. "
            "Check the scale's cable and run `edge-agent doctor`"
        )
    if np.any((samples <= LOWEST_COUNTS) | (samples >= HIGHEST_COUNTS)):
        raise CalibrationError(
            f"The {what} plate reads {samples.min():.0f} to {samples.max():.0f} counts, the end "
            "of the converter's 24 bits; check the load cell's wiring or take weight off"
        )
    return _without_spikes(samples, what)


def _without_spikes(samples: FloatArray, what: str) -> _Reading:
    """Measure centre and noise by medians, and refuse a reading that wanders.

    Noise is from the differences of neighbours (they hardly see a slow movement), so a wander
    stands out: quarters of a still reading agree within their own standard errors.
    """
    differences = np.abs(np.diff(samples))
    noise = max(1.4826 * float(np.median(differences)) / math.sqrt(2), 1 / math.sqrt(12))
    centre = float(np.median(samples))
    near = samples[np.abs(samples - centre) <= 6 * noise]
    quarters = [float(np.median(part)) for part in np.array_split(samples, 4)]
    wander = max(quarters) - min(quarters)
    # 6 standard errors of a median (1.25 of a mean's), plus one count of quantisation.
    allowed = 6 * 1.25 * noise / math.sqrt(len(samples) / 4) + 1
    if wander > allowed or len(near) < 0.8 * len(samples):
        raise CalibrationError(
            f"The {what} plate moved by {wander:.0f} counts while it was read (its noise is "
            f"{noise:.1f}); keep hands off, let it come to rest, then try again"
        )
    mean = float(near.mean())
    spread = float(near.std(ddof=1))
    return _Reading(mean, spread, max(spread, noise) / math.sqrt(len(near)))
