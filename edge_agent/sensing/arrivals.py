"""Times for samples that carry none. Pure: arrival times are passed in.

A sample that arrives alone was made just before. Several that arrive at once were held back, by
the kernel while this process was busy or by a network: they were made one pace apart, none before
the last one that is known.
"""

from __future__ import annotations

import math

_SLOWEST_S = 5.0
_LEARNING = 0.1
_TICK_S = 1e-4


class ArrivalTimes:
    """Gives strictly rising host times (Unix seconds) and learns the scale's pace by the way."""

    def __init__(self) -> None:
        self._last_at = -math.inf
        self._pace_s: float | None = None

    def stamp(self, count: int, arrived_at: float) -> list[float]:
        """Return a time for each of `count` samples, oldest first, that came at `arrived_at`."""
        if not count:
            return []
        each_s = (arrived_at - self._last_at) / count
        if 0 < each_s < _SLOWEST_S:
            known_s = each_s if self._pace_s is None else self._pace_s
            self._pace_s = known_s + _LEARNING * (each_s - known_s)
        # No pace is known at the first burst, and a clock that was set back tells none.
        apart_s = max(min(self._pace_s or 0.0, each_s), 0.0)
        return [self._rising(arrived_at - apart_s * left) for left in reversed(range(count))]

    def _rising(self, at: float) -> float:
        self._last_at = max(at, self._last_at + _TICK_S)
        return self._last_at
