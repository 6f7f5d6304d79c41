"""The simulated shelf as a scale: `driver = "simulated"`, in real time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from edge_agent.errors import ScaleError
from edge_agent.sensing.source import Samples, SourceHealth
from edge_agent.settings import ScaleSettings

DEFAULT_SEED = 1


class SimulatedSource:
    """Gives the samples of a `LiveShelf` as time passes; `port` in the settings is its seed.

    They are grams, as of a scale that is calibrated itself: plates need no calibration.
    """

    pause_s = math.inf

    def __init__(
        self,
        settings: ScaleSettings,
        channels: int,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # Only a simulated shelf needs the simulation, and it is heavy.
        from edge_agent.simulation.running import running_shelf

        self._channels = channels
        self._monotonic = monotonic
        self._running = running_shelf(_seed(settings), clock())
        self._told_until = monotonic()
        self._samples = 0

    def read(self) -> Samples:
        """Return the samples since the last call: times (n,), counts (n, channels)."""
        now = self._monotonic()
        duration_s, self._told_until = now - self._told_until, now
        with self._running as shelf:
            times, grams = shelf.next_grams(duration_s)
        self._samples += len(times)
        table = np.full((len(times), self._channels), np.nan)
        shared = min(self._channels, grams.shape[1])
        table[:, :shared] = grams[:, :shared]
        return np.asarray(times, dtype=np.float64), table

    def describe(self) -> str | None:
        """Say that nothing here is real."""
        return "simulated shelf"

    def health(self) -> SourceHealth:
        """Give what has been counted: the simulation drops nothing."""
        return SourceHealth(self._samples, 0, (0,) * self._channels)

    def why_silent(self) -> str:
        """Say that the simulation gave nothing."""
        return "The simulated scale gave no samples. Report this as a bug."

    def close(self) -> None:
        """Nothing to give back."""


def _seed(settings: ScaleSettings) -> int:
    if settings.port is None:
        return DEFAULT_SEED
    if not settings.port.isdecimal():
        raise ScaleError(
            f"The simulated scale {settings.id!r} has port = {settings.port!r}. Leave port out, or "
            "give a whole number as the seed of the simulation."
        )
    return int(settings.port)
