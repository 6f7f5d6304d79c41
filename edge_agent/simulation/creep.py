"""Creep: a loaded cell goes on giving way for minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.noise import Grams

# Creep as two relaxations (share of the load, seconds): 600 g show 0.14 g after a minute and
# 0.30 g after ten, as the design notes say.
CREEP = ((0.00023, 40.0), (0.00036, 430.0))


@dataclass(slots=True)
class Creep:
    """One plate's creep since its last step: towards shares of `level_g`, from `begin_g`."""

    sample: int
    level_g: float
    begin_g: tuple[float, ...]

    @classmethod
    def at_rest(cls, level_g: float) -> Creep:
        """A plate that has borne its load for long."""
        return cls(0, level_g, tuple(share * level_g for share, _ in CREEP))

    def after(self, seconds: NDArray[np.float32]) -> Grams:
        """What creep adds in grams so many seconds after the last step."""
        total = np.zeros(seconds.size, dtype=np.float32)
        for (share, tau_s), begin_g in zip(CREEP, self.begin_g, strict=True):
            target_g = share * self.level_g
            gap_g = np.float32(begin_g - target_g)
            total += np.float32(target_g) + gap_g * np.exp(seconds / np.float32(-tau_s))
        return total

    def step(self, sample: int, seconds: float, delta_g: float) -> Creep:
        """The creep from `sample` on, which comes so many seconds after the last step."""
        begin_g = tuple(
            share * self.level_g + (begin - share * self.level_g) * math.exp(-seconds / tau_s)
            for (share, tau_s), begin in zip(CREEP, self.begin_g, strict=True)
        )
        return Creep(sample, self.level_g + delta_g, begin_g)
