"""Things that happened on a shelf, as the agent tells them, in a few words; in a real store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.report.figures import Report
from edge_agent.report.gathering import gather
from edge_agent.report.keeping import keep_payment
from edge_agent.report.reckoning import Circumstances, make_report
from edge_agent.report.span import Span
from edge_agent.report.tallying import observed_cells
from edge_agent.shelf.payments import Payment, PaymentLine, Refund, RefundLine
from edge_agent.store import Store
from edge_agent.times import rfc3339

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
NAMES = {"cola": "Cola", "nuts": "Nuts <b>&</b> more", "gum": "Gum"}
PRICES = {"cola": 350, "nuts": 1200, "gum": 200}
PLATES = {"cola": "A1", "nuts": "A2", "gum": "A3"}


def moment(text: str, zone: tzinfo = SHANGHAI) -> float:
    """`2026-03-02 09:15` on the shelf's own clock, as Unix seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@dataclass
class Shelf:
    """A store and a zone; puts things as the ledger does, and makes reports."""

    store: Store
    zone: tzinfo = SHANGHAI
    number: int = field(default=0)

    def put(self, kind: Any, key: str, told_at: float, payload: dict[str, Any]) -> None:
        """Keep a thing in its newest revision."""
        self.store.history.recall(kind, key)
        self.store.views.put(kind, key, told_at, payload)

    def name(self, letter: str) -> str:
        """A name that nothing has yet."""
        self.number += 1
        return f"{letter}{self.number}"

    def visit(
        self,
        at: float,
        taken: dict[str, int],
        paid: Sequence[str] = (),
        due: dict[str, int] | None = None,
        key: str | None = None,
    ) -> str:
        """A visit whose changes are told too; `due` are units paid and not taken."""
        visit_id = key or self.name("V")
        for sku, quantity in taken.items():
            self.change(at + 1, sku, -quantity)
        payload = {
            "visit_id": visit_id,
            "revision": 1,
            "started_at": rfc3339(at),
            "ended_at": rfc3339(at + 10),
            "changes": ["A1-1"],
            "taken": [{"sku": s, "quantity": q} for s, q in taken.items()],
            "paid": [{"payment_id": p, "sku": "cola", "quantity": 1} for p in paid],
            "paid_not_taken": [
                {"payment_id": "P", "sku": s, "quantity": q} for s, q in (due or {}).items()
            ],
            "state": "settled",
            "case_id": None,
        }
        self.put("visit", visit_id, at + 30, payload)
        return visit_id

    def change(self, at: float, sku: str, quantity: int, kind: str = "removed") -> None:
        """Units that came or went."""
        change_id = self.name("K")
        payload = {
            "change_id": change_id,
            "revision": 1,
            "plate": PLATES[sku],
            "settled_at": rfc3339(at),
            "items": [{"sku": sku, "quantity": quantity}],
            "kind": kind,
        }
        self.put("change", change_id, at, payload)

    def case(
        self,
        at: float,
        lost: dict[str, int],
        outcome: str = "open",
        *,
        kind: str = "unpaid",
        key: str | None = None,
        told_after_s: float = 200.0,
        revision: int = 1,
    ) -> str:
        """A case that stands as `outcome` says, told so long after its visit began."""
        case_id = key or self.name("C")
        is_open = outcome in ("open", "provisional")
        lines = [
            {
                "kind": kind,
                "sku": None if kind == "unidentified" else sku,
                "name": NAMES[sku],
                "quantity": quantity,
                "unit_price": PRICES[sku],
                "value": 0 if kind == "unidentified" else quantity * PRICES[sku],
                "plate": PLATES[sku],
                "confidence": 0.97,
            }
            for sku, quantity in lost.items()
        ]
        payload = {
            "case_id": case_id,
            "revision": revision,
            "state": outcome if is_open else "closed",
            "resolution": None if is_open else outcome,
            "visit_id": "V",
            "started_at": rfc3339(at),
            "ended_at": rfc3339(at + 10),
            "opened_at": rfc3339(at + 200),
            "lines": lines,
            "value": sum(line["value"] for line in lines),  # type: ignore[misc]
            "currency": "CNY",
        }
        self.put("case", case_id, at + told_after_s, payload)
        return case_id

    def restock(self, at: float, sku: str, ordered: int, weighed: int) -> None:
        """A restock of one line."""
        line = {"sku": sku, "plate": PLATES[sku], "ordered": ordered, "weighed": weighed}
        restock_id = self.name("R")
        payload = {
            "restock_id": restock_id,
            "operator": "Li",
            "started_at": rfc3339(at - 600),
            "finished_at": rfc3339(at),
            "lines": [line | {"difference": weighed - ordered}],
        }
        self.put("restock", restock_id, at + 20, payload)

    def pay(self, payment: Payment, at: float | None = None) -> None:
        """A payment's revision."""
        keep_payment(self.store, payment, payment.told_at if at is None else at)

    def watch(self, at: float, seconds: float) -> None:
        """Time in which the scales were watched."""
        self.store.history.add(observed_cells(at, seconds, self.zone))

    def report(self, span: Span = MARCH, now: float | None = None) -> Report:
        """The report of these days, as the command makes it."""
        made_at = moment("2026-04-20 12:00") if now is None else now
        gathered = gather(self.store, span, self.zone)
        circumstances = Circumstances(
            shelf_id="office-7",
            currency="CNY",
            zone=str(self.zone),
            made_at=made_at,
            today=datetime.fromtimestamp(made_at, self.zone).date(),
            span=span,
            span_s=span.seconds(made_at, self.zone),
            names=NAMES,
            plates=("A1", "A2", "A3"),
            notes=gathered.notes(span),
        )
        return make_report(gathered.cells, circumstances)


def payment(
    payment_id: str,
    at: float,
    goods: dict[str, int],
    *,
    revision: int = 1,
    discount: int = 0,
    gifts: Sequence[str] = (),
    refunds: Sequence[Refund] = (),
    state: Any = "paid",
) -> Payment:
    """A payment of so many units; gifts and the order's discount lower what is paid."""
    lines = tuple(PaymentLine(s, q, PRICES[s], 0, s in gifts) for s, q in goods.items())
    total = sum(line.quantity * line.unit_price for line in lines if not line.gift)
    return Payment(
        payment_id=payment_id,
        revision=revision,
        state=state,
        told_at=at,
        opened_at=at - 20,
        paid_at=at,
        closed_at=None,
        lines=lines,
        paid=max(0, total - discount),
        refunds=tuple(refunds),
        total=total,
        discount=discount,
    )


def refund(at: float, sku: str, reason: Any = "quality") -> Refund:
    """One unit's money back."""
    return Refund("R1", at, PRICES[sku], reason, (RefundLine(sku, 1),))
