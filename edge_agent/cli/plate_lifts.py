"""Which plate an item was lifted from, and when it came back, as the plates' weights show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_agent.cli.readings import Readings
from edge_agent.settings import PlateSettings
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.weigher import PlateSpec, Weigher

BLOCK_S = 0.25
RESTED_S = 1.0


@dataclass(frozen=True, slots=True)
class Lift:
    """One plate came to rest at `at` (Unix seconds) with so much more (or less) on it."""

    plate: str
    started_at: float
    at: float
    delta_g: float


@dataclass(slots=True)
class _Plate:
    weigher: Weigher
    times: list[float] = field(default_factory=list)
    grams: list[float] = field(default_factory=list)
    waiting: dict[str, WeightChange] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


class PlateLifts:
    """Follows all plates with the weigher that also follows customers."""

    def __init__(self, readings: Readings, plates: Sequence[PlateSettings]) -> None:
        self._rows = readings.rows()
        self._plates = {p.id: _Plate(Weigher([PlateSpec(p.id, p.capacity_g)])) for p in plates}

    @property
    def moving(self) -> bool:
        """Whether some plate is not at rest."""
        return any(p.weigher.moving for p in self._plates.values())

    @property
    def known(self) -> bool:
        """Whether every plate has been at rest."""
        return all(p.weigher.levels() for p in self._plates.values())

    def moments(self) -> Iterator[tuple[float, list[Lift]]]:
        """Yield (Unix seconds, what came to rest) a few times a second."""
        last = float("-inf")
        for at, grams in self._rows:
            lifts: list[Lift] = []
            for plate_id, weight in grams.items():
                plate = self._plates.get(plate_id)
                if plate is not None:
                    plate.times.append(at)
                    plate.grams.append(weight)
                    if at - plate.times[0] >= BLOCK_S:
                        lifts += _feed(plate)
            if lifts or at - last >= BLOCK_S:
                last = at
                yield at, lifts


def _feed(plate: _Plate) -> list[Lift]:
    times = np.array(plate.times)
    for change in plate.weigher.feed(times, np.array(plate.grams)[:, np.newaxis]):
        if change.change_id in plate.told:
            continue
        plate.waiting.pop(change.change_id, None)
        if not change.withdrawn:
            plate.waiting[change.change_id] = change
    plate.times, plate.grams = [], []
    if plate.weigher.moving:
        return []
    at = float(times[-1])
    rested = [c for c in plate.waiting.values() if at >= max(c.settled_at, c.told_at) + RESTED_S]
    for change in rested:
        plate.told.add(change.change_id)
        del plate.waiting[change.change_id]
    return [Lift(c.plate, c.started_at, c.settled_at, c.delta_g) for c in rested]
