"""How large the store of a busy shelf grows: made-up days through the real ledger's store.

Each day: visits, their changes, payments, some cases (some of them paid late), a restock, a status
a minute, the time watched, messages delivered, and an hourly tidying, as the agent does them.
Prints the size of the database by month and what is in it.

    python scripts/bench_year_store.py --days 365 --visits 200
    python scripts/bench_year_store.py --days 60 --keep /tmp/busy   # a state folder to look at
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.codec import dump_fact, dump_state, kind_of
from edge_agent.ledger import Ledger
from edge_agent.report.keeping import keep_payment
from edge_agent.report.tallying import observed_cells
from edge_agent.settings import Settings
from edge_agent.shelf.facts import ChangeFact, PaymentFact
from edge_agent.shelf.payments import Payment, PaymentLine, Refund, RefundLine
from edge_agent.shelf.state import Output
from edge_agent.store.store import DATABASE, Store
from edge_agent.times import rfc3339
from edge_agent.weighing.change import WeightChange

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


def live_a_day(
    ledger: Ledger, store: Store, deeds: list[Deed], begins_at: float, statuses: int
) -> float:
    """Store one day and tidy every hour; returns the longest tidying in seconds."""
    longest_s = 0.0
    with store.atomic():
        for deed in deeds:
            _store(ledger, store, deed)
    for hour in range(24):
        now = begins_at + (hour + 1) * HOUR_S
        with store.atomic():
            for n in range(statuses):
                at = now - n * 60
                ledger.tell(Output("status", "shelf.status", "status", at, {"n": n}, retain=True))
            store.history.add(observed_cells(now - 1, HOUR_S, None))
        waiting = [message.event_id for message in store.outbox.due(now + 1e9, 5000)]
        store.outbox.delivered(waiting)
        began = time.perf_counter()
        ledger.tidy(now)
        longest_s = max(longest_s, time.perf_counter() - began)
    return longest_s


def _store(ledger: Ledger, store: Store, deed: Deed) -> None:
    if isinstance(deed.told, Payment):
        fact = PaymentFact(deed.at, deed.told)
        store.journal.append(kind_of(fact), deed.at, dump_fact(fact))
        keep_payment(store, deed.told, deed.at)
        return
    if deed.told.topic == "changes":
        told = deed.told.payload
        change = ChangeFact(deed.at, WeightChange(deed.told.key, 1, told["plate"], deed.at - 2,
                            deed.at, told["delta_g"], 0.321, 1234.5))  # fmt: skip
        store.journal.append(kind_of(change), deed.at, dump_fact(change))
    ledger.tell(deed.told)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--visits", type=int, default=200, help="on a weekday; a fifth otherwise")
    parser.add_argument("--plates", type=int, default=12)
    parser.add_argument("--statuses", type=int, default=60, help="status messages an hour")
    parser.add_argument("--retention", type=float, default=30.0, help="days of details")
    parser.add_argument("--until", type=float, help="Unix seconds at which it ends; else now")
    parser.add_argument("--keep", type=Path, help="leave the state in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        _run(options, folder, options.until or time.time())


def _run(options: argparse.Namespace, folder: Path, until: float) -> None:
    settings = settings_of(options.plates, options.retention)
    store = Store.open(folder)
    ledger = Ledger(settings, store)
    shop = Shop(settings, 1)
    # Days begin at midnight in the machine's own time zone, near enough for sizes.
    first = until - until % DAY_S - (options.days - 1) * DAY_S
    longest_s = 0.0
    for number in range(options.days):
        begins_at = first + number * DAY_S
        deeds = [d for d in shop.day(begins_at, options.visits) if d.at <= until]
        slow_s = live_a_day(ledger, store, deeds, begins_at, options.statuses)
        longest_s = max(longest_s, slow_s)
        store.journal.snapshot(store.journal.last_seq, dump_state(ledger.state))
        if (number + 1) % 30 == 0 or number + 1 == options.days:
            size = (folder / DATABASE).stat().st_size
            line = (
                f"day {number + 1:4d} {size / 1e6:6.1f} MB, tidy at most {longest_s * 1e3:.0f} ms"
            )
            print(line, flush=True)
    store.close()
    for line in _inside(folder / DATABASE):
        print(line)


def _inside(path: Path) -> Iterator[str]:
    """Rows and bytes of each table, from SQLite's own account where it has one."""
    import sqlite3

    db = sqlite3.connect(path)
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
    for name in tables:
        (rows,) = db.execute(f"select count(*) from {name}").fetchone()
        if rows:
            yield f"{name:12} {rows:9,} rows"
    (free,) = db.execute("pragma freelist_count").fetchone()
    (page,) = db.execute("pragma page_size").fetchone()
    yield f"free pages   {free * page / 1e6:9.1f} MB"
    db.close()


if __name__ == "__main__":
    main()
