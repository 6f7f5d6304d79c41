"""From grams to committed decisions: the one way through that `run` and `replay` share."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from edge_agent.ledger import Ledger
from edge_agent.settings import PlateSettings, Settings
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import ChangeFact, LevelsFact, MotionFact, SightFact
from edge_agent.shelf.state import Output
from edge_agent.store.store import Store
from edge_agent.traces import TraceKeeper
from edge_agent.weighing.calibration import to_grams
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.goods import Goods
from edge_agent.weighing.level_log import LevelLog
from edge_agent.weighing.weigher import PlateHealth, PlateLevel, PlateSpec, Weigher

FloatArray = npt.NDArray[np.float64]

# Levels are kept this often, so that a start can tell what left meanwhile from what drifted.
KEEP_LEVELS_EVERY_S = 60.0
# Plates settle one by one at a start; their first levels are told together.
GATHER_S = 10.0


class Pipeline:
    """Weighs the plates of any number of scales, and hands changes to the ledger.

    `on_outputs` hears every batch of decisions after its commit; `traces` keeps what the weight
    did around each change, `level_log` what the plates weighed at rest.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        store: Store,
        on_outputs: Callable[[Sequence[Output]], None] = lambda outputs: None,
        on_change: Callable[[WeightChange], None] = lambda change: None,
        traces: TraceKeeper | None = None,
        level_log: LevelLog | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._store = store
        self._on_outputs = on_outputs
        self._on_change = on_change
        self._traces = traces
        self._level_log = level_log
        self._weighers: dict[str, tuple[list[str], Weigher]] = {}
        self._counting: set[str] = set()
        self._zeroed: set[str] = set()
        self._catalogue = ledger.state.catalogue
        self._weighed_at: dict[str, float] = {}
        self._undecided: deque[WeightChange] = deque()
        self._levels_kept_at = 0.0
        self._first_level_at: float | None = None

    def add_scale(self, scale_id: str, plates: Sequence[str]) -> None:
        """Weigh `plates`, in the order of their columns, as one scale.

        Levels stored by an earlier run are compared with the first ones that settle.
        """
        for plate in plates:
            settings = self._plate(plate)
            self._recalibrated(plate, settings.zero_counts, settings.counts_per_g)
        stored = self._store.views.levels()
        specs = [plate_spec(self._plate(p), self._ledger.state.catalogue) for p in plates]
        known = {p: PlateLevel(*stored[p]) for p in plates if p in stored}
        self._weighers[scale_id] = (list(plates), Weigher(specs, stored=known))
        # A plate whose count is known goes on counting from there, whatever it weighs now.
        self._counting |= set(plates) & set(self._ledger.state.books)

    def weigh(self, scale_id: str, times: FloatArray, grams: FloatArray) -> None:
        """Take a block of samples: `times` (n,) Unix seconds, `grams` (n, plates), NaN: none.

        Raises StoreError where a decision could not be kept.
        """
        plates, weigher = self._weighers[scale_id]
        now = float(times[-1])
        if now > self._weighed_at.get(scale_id, -math.inf):
            # Not again where the store failed on what these samples told, and they come once more.
            self._weighed_at[scale_id] = now
            if self._traces is not None:
                self._traces.remember(plates, times, grams)
            self._undecided += weigher.feed(times, grams)
            if self._level_log is not None:
                self._level_log.note(weigher.levels(), weigher.moving)
        self._decide()
        self.tick(now)
        self._respec()
        self._count_new_plates(now, plates, weigher)
        if now - self._levels_kept_at >= KEEP_LEVELS_EVERY_S:
            self.keep_levels(now)
        if self._traces is not None:
            self._traces.keep_due(now)

    def take_seen(self, facts: Sequence[ChangeFact | SightFact | MotionFact]) -> None:
        """Decide on what pictures have told; raises StoreError where that could not be kept."""
        for fact in facts:
            self.tick(fact.at)
            outputs = self._ledger.take(fact)
            if isinstance(fact, ChangeFact):
                self._on_change(fact.change)
            if outputs:
                self._on_outputs(outputs)

    def finish(self, now: float) -> None:
        """Decide what the samples so far allow: no more will come."""
        for _, weigher in self._weighers.values():
            self._undecided += weigher.finish()
        self._decide()

    def tick(self, now: float) -> None:
        """Let everything happen that was due by `now`."""
        outputs = self._ledger.tick(now)
        if outputs:
            self._on_outputs(outputs)

    def keep_levels(self, now: float) -> None:
        """Store the settled levels, to be compared with after a start.

        Raises StoreError; what is not decided yet must be found again, so it comes first.
        """
        self._levels_kept_at = now
        self._decide()
        levels = {p: level for _, w in self._weighers.values() for p, level in w.levels().items()}
        if levels:
            with self._store.atomic():
                self._store.views.put_levels(
                    {
                        p: (max(level.at, now), level.level_g, level.sigma_g)
                        for p, level in levels.items()
                    }
                )
        moving = {p for _, w in self._weighers.values() for p in w.moving}
        settled = {p: level.level_g for p, level in levels.items() if p not in moving}
        outputs = self._ledger.take_levels(settled, now, zeroed=self._zeroed & settled.keys())
        self._zeroed -= settled.keys()
        if outputs:
            self._on_outputs(outputs)

    def keep_traces(self, now: float) -> None:
        """Store the traces of changes as far as they go: the agent stops."""
        if self._traces is not None:
            self._traces.keep_all(now)

    def health(self) -> dict[str, PlateHealth]:
        """How every plate is doing, by its id."""
        return {p: h for _, w in self._weighers.values() for p, h in w.health().items()}

    def relevel(self, plate: str, zero_counts: float, counts_per_g: float) -> None:
        """Take the plate's next still weight as its level: it was calibrated or tared."""
        for plates, weigher in self._weighers.values():
            if plate in plates:
                weigher.relevel(plate)
                self._recalibrated(plate, zero_counts, counts_per_g)

    def _recalibrated(self, plate: str, zero_counts: float, counts_per_g: float) -> None:
        """Forget a stored level that was weighed with another calibration.

        At once, since power may go before the plate's new level is stored.
        """
        views, new = self._store.views, (zero_counts, counts_per_g)
        known = views.calibration(plate)
        same = known is not None and all(
            math.isclose(old, now, rel_tol=1e-9) for old, now in zip(known, new, strict=True)
        )
        if same:
            return
        with self._store.atomic():
            if known is not None:
                views.drop_level(plate)
                self._zeroed.add(plate)
            views.put_calibration(plate, *new)

    def _respec(self) -> None:
        """Let the weighers know which goods stand where, when that is new."""
        if self._ledger.state.catalogue is not self._catalogue:
            self._catalogue = self._ledger.state.catalogue
            for plates, weigher in self._weighers.values():
                for plate in plates:
                    weigher.respec(plate_spec(self._plate(plate), self._catalogue))

    def _decide(self) -> None:
        """Commit the changes that wait; one leaves the line only when it is on the disk."""
        while self._undecided:
            change = self._undecided[0]
            at = max(change.told_at, change.settled_at)
            self.tick(at)
            # With its level, or a start after a kill would find the same change a second time.
            level = {change.plate: (at, change.level_g, change.sigma_g)}
            outputs = self._ledger.take(ChangeFact(at, change), levels=level)
            self._undecided.popleft()
            self._on_change(change)
            if self._traces is not None:
                self._traces.on_change(change)
            if outputs:
                self._on_outputs(outputs)

    def _count_new_plates(self, now: float, plates: Sequence[str], weigher: Weigher) -> None:
        """Tell the ledger where counting begins on plates that settle for the first time."""
        if self._counting.issuperset(plates):
            return
        if self._first_level_at is None:
            self._first_level_at = now
        levels = weigher.levels()
        waiting = [p for p in plates if p not in levels]
        if waiting and now < self._first_level_at + GATHER_S:
            return
        fresh = {p: levels[p] for p in plates if p in levels and p not in self._counting}
        if fresh:
            self._first_level_at = now
            fact = LevelsFact(now, {p: level.level_g for p, level in fresh.items()})
            kept = {p: (now, level.level_g, level.sigma_g) for p, level in fresh.items()}
            outputs = self._ledger.take(fact, levels=kept)
            self._counting |= set(fresh)
            self._on_outputs(outputs)

    def _plate(self, plate_id: str) -> PlateSettings:
        return next(p for p in self._settings.plate if p.id == plate_id)


def plate_spec(plate: PlateSettings, catalogue: Catalogue) -> PlateSpec:
    """What weighing needs to know of a plate."""
    products = [
        catalogue.products[sku]
        for sku in catalogue.plates.get(plate.id, plate.products)
        if sku in catalogue.products
    ]
    units = tuple((p.weight_g, p.weight_sd_g) for p in products if p.weight_g)
    return PlateSpec(
        plate=plate.id,
        capacity_g=plate.capacity_g,
        lightest_g=min((weight_g for weight_g, _ in units), default=None),
        goods=Goods(units),
    )


def calibrated(counts: FloatArray, plates: Sequence[PlateSettings]) -> FloatArray:
    """Counts (n, k) of the plates' channels, in their order, as grams."""
    zero = np.array([p.zero_counts for p in plates])
    per_g = np.array([p.counts_per_g for p in plates])
    return to_grams(counts, zero, per_g)
