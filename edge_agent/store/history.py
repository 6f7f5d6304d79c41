"""Days long gone, in few bytes: what happened is folded into tallies that add up.

The rule of retention. Details (what was told of changes, visits, cases, payments and restocks) are
kept for `evidence.retention_days`, cases that are not closed for as long as they are open. Older
ones are folded: their cells are added to the `tally` table, a receipt of what was added goes to
`folded`, and the details are deleted, all in one transaction. A thing is thus always counted once:
by its details or in the tallies. When something is told anew after it was folded, its receipt is
taken back from the tallies and its new details count. Tallies are kept for three years; receipts
for as long as a revision may still count (`report.tallying.COUNTED_DAYS`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from edge_agent.report.cells import (
    Cell,
    Cells,
    Sums,
    Uncountable,
    add,
    dump_cells,
    load_cells,
    negative,
)
from edge_agent.store.database import StateDatabase
from edge_agent.store.views import ViewKind

log = logging.getLogger(__name__)

COUNTED: tuple[ViewKind, ...] = ("change", "visit", "case", "payment", "restock")
# So many details at a time: they are first written to the WAL, and the loop waits meanwhile.
FOLDED_AT_ONCE = 200

_SELECT = f"select kind, key, at, payload from view where kind in ({','.join('?' * len(COUNTED))})"
_SETTLED = "not (kind = 'case' and coalesce(json_extract(payload, '$.state'), '') <> 'closed')"
_ADD = """
insert into tally values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set events = events + excluded.events, units = units + excluded.units,
    value = value + excluded.value, units_sq = units_sq + excluded.units_sq,
    value_sq = value_sq + excluded.value_sq
"""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is kept whole, as it was told last at `at` (Unix seconds)."""

    kind: str
    key: str
    at: float
    payload: dict[str, Any]


Tallier = Callable[[Detail], Cells]
"""Gives a detail's cells; Uncountable where it lacks something."""


class History:
    """Tallies by local day, and receipts of what was added to them."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def add(self, cells: Mapping[Cell, Sums]) -> None:
        """Add cells to the tallies."""
        with self._db.together():
            for cell, sums in cells.items():
                self._db.execute(_ADD, (*cell, *astuple(sums)))

    def fold(self, before: float, now: float, tally: Tallier, limit: int = FOLDED_AT_ONCE) -> int:
        """Fold up to `limit` details that were told before `before`; returns how many.

        As many as `limit` means: call again. All of it is on the disk, or nothing.
        """
        with self._db.together():
            found = self._db.rows(
                f"{_SELECT} and at < ? and {_SETTLED} limit ?", (*COUNTED, before, limit)
            )
            due = [_detail(row) for row in found]
            total: Cells = {}
            for detail in due:
                add(total, self._retire(detail, now, tally))
            self.add(total)
        return len(due)

    def _retire(self, detail: Detail, now: float, tally: Tallier) -> Cells:
        """Put a receipt in place of the details, and return the cells to be added for it."""
        try:
            cells = tally(detail)
        except Uncountable as error:
            log.warning("%s %s is dropped: %s", detail.kind, detail.key, error)
            cells = {}
        where = (detail.kind, detail.key)
        self.recall(*where)
        self._db.execute("delete from view where kind = ? and key = ?", where)
        self._db.execute(
            "insert into folded values (?, ?, ?, ?, ?)",
            (*where, now, detail.payload.get("revision", 0), dump_cells(cells)),
        )
        return cells

    def recall(self, kind: str, key: str) -> None:
        """Take a thing out of the tallies, where it was folded: its details are told anew."""
        found = self._db.rows("select cells from folded where kind = ? and key = ?", (kind, key))
        for (text,) in found:
            with self._db.together():
                self.add(negative(load_cells(text)))
                self._db.execute("delete from folded where kind = ? and key = ?", (kind, key))

    def revision(self, kind: str, key: str) -> int | None:
        """The revision in which a thing was folded; None where it was not."""
        found: int | None = self._db.value(
            "select revision from folded where kind = ? and key = ?", (kind, key)
        )
        return found

    def cells(self, first_day: int, last_day: int) -> Cells:
        """The tallies of these local days (ordinals, both included), without the kept details."""
        found = self._db.rows(
            "select * from tally where day between ? and ?", (first_day, last_day)
        )
        return {Cell(*row[:4]): Sums(*row[4:]) for row in found}

    def first_day(self) -> int | None:
        """The ordinal of the first day in the tallies; None where there is none yet."""
        found: int | None = self._db.value("select min(day) from tally")
        return found

    def details(self, since: float) -> Iterator[Detail]:
        """Everything kept whole that counts and was told at `since` or later."""
        for row in self._db.rows(f"{_SELECT} and at >= ?", (*COUNTED, since)):
            yield _detail(row)

    def prune(self, before_day: int, receipts_before: Mapping[str, float]) -> int:
        """Drop tallies of days before this ordinal and, by kind, receipts of folds before then.

        Returns how many rows were dropped.
        """
        with self._db.together():
            dropped = self._db.execute("delete from tally where day < ?", (before_day,))
            for kind, before in receipts_before.items():
                dropped += self._db.execute(
                    "delete from folded where kind = ? and at < ?", (kind, before)
                )
        return dropped


def _detail(row: Sequence[Any]) -> Detail:
    kind, key, at, text = row
    return Detail(kind, key, at, json.loads(text))
