"""Hindsight: was one movement really two, one unit taken and then another?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# The shortest rest between two takes that can be told from a hand's slowing down.
REST_S = 0.15
# Three samples make a rest at least, and at this distance they say nothing any more.
SLOWEST_S = 0.13
# How flat it must be, as a share of the smaller of the two steps.
FLAT_SHARE = 0.06
MIN_SAMPLES = 4
PRESS_S = 0.6
# What a hand may weigh on a level that three samples show, as a share of the step.
HAND_SHARE = 0.06
LIKE_UNITS, MOST_UNITS = 0.1, 4


@dataclass(frozen=True, slots=True)
class Landing:
    """A level on which the signal rested on its way: from, to (Unix seconds), grams."""

    start: float
    end: float
    level_g: float
    sigma_g: float


def landings(
    times: FloatArray,
    grams: FloatArray,
    before_g: float,
    after_g: float,
    sample_g: float,
    least_step_g: float,
    gain: float = 1.0,
) -> list[Landing]:
    """Find levels between `before_g` and `after_g` on which the samples (n,) rested.

    `sample_g` is the noise of a sample, `gain` what undoing a ringing has multiplied it by.
    Each step to and from a landing has the direction of the whole and at least `least_step_g`.
    """
    found: list[Landing] = []
    while len(times) >= MIN_SAMPLES and abs(after_g - before_g) >= 2 * least_step_g:
        landing = _first_landing(times, grams, before_g, after_g, (sample_g, gain), least_step_g)
        if landing is None:
            break
        rest = times > landing.end
        times, grams = times[rest], grams[rest]
        if _is_goods(landing, before_g, after_g):
            found.append(landing)
            before_g = landing.level_g
    return found


def _is_goods(landing: Landing, before_g: float, after_g: float) -> bool:
    """Whether goods made a landing: on the way up it can be a hand that presses before it puts.

    So the whole must then be a small multiple of the first step, as of like units, or the
    landing longer than a press.
    """
    whole, step = after_g - before_g, landing.level_g - before_g
    if whole < 0 or landing.end - landing.start >= PRESS_S:
        return True
    units = whole / step
    return abs(units - round(units)) <= LIKE_UNITS and round(units) <= MOST_UNITS


def _first_landing(
    times: FloatArray,
    grams: FloatArray,
    before_g: float,
    after_g: float,
    noise_g: tuple[float, float],
    least_step_g: float,
) -> Landing | None:
    interval = float(np.median(np.diff(times)))
    third = max(round(REST_S / 3 / max(interval, 1e-4)), 1)
    width = 3 * third
    if len(grams) < width or interval * third > SLOWEST_S:
        return None
    sums = np.concatenate(([0.0], np.cumsum(grams - before_g)))
    thirds = (sums[third:] - sums[:-third]) / third
    parts = np.stack((thirds[: -2 * third], thirds[third:-third], thirds[2 * third :]))
    level = parts.mean(axis=0)
    whole = after_g - before_g
    step = np.minimum(level * np.sign(whole), abs(whole) - level * np.sign(whole))
    sample_g, gain = noise_g
    noise = 4.5 * gain * sample_g / np.sqrt(third)
    slope = np.ptp(parts, axis=0)
    flat = slope <= np.maximum(noise, FLAT_SHARE * step)
    hits = np.flatnonzero(flat & (step >= least_step_g))
    if not len(hits):
        return None
    breaks = np.flatnonzero(np.diff(hits) > width)
    run = hits[: breaks[0] + 1] if len(breaks) else hits
    # Undoing a ringing takes differences: over a run its noise cancels but for the ends.
    samples = float(run[-1] - run[0] + width)
    error_g = sample_g * math.hypot(1 / math.sqrt(samples), 2 * (gain - 1) / samples)
    # Few samples do not show whether a hand still rests on the plate.
    hand_g = HAND_SHARE * float(step[run].max()) * (3 / samples) ** 2
    grams_at, sigma_g = _flattest(level[run], slope[run], noise, math.hypot(error_g, hand_g))
    return Landing(
        float(times[run[0]]), float(times[run[-1] + width - 1]), grams_at + before_g, sigma_g
    )


def _flattest(
    level: FloatArray, slope: FloatArray, noise_g: float, sigma_g: float
) -> tuple[float, float]:
    """Return the level of the flattest windows of a run, and its deviation; g.

    A hand that comes or goes bends the ends of a landing. What slope is left beyond the noise is
    doubt about the level.
    """
    best = slope <= max(2 * float(slope.min()), 0.6 * noise_g)
    bent_g = 0.5 * max(float(np.median(slope[best])) - 0.5 * noise_g, 0.0)
    sigma = math.hypot(sigma_g, bent_g, float(np.std(level[best])))
    return float(np.median(level[best])), sigma
