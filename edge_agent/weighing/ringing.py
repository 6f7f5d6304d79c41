"""A platform rings after each step; undo that, to see the steps themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# How much of the signal's movement about its new level the ringing must explain.
EXPLAINED = 0.9
MIN_SAMPLES = 12
# Undoing a faster sampled platform's ringing raises noise; beyond this it hides the steps.
MAX_GAIN = 12.0
# Slower than any platform of the kind: a hand that sways.
SLOWEST_HZ = 7.0
# A free ringing leaves the channel's own noise and no more.
FREE_SCATTER = 1.5


@dataclass(frozen=True, slots=True)
class Ringing:
    """A second-order platform, sampled: `y[k] = a y[k-1] + b y[k-2] + (1 - a - b) force[k]`.

    `level_g` is where it comes to rest, with its deviation; `remainder_g` is the scatter of what
    the equation does not explain.
    """

    a: float
    b: float
    level_g: float
    sigma_g: float
    remainder_g: float

    @property
    def gain(self) -> float:
        """What undoing it multiplies white noise of the samples by."""
        return float(np.sqrt(1 + self.a**2 + self.b**2)) / abs(1 - self.a - self.b)

    def undo(self, grams: FloatArray) -> FloatArray:
        """Return the force (n - 2,) behind samples (n,), from the third sample on."""
        force: FloatArray = (grams[2:] - self.a * grams[1:-1] - self.b * grams[:-2]) / (
            1 - self.a - self.b
        )
        return force

    def is_free(self, interval_s: float, sample_g: float) -> bool:
        """Whether nothing but the platform moved: its own tone, and noise of `sample_g` beside."""
        turn = math.acos(min(max(self.a / (2 * math.sqrt(-self.b)), -1.0), 1.0))
        noise_g = sample_g * math.sqrt(1 + self.a**2 + self.b**2)
        fast = turn / (2 * math.pi * interval_s) >= SLOWEST_HZ
        return fast and self.remainder_g <= FREE_SCATTER * noise_g


def fit_ringing(grams: FloatArray) -> Ringing | None:
    """Fit the free ringing of samples (n,) and the level it is about by least squares.

    Returns None where there is too little of it, it does not decay, or something else moves.
    """
    if len(grams) < MIN_SAMPLES:
        return None
    middle = float(grams.mean())
    off = grams - middle
    past = np.stack((off[1:-1], off[:-2], np.ones(len(off) - 2)), axis=1)
    (a, b, c), *_ = np.linalg.lstsq(past, off[2:], rcond=None)
    remainder = off[2:] - past @ np.array((a, b, c))
    scatter = off[2:] - off[2:].mean()
    if float(remainder @ remainder) > (1 - EXPLAINED) * float(scatter @ scatter):
        return None
    # Stable and oscillating: complex poles inside the unit circle.
    if not (-1 < b < 0 and a * a + 4 * b < 0):
        return None
    still = float(1 - a - b)
    scatter_g = float(np.std(remainder))
    error = scatter_g / math.sqrt(len(remainder)) / still
    ringing = Ringing(float(a), float(b), middle + float(c) / still, 2 * error, scatter_g)
    return ringing if ringing.gain <= MAX_GAIN else None
