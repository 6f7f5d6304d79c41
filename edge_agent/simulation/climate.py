"""A fridge door: warm air comes in, every cell's zero walks off within a minute and back in many.

The datasheets of 5 kg aluminium single point cells give 0.02 to 0.05 % of full scale for 10 degrees
on the zero, which is 0.1 to 0.25 g a degree, either way. Air at an open door is some 15 degrees
warmer; of a minute of it a cell in its housing sees 1 to 4 degrees, with a delay of its metal's
(tens of seconds), and the compressor has them out again within a quarter of an hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge_agent.simulation.chance import stream
from edge_agent.simulation.noise import Grams

DOORS_PER_H = 2.0
G_PER_DEGREE = (0.1, 0.25)
DEGREES = (1.0, 4.0)
WARMS_IN_S = (15.0, 40.0)
COOLS_IN_S = (300.0, 900.0)
# After so many times the slower of the two, nothing is left of it.
FORGOTTEN_AFTER = 6.0


@dataclass(frozen=True, slots=True)
class _Opening:
    sample: int
    degrees: float
    warms_in_s: float
    cools_in_s: float


class FridgeDoor:
    """What the cells show of a door's openings, the same however samples are cut into blocks."""

    def __init__(
        self, seed: int, plates: int, rate_hz: float, strength: float, coarseness: float
    ) -> None:
        self._rng = stream(seed, "fridge")
        self._rate_hz = rate_hz
        self._per_sample = DOORS_PER_H * strength / 3600.0 / rate_hz
        sign = self._rng.choice([-1.0, 1.0], plates)
        self._g_per_degree = sign * self._rng.uniform(*G_PER_DEGREE, plates) * coarseness
        self._openings: list[_Opening] = []
        self._next = self._later(0.0)

    def _later(self, sample: float) -> float:
        if self._per_sample <= 0:
            return math.inf
        return sample + float(self._rng.exponential(1.0 / self._per_sample))

    def add(self, out: Grams, first: int) -> None:
        """Add to `out` (plates, samples), whose first sample is number `first`."""
        last = first + out.shape[1]
        while self._next < last:
            self._openings.append(
                _Opening(
                    math.ceil(self._next),
                    float(self._rng.uniform(*DEGREES)),
                    float(self._rng.uniform(*WARMS_IN_S)),
                    float(self._rng.uniform(*COOLS_IN_S)),
                )
            )
            self._next = self._later(self._next)
        for opening in self._openings:
            begin = max(opening.sample, first)
            since_s = np.arange(begin - opening.sample, last - opening.sample) / self._rate_hz
            degrees = opening.degrees * (
                np.exp(since_s / -opening.cools_in_s) - np.exp(since_s / -opening.warms_in_s)
            )
            drift_g = self._g_per_degree[:, None] * degrees[None, :]
            out[:, begin - first :] += drift_g.astype(np.float32)
        self._openings = [o for o in self._openings if not self._is_forgotten(o, last)]

    def _is_forgotten(self, opening: _Opening, sample: int) -> bool:
        return sample - opening.sample > FORGOTTEN_AFTER * opening.cools_in_s * self._rate_hz
