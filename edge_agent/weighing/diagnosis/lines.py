"""Frequencies in a channel's signal: the mains' hum, and the platform's own ringing."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.diagnosis.noise import Noise

FloatArray = npt.NDArray[np.float64]

MAINS_HZ = (50.0, 60.0)
# Grids keep their frequency within 0.2 Hz of nominal (EN 50160: 1 % during 99.5 % of a year).
MAINS_OFF_HZ = 0.2
# A scale's first seconds may be stretched by 2 % while its clock is fitted to the host's.
RATE_OFF_SHARE = 0.015
# Told by chance no more often than once in exp(16) looks at one frequency.
LINE_TIMES_NOISE = 16.0
# Folded to nearly nothing, hum is a drift and cannot be told from one.
LEAST_FOLDED_HZ = 0.7
LEAST_SAMPLES = 30

RESONANCE_HZ = (4.0, 40.0)
PEAK_TIMES_FLOOR = 8.0
BROAD_TIMES_FLOOR = 3.5
WELCH_S = 2.0
# Hum is a line; this far around it a spectrum shows nothing else.
LINE_HALF_HZ = 1.25

KNOCK_SIGMAS = 25.0
KNOCK_S = 2.5
# The hand or the goods are still in contact when the plate swings farthest.
CONTACT_S = 0.04
EXPLAINED = 0.75
# A hand of half a kilogram, and half a gram of it left.
SETTLED_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Hum:
    """Mains hum: its amplitude (peak, in the samples' unit), and where the sampling folds it to."""

    mains_hz: float
    folded_hz: float
    amplitude: float
    times_noise: float
    times_needed: float


@dataclass(frozen=True, slots=True)
class Resonance:
    """A platform's ringing: seen after a knock, which tells its damping, or in the noise alone."""

    frequency_hz: float
    damping: float | None
    settling_s: float | None


def folded(mains_hz: float, rate_hz: float) -> float:
    """Where a frequency appears when sampled `rate_hz` times a second (0 to half of that)."""
    return abs(mains_hz - rate_hz * round(mains_hz / rate_hz))


def find_hum(even_s: FloatArray, noise: Noise, rate_hz: float) -> Hum | None:
    """Find the stronger of 50 and 60 Hz in the still parts; None where neither stands out.

    A line is fitted by least squares at the frequency itself and at true sample times, which
    allows for the folding; the noise beside it is fitted alike.
    """
    known = np.isfinite(noise.rest)
    if known.sum() < LEAST_SAMPLES:
        return None
    times, rest = even_s[known], noise.rest[known]
    found = [_line_at(mains, times, rest, rate_hz) for mains in MAINS_HZ]
    lines = [line for line in found if line is not None and line.times_noise > line.times_needed]
    return max(lines, key=lambda line: line.amplitude, default=None)


def _line_at(mains_hz: float, times: FloatArray, rest: FloatArray, rate_hz: float) -> Hum | None:
    folds_to = folded(mains_hz, rate_hz)
    if folds_to < LEAST_FOLDED_HZ:
        return None
    width_hz = 1 / max(float(np.ptp(times)), 0.5)
    off_hz = MAINS_OFF_HZ + RATE_OFF_SHARE * mains_hz
    near = np.arange(-off_hz, off_hz + 1e-9, min(0.05, width_hz / 4)) + mains_hz
    powers = _powers(near, times, rest)
    best = int(powers.argmax())
    offsets = np.arange(1.5 * width_hz, 4.0, 0.5 * width_hz) + off_hz
    beside = np.concatenate((mains_hz - offsets, mains_hz + offsets))
    beside = beside[[folded(float(f), rate_hz) > LEAST_FOLDED_HZ for f in beside]]
    floor = float(np.median(_powers(beside, times, rest))) / math.log(2)
    return Hum(
        mains_hz=mains_hz,
        folded_hz=folds_to,
        amplitude=math.sqrt(float(powers[best])),
        times_noise=float(powers[best]) / max(floor, 1e-30),
        times_needed=_times_needed(len(beside)),
    )


def _times_needed(places: int) -> float:
    """How far above a floor from so many `places` a line stands that no noise makes.

    The ratio of one power to the mean of m independent ones exceeds x with (1 + x/m)^-m (an F
    distribution with 2 and 2m degrees of freedom). The places lie half a line's width apart, and
    a median is about half as good as a mean.
    """
    alike = max(1.0, places / 4)
    return alike * math.expm1(LINE_TIMES_NOISE / alike)


def _powers(frequencies_hz: FloatArray, times: FloatArray, rest: FloatArray) -> FloatArray:
    """Squared amplitudes (m,) of sines of these frequencies (m,) in samples (n,)."""
    angles = 2 * np.pi * np.outer(frequencies_hz, times)
    # No matrix product: for so little, handing it to BLAS's threads takes longest.
    across, along = (np.cos(angles) * rest).mean(axis=1), (np.sin(angles) * rest).mean(axis=1)
    return np.asarray(4 * (across**2 + along**2))


def find_resonance(
    even_s: FloatArray, values: FloatArray, noise: Noise, rate_hz: float, hum: Hum | None
) -> Resonance | None:
    """Find the platform's ringing after the strongest knock, else as a broad peak in the noise."""
    rung = _rings_after_knock(even_s, values, noise, rate_hz)
    return rung if rung is not None else _rings_in_noise(even_s, noise, rate_hz, hum)


def _rings_after_knock(
    even_s: FloatArray, values: FloatArray, noise: Noise, rate_hz: float
) -> Resonance | None:
    level_after = float(np.median(values[even_s > even_s[-1] - 1.0]))
    off = np.abs(values - np.interp(even_s, noise.levels[:, 0], noise.levels[:, 1]))
    peak = int(off.argmax())
    if off[peak] < KNOCK_SIGMAS * noise.rms:
        return None
    window = (even_s > even_s[peak] + CONTACT_S) & (even_s < even_s[peak] + KNOCK_S)
    if window.sum() < 16:
        return None
    times, swing = even_s[window] - even_s[window][0], values[window] - level_after
    return fit_decay(times, swing, noise.rms, rate_hz)


def fit_decay(times: FloatArray, swing: FloatArray, rms: float, rate_hz: float) -> Resonance | None:
    """Fit `level + exp(-decay t) (A cos + B sin)(w t)` to samples (n,) after a knock.

    The two that are not linear are searched on a grid that is refined twice. None where the fit
    leaves too much, or the swing hardly stands out of the noise `rms`.
    """
    top_hz = min(RESONANCE_HZ[1], 0.47 * rate_hz)
    if top_hz <= RESONANCE_HZ[0]:
        return None
    frequencies = np.linspace(RESONANCE_HZ[0], top_hz, 60)
    decays = np.geomspace(0.7, 60.0, 14)
    for _ in range(3):
        pairs = list(itertools.product(frequencies.tolist(), decays.tolist()))
        left = [_left_over(times, swing, f, d) for f, d in pairs]
        frequency_hz, decay = pairs[int(np.argmin(left))]
        step_hz, factor = frequencies[1] - frequencies[0], math.sqrt(decays[1] / decays[0])
        frequencies = np.linspace(frequency_hz - step_hz, frequency_hz + step_hz, 9)
        decays = np.geomspace(decay / factor, decay * factor, 5)
    scatter = float(np.sum((swing - swing.mean()) ** 2))
    ringing = scatter / len(swing) > (3 * rms) ** 2
    if not ringing or min(left) > (1 - EXPLAINED) * scatter:
        return None
    damping = decay / math.hypot(decay, 2 * math.pi * frequency_hz)
    return Resonance(frequency_hz, damping, -math.log(SETTLED_SHARE) / decay)


def _left_over(times: FloatArray, swing: FloatArray, frequency_hz: float, decay: float) -> float:
    """The squares that the best such ringing leaves of samples (n,)."""
    envelope = np.exp(-decay * times)
    angle = 2 * np.pi * frequency_hz * times
    shapes = np.stack((envelope * np.cos(angle), envelope * np.sin(angle), np.ones_like(times)))
    # Normal equations of three shapes: a fraction of lstsq's time, and well conditioned.
    inner = shapes @ shapes.T + 1e-9 * np.eye(3)
    onto = shapes @ swing
    return float(swing @ swing - onto @ np.linalg.solve(inner, onto))


def _rings_in_noise(
    even_s: FloatArray, noise: Noise, rate_hz: float, hum: Hum | None
) -> Resonance | None:
    frequencies, power = _spectrum(even_s, noise.rest, rate_hz)
    wanted = (frequencies >= RESONANCE_HZ[0]) & (frequencies <= RESONANCE_HZ[1])
    if hum is not None:
        wanted &= np.abs(frequencies - hum.folded_hz) > LINE_HALF_HZ
    # The last bins before half the rate hold what is folded there.
    wanted &= frequencies < 0.47 * rate_hz
    if wanted.sum() < 12:
        return None
    frequencies, power = frequencies[wanted], power[wanted]
    floor = float(np.median(power))
    peak = int(power.argmax())
    around = power[max(peak - 1, 0) : peak + 2]
    is_broad = int((around > BROAD_TIMES_FLOOR * floor).sum()) >= 3
    if power[peak] < PEAK_TIMES_FLOOR * floor or not is_broad:
        return None
    return Resonance(float(frequencies[peak]), None, None)


def _spectrum(
    even_s: FloatArray, rest: FloatArray, rate_hz: float
) -> tuple[FloatArray, FloatArray]:
    """Welch's averaged power spectrum (m,) of samples (n,), gaps and movements as zeros."""
    places = np.round(even_s * rate_hz).astype(int)
    row = np.zeros(int(places[-1]) + 1)
    row[places] = np.nan_to_num(rest)
    length = min(len(row), max(16, round(WELCH_S * rate_hz)))
    window = np.hanning(length)
    parts = [row[a : a + length] for a in range(0, len(row) - length + 1, max(1, length // 2))]
    power = np.mean([np.abs(np.fft.rfft(window * part)) ** 2 for part in parts], axis=0)
    return np.asarray(np.fft.rfftfreq(length, 1 / rate_hz)), np.asarray(power)
