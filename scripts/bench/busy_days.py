"""Made-up days of a busy shelf as what is told of them: outputs and payments, in their order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge_agent.settings import Settings
from edge_agent.shelf.payments import Payment, PaymentLine, Refund, RefundLine
from edge_agent.shelf.state import Output
from edge_agent.times import rfc3339

DAY_S, HOUR_S = 86400.0, 3600.0
OPENS, CLOSES = 8, 20
KINDS = ("unpaid", "unpaid", "underpaid", "substituted", "feigned", "refunded", "unobserved")
NAMES = ("Soda 330 ml", "Still water", "Nuts & raisins", "Chocolate", "酸奶 200 g", "Crisps")


def settings_of(plates: int, retention_days: float) -> Settings:
    """A shelf with so many plates, one product each."""
    names = [NAMES[n % len(NAMES)] + (f" {n}" if n >= len(NAMES) else "") for n in range(plates)]
    return Settings.model_validate(
        {
            "shelf_id": "busy-shelf",
            "currency": "CNY",
            "scale": [{"id": "main", "driver": "simulated"}],
            "plate": [
                {"id": f"A{n}", "scale": "main", "channel": n, "products": [f"69010280758{n:02d}"]}
                for n in range(plates)
            ],
            "product": [
                {
                    "sku": f"69010280758{n:02d}",
                    "name": name,
                    "weight_g": 100 + 23.0 * n,
                    "price": 300 + 50 * n,
                }
                for n, name in enumerate(names)
            ],
            "payments": {"signature": "optional"},
            "evidence": {"retention_days": retention_days},
        }
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is told at `at`: an output, or a payment."""

    at: float
    told: Output | Payment


class Shop:
    """Makes up what happens; the same seed, the same days."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._chance = random.Random(seed)
        self._settings = settings
        self._number = 0

    def day(self, begins_at: float, visits: int) -> list[Deed]:
        """What is told of one day, in the order of its telling."""
        weekday = int(begins_at // DAY_S + 3) % 7
        busy = visits if weekday < 5 else visits // 5
        deeds = [deed for _ in range(busy) for deed in self._visit(begins_at)]
        deeds += self._restock(begins_at + 7.5 * HOUR_S)
        return sorted(deeds, key=lambda deed: deed.at)

    def _visit(self, begins_at: float) -> Iterator[Deed]:
        chance = self._chance
        self._number += 1
        at = begins_at + HOUR_S * min(max(chance.gauss(13, 2.5), OPENS), CLOSES - 0.1)
        product = self._settings.product
        taken = [
            (chance.randrange(len(product)), chance.choice((1, 1, 1, 2)))
            for _ in range(chance.choice((1, 1, 2)))
        ]
        changes = [f"A{n}-{round(1000 * at) + i}" for i, (n, _) in enumerate(taken)]
        for change_id, (n, quantity) in zip(changes, taken, strict=True):
            yield self._change(change_id, f"A{n}", n, -quantity, at)
        is_honest = chance.random() > 0.02
        name = f"P{self._number:08d}"
        if is_honest or chance.random() < 0.2:
            paid_at = at + (20.0 if is_honest else chance.uniform(400, 20_000))
            yield from self._payments(name, taken, paid_at)
        yield Deed(at + 40, self._visit_output(at, taken, changes, name if is_honest else None))
        if not is_honest:
            yield from self._case(at, taken)

    def _change(self, change_id: str, plate: str, n: int, quantity: int, at: float) -> Deed:
        payload = {
            "change_id": change_id,
            "revision": 1,
            "plate": plate,
            "started_at": rfc3339(at),
            "settled_at": rfc3339(at + 2),
            "delta_g": 123.45 * quantity,
            "sigma_g": 0.321,
            "items": [{"sku": self._settings.product[n].sku, "quantity": quantity}],
            "confidence": 0.9912,
            "alternatives": [],
            "kind": "removed" if quantity < 0 else "restocked",
        }
        return Deed(at + 2, Output("changes", "shelf.change", change_id, at + 2, payload))

    def _payments(self, name: str, taken: list[tuple[int, int]], at: float) -> Iterator[Deed]:
        chance = self._chance
        product = self._settings.product
        lines = tuple(
            PaymentLine(product[n].sku, q, product[n].price, 0, chance.random() < 0.01)
            for n, q in taken
        )
        total = sum(line.quantity * line.unit_price for line in lines)
        gifts = sum(line.quantity * line.unit_price for line in lines if line.gift)
        discount = 100 if chance.random() < 0.1 else 0
        refunds: tuple[Refund, ...] = ()
        if chance.random() < 0.005:
            back = (RefundLine(lines[0].sku, 1),)
            refunds = (Refund(f"R{name}", at + 600, lines[0].unit_price, "quality", back),)
        yield Deed(
            at,
            Payment(
                payment_id=name,
                revision=3,
                state="paid",
                told_at=at,
                opened_at=at - 15,
                paid_at=at,
                closed_at=None,
                lines=lines,
                paid=max(0, total - discount - gifts),
                refunds=refunds,
                total=total,
                discount=discount,
            ),
        )

    def _visit_output(
        self, at: float, taken: list[tuple[int, int]], changes: list[str], paid: str | None
    ) -> Output:
        product = self._settings.product
        goods = [{"sku": product[n].sku, "quantity": q} for n, q in taken]
        visit_id = f"V{round(1000 * at)}"
        payload = {
            "visit_id": visit_id,
            "revision": 1,
            "started_at": rfc3339(at),
            "ended_at": rfc3339(at + 15),
            "changes": changes,
            "taken": goods,
            "paid": [{"payment_id": paid, **item} for item in goods] if paid else [],
            "paid_not_taken": [],
            "state": "settled" if paid else "short",
            "case_id": None if paid else f"C{visit_id[1:]}",
        }
        return Output("visits", "shelf.visit", visit_id, at + 40, payload)

    def _case(self, at: float, taken: list[tuple[int, int]]) -> Iterator[Deed]:
        chance = self._chance
        case_id = f"C{round(1000 * at)}"
        kind = chance.choice(KINDS)
        lines = [self._line(kind, n, q) for n, q in taken]
        payload: dict[str, Any] = {
            "case_id": case_id,
            "revision": 1,
            "state": "open",
            "visit_id": f"V{case_id[1:]}",
            "started_at": rfc3339(at),
            "ended_at": rfc3339(at + 15),
            "lines": lines,
            "value": sum(line["value"] for line in lines),
            "currency": "CNY",
            "confidence": 0.97,
            "payments": [],
            "evidence": [],
            "explanation": "It was taken and nobody tried to pay: 3.50 CNY missing, 97 % sure.",
            "opened_at": rfc3339(at + 200),
            "resolution": None,
        }
        yield Deed(at + 200, Output("losses", "shelf.loss", case_id, at + 200, payload))
        end = chance.choices(("confirmed", "dismissed", "paid", "returned", None), (6, 1, 3, 1, 1))
        if end[0] is not None:
            closed_at = at + chance.uniform(400, 40_000)
            closed = payload | {"state": "closed", "resolution": end[0], "revision": 2}
            yield Deed(closed_at, Output("losses", "shelf.loss", case_id, closed_at, closed))

    def _line(self, kind: str, n: int, quantity: int) -> dict[str, Any]:
        product = self._settings.product[n]
        return {
            "kind": kind,
            "sku": product.sku,
            "name": product.name,
            "quantity": quantity,
            "unit_price": product.price,
            "value": quantity * product.price,
            "plate": f"A{n}",
            "confidence": 0.97,
        }

    def _restock(self, at: float) -> Iterator[Deed]:
        name = f"L{round(at)}"
        lines = []
        for n, product in enumerate(self._settings.product):
            short = self._chance.random() < 0.01
            lines.append({"sku": product.sku, "plate": f"A{n}", "ordered": 20,
                          "weighed": 20 - short, "difference": -int(short)})  # fmt: skip
            yield self._change(f"A{n}-{round(1000 * at)}", f"A{n}", n, 20, at)
        payload = {"restock_id": name, "operator": "Li", "started_at": rfc3339(at),
                   "finished_at": rfc3339(at + 600), "lines": lines}  # fmt: skip
        told = Output("restock-reports", "shelf.restock-report", name, at + 620, payload)
        yield Deed(at + 620, told)
