"""The agent's time: the wall clock's, but moving only forward and evenly between corrections."""

from __future__ import annotations

import time
from collections.abc import Callable

# Until the wall clock differs by this much it is left alone: network time slews, it seldom steps.
STEP_S = 2.0
# A clock before this program was written is one that has not been set since the power came.
WRITTEN_AT = 1_790_000_000.0


class SteadyClock:
    """Unix seconds from the monotonic clock, anchored to the wall clock.

    A Raspberry Pi has no clock of its own: it starts at the time of its last shutdown and jumps
    once the network tells it better. `follow` takes such a jump over, at a moment of the caller's.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset_s = wall() - monotonic()

    def now(self) -> float:
        """Unix seconds as far as known."""
        return self._monotonic() + self._offset_s

    def follow(self) -> float:
        """Take over the wall clock if it was set; returns the step in seconds, 0 for none."""
        step_s = self._wall() - self.now()
        if abs(step_s) < STEP_S:
            return 0.0
        self._offset_s += step_s
        return step_s

    def is_plausible(self, not_before: float) -> bool:
        """Whether the time can be right: not before this program, nor before what was stored."""
        return self.now() >= max(WRITTEN_AT, not_before - STEP_S)
