"""What the running agent keeps for reports: payments, folded days, the time it watched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo

from edge_agent.report.cells import Cells, add
from edge_agent.report.tallying import COUNTED_DAYS, DAY_S, observed_cells, tally
from edge_agent.shelf.payments import Payment
from edge_agent.shelf.telling_payments import payment_payload
from edge_agent.store.history import FOLDED_AT_ONCE, Detail
from edge_agent.store.store import Store

TALLY_YEARS = 3
OBSERVED_EVERY_S = 600.0
# A loop that did not come round for longer than this was not watching.
LONGEST_ROUND_S = 60.0


def keep_payment(store: Store, payment: Payment, at: float) -> None:
    """Keep a payment as it was told at `at`, unless a newer revision of it is known."""
    key = payment.payment_id
    known = store.views.get("payment", key)
    revision = known["revision"] if known is not None else store.history.revision("payment", key)
    if revision is not None and revision >= payment.revision:
        return
    store.history.recall("payment", key)
    store.views.put("payment", key, at, payment_payload(payment))


def fold_old(
    store: Store,
    now: float,
    retention_days: float,
    zone: tzinfo | None = None,
    limit: int = FOLDED_AT_ONCE,
) -> int:
    """Fold details past their time and drop tallies and receipts past theirs.

    Returns how many details were folded; as many as `limit` means: call again. The rule stands in
    `store.history`.
    """

    def cells_of(detail: Detail) -> Cells:
        return tally(detail.kind, detail.payload, detail.at, zone)

    with store.atomic():
        folded = store.history.fold(now - retention_days * DAY_S, now, cells_of, limit)
        today = datetime.fromtimestamp(now, zone).date()
        receipts = {kind: now - days * DAY_S for kind, days in COUNTED_DAYS.items()}
        store.history.prune(_years_before(today), receipts)
    return folded


def _years_before(day: date) -> int:
    return day.toordinal() - TALLY_YEARS * 366


class Watch:
    """How long the scales were watched, by local hour; held in memory and written seldom.

    One small write in ten minutes, within a transaction that is open anyway, for SD cards wear out.
    A power cut loses up to these ten minutes; an orderly end, nothing.
    """

    def __init__(self, now: float, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._last_at = self._written_at = now
        self._since: Cells = {}
        self._owed_s = 0.0

    def saw(self, now: float, *, is_watching: bool) -> None:
        """A round of the loop: the time since the last one counts if all scales gave samples."""
        passed_s = now - self._last_at
        self._last_at = now
        if not is_watching or not 0.0 < passed_s <= LONGEST_ROUND_S:
            return
        # Whole seconds are stored; the rest is owed to the next round.
        self._owed_s += passed_s
        whole_s = int(self._owed_s)
        if whole_s:
            self._owed_s -= whole_s
            add(self._since, observed_cells(now, whole_s, self._zone))

    def due(self, now: float) -> Cells:
        """What is to be written now; empty until ten minutes have passed since the last time."""
        if 0.0 <= now - self._written_at < OBSERVED_EVERY_S:
            return {}
        return self.unwritten

    @property
    def unwritten(self) -> Cells:
        """What was watched since the last write."""
        return dict(self._since)

    def written(self, now: float) -> None:
        """What `due` gave is on the disk."""
        self._written_at = now
        self._since = {}


def all_scales_work(faults: Mapping[str, str]) -> bool:
    """Whether no scale is among what does not work (`Standing.faults`)."""
    return not any(what.startswith("scale ") for what in faults)
