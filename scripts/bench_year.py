"""Whether age costs anything: a year of 200 visits a day through the ledger, its store on disk.

Shoppers of `simulate --adversarial 0.4` as facts, without samples; the outbox is emptied as a cloud
does that is always there, and the ledger tidied every day as upkeep does. Prints for each month the
milliseconds of an input (ticks are inputs too, the disk's part included), the state's snapshot as
it is stored and before it is packed, the database, and the memory of the process. Exit status 1
where the stored snapshot passes 1 MB or the last month's median is more than half again the first
full one's.

    nice -n 10 python scripts/bench_year.py --days 365
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.cli.console import print_table
from edge_agent.cloud.signatures import Verifier
from edge_agent.codec import dump_state
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.replaying import drain
from edge_agent.settings import Settings
from edge_agent.shelf.facts import Tick
from edge_agent.simulation.recording import MIDNIGHT_AT
from edge_agent.simulation.shop import demo_settings
from edge_agent.store.store import DATABASE, Store
from edge_agent.tallies import quantile
from scripts.bench.scripted import Message, Told, script

DAY_S = 86400.0
MOST_SNAPSHOT_BYTES, MOST_SLOWER = 1_000_000, 1.5
DRAIN_EVERY = 200


@dataclass(slots=True)
class Month:
    """What was measured in `days` days from `first_day` on; sizes are the largest seen."""

    first_day: int
    days: int = 0
    seconds: list[float] = field(default_factory=list)
    snapshot_bytes: int = 0
    unpacked_bytes: int = 0
    database_bytes: int = 0
    rss_mb: float = 0.0

    def figures(self) -> dict[str, float]:
        """The figures of the month: milliseconds, kilobytes, megabytes."""
        p50, p99, most = (1000.0 * (quantile(self.seconds, q) or 0.0) for q in (0.5, 0.99, 1.0))
        return {
            "first_day": self.first_day,
            "days": self.days,
            "inputs": len(self.seconds),
            "p50_ms": round(p50, 3),
            "p99_ms": round(p99, 3),
            "max_ms": round(most, 2),
            "mean_ms": round(1000.0 * sum(self.seconds) / max(1, len(self.seconds)), 3),
            "snapshot_kb": round(self.snapshot_bytes / 1000, 1),
            "unpacked_kb": round(self.unpacked_bytes / 1000, 1),
            "database_mb": round(self.database_bytes / 1e6, 2),
            "rss_mb": round(self.rss_mb, 1),
        }


@dataclass(frozen=True, slots=True)
class Course:
    """What to run through: days, how busy they are, and how many make a month."""

    days: int = 365
    visits_per_day: float = 200.0
    adversarial: float = 0.4
    month_days: int = 30
    seed: int = 1


def main() -> int:
    """Measure and print; 1 where age costs something."""
    wanted = _arguments()
    course = Course(wanted.days, wanted.visits, wanted.adversarial, wanted.month_days, wanted.seed)
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        months = run(demo_settings(), course, Path(folder), _progress)
    rows = [month.figures() for month in months]
    print_table(
        ["from day>", "days>", "inputs>", "p50 ms>", "p99 ms>", "max ms>", "mean ms>",
         "snapshot kB>", "unpacked kB>", "database MB>", "memory MB>"],
        [tuple(row.values()) for row in rows],
        "nothing was measured",
    )  # fmt: skip
    if wanted.json:
        found = {"course": asdict(course), "months": rows}
        wanted.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    large = max(month.snapshot_bytes for month in months) > MOST_SNAPSHOT_BYTES
    full = rows[1:-1] or rows
    slower = full[-1]["p50_ms"] > MOST_SLOWER * full[0]["p50_ms"]
    return int(large or slower)


def run(
    settings: Settings, course: Course, folder: Path, progress: Callable[[Month], None]
) -> list[Month]:
    """Run the days through a ledger whose store is in `folder`; the months as measured."""
    store = Store.open(folder / "state")
    ledger = Ledger(settings, store)
    inbox = Inbox(ledger, Verifier(None, False), settings, store)
    months = [Month(0)]
    told = script(
        settings, course.seed, MIDNIGHT_AT, course.days,
        course.visits_per_day, course.adversarial,
    )  # fmt: skip
    one = next(told, None)
    try:
        for day in range(course.days):
            day_ends_at = MIDNIGHT_AT + DAY_S * (day + 1)
            if months[-1].days == course.month_days:
                progress(months[-1])
                months.append(Month(day))
            while one is not None and one.at < day_ends_at:
                _tick(ledger, one.at, months[-1])
                _timed(partial(_tell, one, ledger, inbox), months[-1])
                if len(months[-1].seconds) % DRAIN_EVERY == 0:
                    _empty_outbox(store)
                one = next(told, None)
            _tick(ledger, day_ends_at, months[-1])
            _end_day(ledger, store, folder, day_ends_at, months[-1])
    finally:
        store.close()
    return months


def _tell(told: Told, ledger: Ledger, inbox: Inbox) -> None:
    if isinstance(told, Message):
        inbox.receive(told.topic, told.payload, told.at)
    else:
        ledger.take(told)


def _tick(ledger: Ledger, until: float, month: Month) -> None:
    while ledger.due_at is not None and ledger.due_at <= until:
        _timed(partial(ledger.take, Tick(ledger.due_at)), month)


def _timed(work: Callable[[], object], month: Month) -> None:
    began_s = time.perf_counter()
    work()
    month.seconds.append(time.perf_counter() - began_s)


def _end_day(ledger: Ledger, store: Store, folder: Path, now: float, month: Month) -> None:
    """Tidy as upkeep does, and look at the sizes."""
    _empty_outbox(store)
    ledger.tidy(now)
    month.days += 1
    unpacked = len(json.dumps(dump_state(ledger.state), separators=(",", ":")))
    database = sum(f.stat().st_size for f in (folder / "state").glob(f"{DATABASE}*"))
    month.snapshot_bytes = max(month.snapshot_bytes, _stored_snapshot(folder / "state" / DATABASE))
    month.unpacked_bytes = max(month.unpacked_bytes, unpacked)
    month.database_bytes = max(month.database_bytes, database)
    month.rss_mb = max(month.rss_mb, _rss_mb())


def _stored_snapshot(database: Path) -> int:
    """Bytes of the largest snapshot in a database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (size,) = connection.execute("select max(length(state)) from snapshot").fetchone()
    return int(size)


def _empty_outbox(store: Store) -> None:
    for _ in drain(store):
        pass


def _rss_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _progress(month: Month) -> None:
    print(json.dumps(month.figures()), file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--visits", type=float, default=200.0, help="a day")
    parser.add_argument("--adversarial", type=float, default=0.4, help="share of such visits")
    parser.add_argument("--month-days", type=int, default=30, help="days that one line sums up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the state folder is made, and removed")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
