"""How large the store of a busy shelf grows: made-up days through the real ledger's store.

Each day: visits, their changes, payments, some cases (some of them paid late), a restock, a status
a minute, the time watched, messages delivered, and an hourly tidying, as the agent does them.
Prints the size of the database by month and what is in it.

    python scripts/bench_year_store.py --days 365 --visits 200
    python scripts/bench_year_store.py --days 60 --keep /tmp/busy   # a state folder to look at
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.codec import dump_fact, dump_state, kind_of
from edge_agent.ledger import Ledger
from edge_agent.report.keeping import keep_payment
from edge_agent.report.tallying import observed_cells
from edge_agent.shelf.facts import ChangeFact, PaymentFact
from edge_agent.shelf.payments import Payment
from edge_agent.shelf.state import Output
from edge_agent.store.store import DATABASE, Store
from edge_agent.weighing.change import WeightChange
from scripts.bench.busy_days import DAY_S, HOUR_S, Deed, Shop, settings_of


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
