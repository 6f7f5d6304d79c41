"""Facts told to a real ledger over a real (in-memory) SQLite store, in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge_agent.ledger import Ledger
from edge_agent.settings import Settings
from edge_agent.shelf.facts import ChangeFact, Fact, PaymentFact
from edge_agent.shelf.payments import Payment, PaymentLine, PaymentState, Refund
from edge_agent.shelf.state import Output, ShelfState
from edge_agent.store.store import Store
from edge_agent.weighing.change import WeightChange, change_id

PRICES = {"cola": 350, "zero": 350, "nuts": 1200, "gum": 200}
WEIGHTS = {"cola": 346.0, "zero": 347.0, "nuts": 80.0, "gum": 15.0}
START = 1_772_420_400.0
A_WEEK = 7 * 86400.0


def settings(late_s: float = 86400.0) -> Settings:
    """Four plates: cola, nuts, gum, and colas of nearly one weight."""
    return Settings.model_validate(
        {
            "shelf_id": "office-7",
            "currency": "CNY",
            "matching": {"late_s": late_s},
            "plate": [
                {"id": "A1", "scale": "main", "channel": 0, "products": ["cola"]},
                {"id": "A2", "scale": "main", "channel": 1, "products": ["nuts"]},
                {"id": "A3", "scale": "main", "channel": 2, "products": ["gum"]},
                {"id": "B1", "scale": "main", "channel": 3, "products": ["cola", "zero"]},
            ],
            "product": [
                {"sku": sku, "name": sku.title(), "weight_g": WEIGHTS[sku], "price": PRICES[sku]}
                for sku in WEIGHTS
            ],
        }
    )


def change(at: float, plate: str, delta_g: float, revision: int = 1) -> ChangeFact:
    """A weight change that settled `at` seconds after the start, told half a second later."""
    started_at, settled_at = START + at - 0.8, START + at
    return ChangeFact(
        settled_at + 0.5,
        WeightChange(
            change_id(plate, started_at),
            revision,
            plate,
            started_at,
            settled_at,
            delta_g,
            0.1,
            1000.0,
        ),
    )


def take(at: float, plate: str, sku: str, quantity: int = 1) -> ChangeFact:
    """Units of one product leave a plate."""
    return change(at, plate, -quantity * WEIGHTS[sku])


def put(at: float, plate: str, sku: str, quantity: int = 1) -> ChangeFact:
    """Units of one product come onto a plate."""
    return change(at, plate, quantity * WEIGHTS[sku])


def payment(
    at: float,
    *skus: str,
    name: str = "P1",
    state: PaymentState = "paid",
    revision: int = 3,
    opened: float | None = None,
    refunds: Sequence[Refund] = (),
) -> PaymentFact:
    """A payment told `at` seconds after the start; paid then if `state` says so."""
    return PaymentFact(
        START + at,
        Payment(
            payment_id=name,
            revision=revision,
            state=state,
            told_at=START + at,
            opened_at=START + (opened if opened is not None else at - 10),
            paid_at=START + at if state in ("paid", "refunded") else None,
            closed_at=START + at if state == "closed" else None,
            lines=tuple(PaymentLine(sku, 1, PRICES.get(sku, 100)) for sku in skus),
            paid=sum(PRICES.get(sku, 100) for sku in skus),
            refunds=tuple(refunds),
        ),
    )


def told_at(fact: PaymentFact, at: float) -> PaymentFact:
    """The same payment, told at another time than it happened."""
    return replace(fact, at=START + at)


class Scene:
    """Runs facts in the order of their `at`, then lets time pass until nothing is due."""

    def __init__(self, *facts: Fact, until: float = A_WEEK, late_s: float = 86400.0) -> None:
        self.store = Store.in_memory()
        self.settings = settings(late_s)
        self.ledger = Ledger(self.settings, self.store)
        self.outputs: list[Output] = []
        self.tell(*facts, until=until)

    def tell(self, *facts: Fact, until: float = A_WEEK) -> None:
        """More facts, and the time after them."""
        for fact in sorted(facts, key=lambda f: f.at):
            self.outputs += self.ledger.tick(fact.at)
            self.outputs += self.ledger.take(fact)
        self.outputs += self.ledger.tick(START + until)

    def of(self, topic: str) -> list[dict[str, Any]]:
        """The payloads told on a topic, in order."""
        return [o.payload for o in self.outputs if o.topic == topic]

    def cases(self) -> dict[str, dict[str, Any]]:
        """Each case's latest content by its id."""
        return {c["case_id"]: c for c in self.of("losses")}

    def visits(self) -> dict[str, dict[str, Any]]:
        """Each visit's latest content by its id."""
        return {v["visit_id"]: v for v in self.of("visits")}

    def open_lines(self) -> list[tuple[str, str | None, int, int]]:
        """(kind, SKU, quantity, value) of the lines of cases not closed."""
        return sorted(
            (line["kind"], line["sku"], line["quantity"], line["value"])
            for case in self.cases().values()
            if case["state"] != "closed"
            for line in case["lines"]
        )

    def recalled(self) -> ShelfState:
        """The state as a restarted agent would find it."""
        return Ledger(self.settings, self.store).state
