"""The shelf's decisions, kept: each input, its outputs and their outbox rows in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy

from edge_agent.cloud.events import make_event
from edge_agent.codec import dump_fact, dump_state, kind_of, load_fact, load_state
from edge_agent.report.keeping import fold_old, keep_payment
from edge_agent.settings import ProductSettings, Settings
from edge_agent.shelf.advance import advance, completed, first_state
from edge_agent.shelf.assortment import file_settings
from edge_agent.shelf.audit import levels_worth_telling
from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.facts import CatalogueFact, Fact, LevelsFact, PaymentFact, Tick
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.state import Output, Rules, ShelfState
from edge_agent.store.outbox import OutboxMessage
from edge_agent.store.store import Store
from edge_agent.store.views import ViewKind

# A start decides again what came after the last one, some milliseconds each; a snapshot of a busy
# day costs a tenth of a second, which few inputs may take.
SNAPSHOT_EVERY = 120
JOURNAL_DAYS = 30
SEEN_DAYS = 14
_VIEWS: dict[str, ViewKind] = {
    "changes": "change",
    "visits": "visit",
    "losses": "case",
    "restock-reports": "restock",
    "reasons": "reason",
    "stock": "stock",
    "rejections": "rejection",
}


# MQTT 5 response topic and correlation data of the request that a message answers.
AnswerTo = tuple[str, bytes | None] | None
Levels = Mapping[str, tuple[float, float, float]]


class Ledger:
    """`advance` with a memory: what it returned has been committed.

    One thread uses it. After a StoreError the state is as it was before the input.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._rules = rules_of(settings)
        self._settings = settings
        self._store = store
        self._since_snapshot = 0
        self._filed = catalogue_of(settings)
        self.state = self._recall()
        self._file_settings()

    @property
    def due_at(self) -> float | None:
        """When `tick` has something to do, or None."""
        return self.state.due_at

    def take(
        self,
        fact: Fact,
        seen: tuple[str, str] | None = None,
        *,
        reply: Output | None = None,
        answer_to: AnswerTo = None,
        levels: Levels | None = None,
    ) -> list[Output]:
        """Decide on one fact and commit; returns the outputs.

        `seen` is the (source, id) of the message that told it: a repeat does nothing. `reply`
        answers that message; `levels` are the plates' as (at, level_g, sigma_g) after the fact, for
        a start must not find again what was told already. All of it is one transaction.
        """
        try:
            with self._store.atomic():
                if seen is not None and not self._store.journal.accept(*seen, fact.at):
                    return []
                seq = self._store.journal.append(kind_of(fact), fact.at, dump_fact(fact))
                outputs = advance(self.state, fact, self._rules, self._memo)
                self._keep(seq, outputs)
                if isinstance(fact, PaymentFact):
                    keep_payment(self._store, fact.payment, fact.at)
                if reply is not None:
                    self._put(seq, len(outputs), reply, answer_to)
                if levels:
                    self._store.views.put_levels(levels)
                self._snapshot_now_and_then(seq)
        except BaseException:
            # The state has moved on and the store has not: go back to what is on the disk.
            self.state = self._recall()
            raise
        return outputs

    def take_levels(
        self, levels_g: Mapping[str, float], now: float, zeroed: Collection[str] = ()
    ) -> list[Output]:
        """Take in the plates' settled weights, where they moved without any change.

        Only those that matter, and seldom; those that were tared or calibrated (`zeroed`) at once.
        """
        worth = levels_worth_telling(self.state, levels_g, now, self._rules)
        worth |= {plate: levels_g[plate] for plate in zeroed}
        return self.take(LevelsFact(now, worth, tuple(sorted(zeroed)))) if worth else []

    def tell(
        self,
        output: Output,
        answer_to: AnswerTo = None,
        seen: tuple[str, str] | None = None,
    ) -> bool:
        """Commit a message that no decision stands behind: a rejection, a reply, a status.

        `seen` is the (source, id) of the message it answers: False, and nothing told, for a repeat.
        """
        with self._store.atomic():
            if seen is not None and not self._store.journal.accept(*seen, output.at):
                return False
            seq = self._store.journal.append(f"told-{output.topic}", output.at, {})
            self._put(seq, 0, output, answer_to)
        return True

    def tick(self, now: float) -> list[Output]:
        """Let everything happen that was due by `now`."""
        outputs: list[Output] = []
        while self.state.due_at is not None and self.state.due_at <= now:
            outputs += self.take(Tick(self.state.due_at))
        return outputs

    def tidy(self, now: float) -> None:
        """Drop what is past its time: journal rows, notes of messages seen, old views.

        What reports count is folded into tallies (`store.history`), some of it with each call.
        """
        before = now - JOURNAL_DAYS * 86400
        with self._store.atomic():
            self._store.journal.prune(before)
            self._store.journal.forget(now - SEEN_DAYS * 86400)
            retention_days = self._settings.evidence.retention_days
            fold_old(self._store, now, retention_days)
            self._store.views.prune(now - retention_days * 86400)
            self._store.stock_ledger.fold(now)

    def _file_settings(self) -> None:
        """Take in what a technician has changed in the settings file since the last start."""
        assortment = deepcopy(self.state.assortment)
        file_settings(assortment, self._filed)
        if assortment != self.state.assortment:
            products = tuple(self._filed.products.values())
            self.take(CatalogueFact(self.state.now, 0, products, self._filed.plates))

    def _recall(self) -> ShelfState:
        self._memo = Memo()
        snapshot, rows = self._store.journal.load()
        if snapshot is None and not rows:
            # What was filed at the first start, whatever the settings file says later.
            with self._store.atomic():
                self._store.journal.snapshot(0, dump_state(first_state(self._filed)))
        state = completed(load_state(snapshot)) if snapshot else first_state(self._filed)
        for row in rows:
            fact = load_fact(row.kind, row.body)
            if fact is not None:
                advance(state, fact, self._rules, self._memo)
        if not self._store.stock_ledger.is_open:
            # An older agent kept no ledger of units: the next input opens it.
            state.units.opened = False
            self._memo = Memo()
        self._since_snapshot = len(rows)
        return state

    def _snapshot_now_and_then(self, seq: int) -> None:
        self._since_snapshot += 1
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self._store.journal.snapshot(seq, dump_state(self.state))
            self._since_snapshot = 0

    def _keep(self, seq: int, outputs: Sequence[Output]) -> None:
        for number, output in enumerate(outputs):
            self._put(seq, number, output, None)

    def _put(self, seq: int, number: int, output: Output, answer_to: AnswerTo) -> None:
        """Store one output: its message in the outbox, what it tells among the views."""
        if output.audience == "shelf":
            if output.topic == "lessons":
                self._store.views.put_lesson(output.at, output.payload)
            elif output.topic == "entries":
                self._store.stock_ledger.append(output.at, output.payload)
            else:
                self._store.views.put(_VIEWS[output.topic], output.key, output.at, output.payload)
            return
        event_id = f"{self._store.epoch}-{seq}-{number}"
        self._store.outbox.put(
            OutboxMessage(
                event_id=event_id,
                topic=output.topic,
                payload=make_event(
                    source=f"/shelves/{self._settings.shelf_id}",
                    event_id=event_id,
                    type=output.type,
                    at=output.at,
                    data=output.payload,
                ),
                content_type="application/cloudevents+json",
                retain=output.retain,
                at=output.at,
                response_topic=answer_to[0] if answer_to else None,
                correlation=answer_to[1] if answer_to else None,
            )
        )
        view = _VIEWS.get(output.topic)
        if view is not None:
            self._store.history.recall(view, output.key)
            self._store.views.put(view, output.key, output.at, output.payload)


def rules_of(settings: Settings) -> Rules:
    """The settings that decisions depend on."""
    matching = settings.matching
    return Rules(
        shelf_id=settings.shelf_id,
        currency=settings.currency,
        visit_gap_s=matching.visit_gap_s,
        pay_ahead_s=matching.pay_ahead_s,
        grace_s=matching.grace_s,
        late_s=matching.late_s,
        min_confidence=settings.identity.min_confidence,
        capacity_g={p.id: p.capacity_g for p in settings.plate if p.is_weighed},
    )


def catalogue_of(settings: Settings) -> Catalogue:
    """Products and planogram as the settings file has them: version 0."""
    products = {p.sku: product_of(p) for p in settings.product}
    return Catalogue(0, products, {p.id: p.products for p in settings.plate})


def product_of(told: ProductSettings) -> Product:
    """A product, whoever told it, as the shelf reckons with it."""
    return Product(told.sku, told.name, told.weight_g, told.weight_sd_g, told.price)
