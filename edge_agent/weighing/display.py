"""Channels that show rounded values which do not flicker, as the display of an indicator does."""

from __future__ import annotations

import math

import numpy as np

from edge_agent.weighing.quiet import NOISE_FLOOR_G, QuietBank

# Indicators show steps of up to this.
COARSEST_G = 5.0


class Display:
    """Learns the steps (g) of such channels: a step divides every level that was shown."""

    def __init__(self, bank: QuietBank) -> None:
        self._bank = bank
        self._divisor_mg = np.zeros(len(bank.level), dtype=np.int64)

    def is_constant(self, plate: int) -> bool:
        """Whether a channel lies on one value while it rests."""
        return not float(self._bank.sample_g[plate]) > NOISE_FLOOR_G

    def note(self, plate: int, level_g: float) -> None:
        """Take a level in at which a plate (its column) came to rest."""
        if self.is_constant(plate):
            divisor = math.gcd(round(level_g * 1000), int(self._divisor_mg[plate]))
            self._divisor_mg[plate] = divisor
            if divisor:
                self._bank.resolution_g[plate] = min(divisor / 1000, COARSEST_G)

    def rounding_g(self, plate: int) -> float:
        """Return the deviation of a step between two rounded levels (two of step / sqrt(12))."""
        if not self.is_constant(plate):
            return 0.0
        return float(self._bank.resolution_g[plate]) / math.sqrt(6)
