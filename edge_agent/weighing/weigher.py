"""Samples of the plates of one scale in, weight changes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from edge_agent.weighing.blocks import Batch, BlockCutter, FloatArray
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.plates import PlateHealth, PlateLevel, PlateSpec
from edge_agent.weighing.presence import Presence
from edge_agent.weighing.quiet import Facts, QuietBank
from edge_agent.weighing.slow import SlowPath

__all__ = ["PlateHealth", "PlateLevel", "PlateSpec", "Weigher"]


class Weigher:
    """Follows the plates of one scale; pure, with time from the samples alone.

    Quiet plates are watched all at once (`QuietBank`), those that move one by one (`SlowPath`).
    """

    def __init__(
        self, plates: Sequence[PlateSpec], stored: Mapping[str, PlateLevel] | None = None
    ) -> None:
        """`stored` are the levels of the last run: a plate found elsewhere has changed since."""
        self._plates = list(plates)
        self._columns = {spec.plate: j for j, spec in enumerate(self._plates)}
        self._cutter = BlockCutter()
        self._bank = QuietBank(len(self._plates))
        self._presence = Presence(len(self._plates))
        self._slow = SlowPath(self._plates, self._bank, stored or {})
        self._missing = False
        self._end = 0.0

    def feed(self, times: FloatArray, grams: FloatArray) -> list[WeightChange]:
        """Take samples in and return what they tell.

        `times` (n,) are increasing Unix seconds, `grams` (n, k) has a column a plate in the order
        of `plates`, NaN where a channel has no sample. Raises ValueError on other shapes.
        """
        if grams.shape != (len(times), len(self._plates)):
            raise ValueError(
                f"grams has shape {grams.shape}; {len(times)} times and {len(self._plates)} "
                f"plates need ({len(times)}, {len(self._plates)})"
            )
        told: list[WeightChange] = []
        for batch in self._cutter.feed(times, grams):
            told += self._take(batch)
        return told

    def finish(self) -> list[WeightChange]:
        """The recording has ended: decide what the samples so far allow."""
        told: list[WeightChange] = []
        for batch in self._cutter.rest():
            told += self._take(batch)
        return told + _stamped(self._slow.finish(), self._end)

    def levels(self) -> dict[str, PlateLevel]:
        """Return the last settled level of each plate that has settled at least once."""
        seen_at, _ = self._presence.latest()
        found: dict[str, PlateLevel] = {}
        for j, settled_at in self._slow.settled_at.items():
            at = float(seen_at[j])
            level_g, sigma_g = float(self._bank.level[j]), float(self._bank.level_sigma[j])
            slow = self._slow.last_level(j)
            if slow is not None:
                at, (level_g, sigma_g) = slow[0], (slow[1].grams, slow[1].sigma)
            found[self._plates[j].plate] = PlateLevel(max(at, settled_at), level_g, sigma_g)
        return found

    def health(self) -> dict[str, PlateHealth]:
        """Return each channel's own numbers."""
        seen_at, weight_g = self._presence.latest()
        bank = self._bank
        return {
            spec.plate: PlateHealth(
                plate=spec.plate,
                rate_hz=float(bank.rate_hz[j]),
                noise_g=float(bank.sample_g[j]),
                still=bool(bank.quiet[j]),
                dropouts=int(self._presence.dropouts[j]),
                saturated=j in self._slow.saturated,
                frozen=bank.is_frozen(j),
                smallest_change_g=self._slow.smallest_g(j),
                weight_g=float(weight_g[j]),
                at=float(seen_at[j]),
            )
            for j, spec in enumerate(self._plates)
        }

    @property
    def moving(self) -> frozenset[str]:
        """The plates that are disturbed right now, by a hand or by what it left swinging."""
        return frozenset(self._plates[j].plate for j in self._slow.moving)

    def respec(self, spec: PlateSpec) -> None:
        """Use what is new of a plate, as other goods on it, from its next movement on."""
        self._plates[self._columns[spec.plate]] = spec

    def relevel(self, plate: str) -> None:
        """Adopt the next level at which a plate rests silently: it was tared or calibrated."""
        self._slow.relevel(self._columns[plate])

    def _take(self, batch: Batch) -> list[WeightChange]:
        told: list[WeightChange] = []
        first = 0
        while first < len(batch):
            # All blocks of a group at once while nothing moves, else one by one.
            alone = self._missing or not self._slow.is_idle
            last = min(first + (1 if alone else self._bank.room), len(batch))
            facts, inside = self._bank.examine(batch.part(first, last))
            # A batch with missing samples is gone through again, block by block.
            if not facts.complete and len(facts.batch) > 1:
                self._missing = True
                continue
            blocks = max(inside, 1)
            told += self._advance(facts, blocks)
            first += blocks
        return told

    def _advance(self, facts: Facts, blocks: int) -> list[WeightChange]:
        """Take the first blocks of a batch: all quiet, or a single one that need not be."""
        batch = facts.batch.part(0, blocks)
        self._end = batch.end
        self._slow.remember(batch)
        self._missing = not facts.complete
        self._bank.accept(facts, blocks)
        for j, seen_at in self._presence.note(facts, blocks):
            if self._bank.quiet[j]:
                self._slow.disturb(j, batch.start, seen_at)
        if facts.beyond[blocks - 1].any():
            for column in np.flatnonzero(facts.beyond[blocks - 1] & self._bank.quiet):
                self._slow.disturb(int(column), batch.start)
        told = [] if self._slow.is_idle else _stamped(self._slow.step(batch), batch.end)
        if self._bank.room == 0:
            self._bank.note_resolution(batch.grams[batch.edges[-2] : batch.edges[-1]])
            drifted, since = self._bank.close_group(batch.end)
            for column in np.flatnonzero(drifted):
                self._slow.disturb(int(column), since, whole=True)
        return told


def _stamped(told: list[WeightChange], at: float) -> list[WeightChange]:
    """Say of each change when it was told."""
    return [replace(change, told_at=at) for change in told]
