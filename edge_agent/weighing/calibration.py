"""Calibration of a load cell: empty, with a known mass or several, and empty again."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
# OIML R 60 allows a class C3 cell 0.02 % of its capacity for linearity and hysteresis, and 0.05 %
# for creep in half an hour; masses for such work (class M3) are right to 0.05 %.
MAX_NONLINEAR_SHARE = 0.001
MAX_RETURN_SHARE = 0.0005
CLEAR_SIGMAS = 5.0
# Less than this share of the lightest unit is no goods, but what the zero has moved by.
GOODS_SHARE, LEAST_GOODS_G = 0.5, 2.0
# A reading this far from where a mass should be is another mass, or none.
ANOTHER_MASS_SHARE = 0.2


class PlateMoved(CalibrationError):
    """The plate was not still while it was read; the next reading may be."""


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


def is_load(weight_g: float, lightest_g: float) -> bool:
    """Whether a plate that is to be tared weighs as much as goods do; `lightest_g` is the lightest
    unit that belongs there, 0 where none is known."""
    return abs(weight_g) > max(LEAST_GOODS_G, GOODS_SHARE * lightest_g)


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


def check_linear(
    found: Calibration, others: Sequence[tuple[float, FloatArray]], span_g: float
) -> float:
    """Check that further masses lie on the line through zero and the mass calibrated with.

    `others` are (grams, samples (n,)); `span_g` is the mass of the calibration. Returns the
    largest deviation in grams. Raises CalibrationError where one is off by more than a good cell
    and honest masses explain, or where its reading is no good.
    """
    deviations = [0.0]
    for mass_g, counts in others:
        reading = _still_reading(counts, f"{mass_g:g} g")
        grams = (reading.counts - found.zero_counts) / found.counts_per_g
        sigma_g = math.hypot(reading.error / found.counts_per_g, found.relative_error * span_g)
        allowed_g = CLEAR_SIGMAS * abs(sigma_g) + MAX_NONLINEAR_SHARE * max(span_g, mass_g)
        if abs(grams - mass_g) > allowed_g:
            raise CalibrationError(
                f"Not linear: with zero and {span_g:g} g right, {mass_g:g} g reads {grams:.1f} g "
                f"(allowed: ±{allowed_g:.1f} g). Either a mass is not what it says, or the plate "
                "touches something, its frame, a neighbour, a cable: free it, then try again"
            )
        deviations.append(grams - mass_g)
    return max(deviations, key=abs)


def check_return(found: Calibration, empty_again: FloatArray, span_g: float) -> float:
    """Check that the empty plate reads zero again after `span_g` was taken off.

    Returns what it reads in grams. Raises CalibrationError where that is no zero within the
    noise and a good cell's creep, or where the reading is no good.
    """
    reading = _still_reading(empty_again, "unloaded")
    grams = (reading.counts - found.zero_counts) / found.counts_per_g
    sigma_g = math.hypot(reading.error / found.counts_per_g, found.relative_error * span_g)
    allowed_g = CLEAR_SIGMAS * abs(sigma_g) + MAX_RETURN_SHARE * span_g
    if abs(grams) > allowed_g:
        raise CalibrationError(
            f"Zero does not come back: after {span_g:g} g was taken off, the plate reads "
            f"{grams:+.1f} g (allowed: ±{allowed_g:.1f} g). Something rubs or binds, its screws "
            "are loose, or the cell was overloaded: free and tighten it, then try again"
        )
    return grams


def is_plausible(found: Calibration, counts: FloatArray, mass_g: float) -> bool:
    """Whether samples (n,) may be those of `mass_g`, and not of what stood there before."""
    known = counts[np.isfinite(counts)]
    if not len(known):
        return False
    grams = (float(np.median(known)) - found.zero_counts) / found.counts_per_g
    return abs(grams - mass_g) <= ANOTHER_MASS_SHARE * mass_g + 3 * found.noise_g


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
        raise PlateMoved(
            f"The {what} plate moved by {wander:.0f} counts while it was read (its noise is "
            f"{noise:.1f}); keep hands off, let it come to rest, then try again"
        )
    mean = float(near.mean())
    spread = float(near.std(ddof=1))
    return _Reading(mean, spread, max(spread, noise) / math.sqrt(len(near)))
