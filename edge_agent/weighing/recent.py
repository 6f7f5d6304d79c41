"""What was told lately of the plates of a scale: what comes may be what left."""

from __future__ import annotations

from collections import deque

from edge_agent.weighing.change import WeightChange

KEPT = 256
# How near what comes must weigh to what left: in deviations, and grams at least.
NEAR_SIGMAS, NEAR_G = 4.0, 1.0


class RecentSteps:
    """The last steps of all plates: when, where, grams with sign."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, str, float]] = deque(maxlen=KEPT)

    def add(self, change: WeightChange) -> None:
        """Remember a step."""
        self._steps.append((change.settled_at, change.plate, change.delta_g))

    def largest_elsewhere(self, plate: str, since: float) -> float:
        """Return the largest step of another plate since a time, in grams, without sign."""
        told = (abs(delta) for at, where, delta in self._steps if where != plate and at >= since)
        return max(told, default=0.0)

    def has_left(self, grams: float, sigma_g: float) -> bool:
        """Whether something of this weight left any plate lately, and may be coming back."""
        near_g = max(NEAR_SIGMAS * sigma_g, NEAR_G)
        return any(abs(delta + grams) <= near_g for _, _, delta in self._steps)
