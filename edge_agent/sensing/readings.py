"""What a scale that reports weights itself says at one moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge_agent.sensing.source import Samples

State = Literal["stable", "moving", "over", "under", "busy"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer or line: `grams` is NaN where the state is `over`, `under` or `busy`."""

    grams: float
    state: State

    @property
    def is_beyond(self) -> bool:
        """Whether the load is more, or less, than the scale can weigh."""
        return self.state in ("over", "under")


def no_weight(state: State) -> Reading:
    """Give a reading that says something, but no weight."""
    return Reading(math.nan, state)


def one_channel(times: Sequence[float], readings: Sequence[Reading], channels: int) -> Samples:
    """Make samples of an only channel, 0: times (n,) and grams (n, channels), NaN for none."""
    grams = np.full((len(readings), channels), np.nan)
    grams[:, 0] = [reading.grams for reading in readings]
    return np.array(times, dtype=np.float64), grams


def overloads(beyond: int, channels: int) -> tuple[int, ...]:
    """Give the counts of samples beyond range by channel, all of them on channel 0."""
    return (beyond, *(0,) * (channels - 1))
