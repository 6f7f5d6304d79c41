"""A platform rings after each step; undo that, to see the steps themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# How much of the signal's movement about its new level the ringing must explain.
EXPLAINED = 0.9
MIN_SAMPLES = 12
# Undoing a faster sampled platform's ringing raises noise; beyond this it hides the steps.
MAX_GAIN = 12.0


@dataclass(frozen=True, slots=True)
class Ringing:
    """A second-order platform, sampled: `y[k] = a y[k-1] + b y[k-2] + (1 - a - b) force[k]`.

    `level_g` is where it comes to rest, with its deviation.
    """

    a: float
    b: float
    level_g: float
    sigma_g: float

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
    still = 1 - a - b
    error = float(np.std(remainder)) / np.sqrt(len(remainder)) / still
    ringing = Ringing(float(a), float(b), middle + float(c) / still, 2 * float(error))
    return ringing if ringing.gain <= MAX_GAIN else None
