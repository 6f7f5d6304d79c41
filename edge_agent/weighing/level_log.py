"""What each plate weighed at rest, of late: for who asks afterwards what a hand has changed.

Thread-safe: the loop notes, the eyes ask.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from edge_agent.weighing.plates import PlateLevel

# Pictures are asked about no later than this many levels, noted a second apart.
KEPT = 240
EVERY_S = 1.0
# A level after a hand that settles later than this may have another cause.
SOON_S = 15.0


@dataclass(frozen=True, slots=True)
class Shift:
    """How much more a plate weighs than before, and that difference's standard deviation."""

    delta_g: float
    sigma_g: float


class LevelLog:
    """The levels of the last minutes by plate, while nothing moves on it."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[PlateLevel, ...]] = {}

    def note(self, levels: Mapping[str, PlateLevel], moving: Collection[str]) -> None:
        """Take in what the plates weigh now; those that move have no level."""
        for plate, level in levels.items():
            known = self._levels.get(plate, ())
            if known and level.at < known[-1].at:
                # The clock was set back: what is remembered is of no time that will be asked for.
                known = ()
            if plate not in moving and (not known or level.at >= known[-1].at + EVERY_S):
                # Replaced whole, so that another thread reads the one or the other.
                self._levels[plate] = (*known[1 - KEPT :], level)

    def shift(self, plate: str, since: float, until: float) -> Shift | None:
        """What was changed on a plate between two times (Unix seconds).

        None where it was not at rest shortly before and shortly after.
        """
        known = self._levels.get(plate, ())
        before = [level for level in known if since - SOON_S <= level.at <= since]
        after = [level for level in known if until <= level.at <= until + SOON_S]
        if not before or not after:
            return None
        first, second = before[-1], after[0]
        return Shift(second.level_g - first.level_g, math.hypot(first.sigma_g, second.sigma_g))
