"""Units put on a plate one by one, as its weight shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge_agent.cli.readings import Readings
from edge_agent.errors import LearningError
from edge_agent.settings import PlateSettings
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.weigher import PlateSpec, Weigher

BLOCK_S = 0.25
# A change is revised until the plate has rested for a while: only then is it a unit's weight.
RESTED_S = 1.5
# A plate that is not at rest for so long when nothing has been put there yet is not fit for it.
FIRST_REST_S = 20.0


@dataclass(frozen=True, slots=True)
class Moved:
    """What came (or, negative, went) in one go, and the scale's deviation of it; grams.

    `started_at` and `settled_at`: Unix seconds.
    """

    delta_g: float
    sigma_g: float
    started_at: float
    settled_at: float


class UnitWatch:
    """Follows one plate's samples with the weigher that also follows customers."""

    def __init__(self, readings: Readings, plate: PlateSettings) -> None:
        self._rows = readings.rows()
        self._plate = plate
        self._weigher = Weigher([PlateSpec(plate.id, plate.capacity_g)])
        self._times: list[float] = []
        self._grams: list[float] = []
        self._open: dict[str, WeightChange] = {}
        self._told: set[str] = set()

    def wait_for_rest(self) -> None:
        """Return once the plate is still; LearningError where it does not come to rest."""
        deadline = time.monotonic() + FIRST_REST_S
        for _ in self._blocks():
            if self._weigher.levels():
                return
            if time.monotonic() > deadline:
                break
        raise LearningError(
            f"Plate {self._plate.id} did not come to rest within {FIRST_REST_S:g} s, or gave no "
            "samples. Take hands off it, look at it with `edge-agent weigh`, then try again."
        )

    def moves(self, wait_s: float) -> Iterator[Moved]:
        """Yield what comes and goes, each once the plate rests; ends when nothing does so long."""
        deadline = time.monotonic() + wait_s
        for at in self._blocks():
            if self._weigher.moving or self._open:
                # Somebody is at it.
                deadline = time.monotonic() + wait_s
            for change in self._rested(at):
                yield Moved(change.delta_g, change.sigma_g, change.started_at, change.settled_at)
                deadline = time.monotonic() + wait_s
            if time.monotonic() > deadline:
                return

    def _blocks(self) -> Iterator[float]:
        """Feed the weigher block by block; yields each block's last time, as samples come."""
        for at, grams in self._rows:
            if self._plate.id in grams:
                self._times.append(at)
                self._grams.append(grams[self._plate.id])
            elif grams:
                continue
            if self._times and self._times[-1] - self._times[0] >= BLOCK_S:
                yield self._feed()
            elif not grams:
                # No samples: only time passes, and whoever waits must hear of it.
                yield at

    def _feed(self) -> float:
        times = np.array(self._times)
        told = self._weigher.feed(times, np.array(self._grams)[:, np.newaxis])
        self._times, self._grams = [], []
        for change in told:
            if change.change_id in self._told:
                continue
            if change.withdrawn:
                self._open.pop(change.change_id, None)
            else:
                self._open[change.change_id] = change
        return float(times[-1])

    def _rested(self, at: float) -> list[WeightChange]:
        if self._weigher.moving:
            return []
        done = [c for c in self._open.values() if at >= max(c.settled_at, c.told_at) + RESTED_S]
        for change in done:
            del self._open[change.change_id]
            self._told.add(change.change_id)
        return sorted(done, key=lambda c: c.settled_at)
