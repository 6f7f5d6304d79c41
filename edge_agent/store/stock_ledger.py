"""The ledger of units on the disk: rows that are only ever added, each sealed to the one before.

A row's seal is sha256(seal of the row before + the row as compact JSON); the first row follows the
seal of nothing, 32 zero bytes. How many rows there are and the last seal stand in `meta`, written
with each row, so that rows missing at the end are found too. It shows what was altered, lost or put
in another place by a failing card or a curious hand; it is no signature.

Rows older than `KEPT_DAYS` are folded into one opening row: the balance of every account by
product, the number and the seal of the last row folded, and a seal of its own over all of it and
over the seal of the opening row before it. The next row's seal follows that of the last one folded,
so the chain goes on unbroken.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from edge_agent.store.database import StateDatabase, to_json

KEPT_DAYS = 400
HEAD = "stock ledger"
NOTHING = bytes(32)
_COLUMNS = "number, at, {}, units, {}, {}, {}, {}, {}, reverses, seal"
_TEXTS = ("sku", "source", "target", "reason", "about", "cause")
_SELECT = f"select {_COLUMNS.format(*_TEXTS)} from stock_entry"
# A text that the card has altered may not be one any more.
_SELECT_RAW = f"select {_COLUMNS.format(*(f'cast({t} as blob)' for t in _TEXTS))} from stock_entry"
_BATCH = 5000

Balances = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """`units` of a product that went from account `source` to `target`, at Unix seconds `at`.

    `about` is the change, or the count of a plate, that moved them, `cause` the input that made the
    entry needed; `reverses` is 1 where it takes back what had been entered before, else 0.
    """

    number: int
    at: float
    sku: str
    units: int
    source: str
    target: str
    reason: str
    about: str
    cause: str
    reverses: int

    def sealed(self, before: bytes) -> bytes:
        """The seal of this row after one with the seal `before`."""
        return _seal(before, list(_values_of(self)))


_values_of = attrgetter(*(field.name for field in fields(StoredEntry)))


@dataclass(frozen=True, slots=True)
class Opening:
    """What the folded rows had come to: units by (SKU, account) up to row `number`.

    `seal` is that of the last row folded, `own_seal` this row's own, `before` that of the opening
    row before it.
    """

    number: int
    at: float
    balances: Balances
    seal: bytes
    before: bytes
    own_seal: bytes

    def sealed(self) -> bytes:
        """What the row's own seal has to be."""
        return _seal(self.before, [self.number, self.at, _listed(self.balances), self.seal.hex()])


def _seal(before: bytes, row: list[Any]) -> bytes:
    return hashlib.sha256(before + to_json(row).encode("utf-8")).digest()


def _listed(balances: Balances) -> list[list[Any]]:
    return [[sku, account, n] for (sku, account), n in sorted(balances.items()) if n]


class StockLedger:
    """Adds entries, lists them, and folds those of long ago."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    @property
    def is_open(self) -> bool:
        """Whether anything was ever entered, if only that there was nothing."""
        return self.head is not None

    @property
    def head(self) -> tuple[int, bytes] | None:
        """The number of the last row and its seal; None before the first posting.

        Raises ValueError where it cannot be read.
        """
        text = self._db.value("select value from meta where key = ?", (HEAD,))
        if text is None:
            return None
        number, seal = str(text).split()
        return int(number), bytes.fromhex(seal)

    def append(self, at: float, payload: dict[str, Any]) -> None:
        """Add the entries of one input, `{"cause", "entries": […]}`; call it inside `atomic()`."""
        number, seal = self.head or (0, NOTHING)
        for told in payload["entries"]:
            number += 1
            entry = StoredEntry(
                number=number,
                at=float(at),
                cause=payload["cause"],
                **{**told, "reverses": int(told["reverses"])},
            )
            seal = entry.sealed(seal)
            self._db.execute(
                "insert into stock_entry values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*_values_of(entry), seal),
            )
        self._db.execute(
            "insert or replace into meta values (?, ?)", (HEAD, f"{number} {seal.hex()}")
        )

    def entries(
        self,
        *,
        since: float | None = None,
        account: str | None = None,
        sku: str | None = None,
        limit: int | None = None,
    ) -> list[StoredEntry]:
        """Return the entries since a time, of one account, of one product; the newest `limit`,
        oldest first."""
        found = self._db.rows(
            f"{_SELECT} where at >= ?1 and (?2 is null or source = ?2 or target = ?2)"
            " and (?3 is null or sku = ?3) order by number desc limit ?4",
            (
                since if since is not None else -1e300,
                account,
                sku,
                limit if limit is not None else -1,
            ),
        )
        return [_entry(row) for row in reversed(found)]

    def sealed_entries(self) -> Iterator[tuple[StoredEntry, bytes]]:
        """Every row with its seal, in order, a few thousand in memory at a time.

        What is no text any more is read as far as it is one.
        """
        last = -(2**62)
        while True:
            rows = self._db.rows(
                f"{_SELECT_RAW} where number > ? order by number limit ?", (last, _BATCH)
            )
            for row in rows:
                texts = (
                    c.decode("utf-8", "replace") if isinstance(c, bytes) else c for c in row[:-1]
                )
                yield _entry([*texts, row[-1]]), row[-1]
            if len(rows) < _BATCH:
                return
            last = rows[-1][0]

    def opening(self) -> Opening | None:
        """The row into which those of long ago were folded; None where none were yet.

        Raises ValueError where it cannot be read.
        """
        rows = self._db.rows(
            "select number, at, balances, seal, before, own_seal from stock_opening"
            " order by number desc limit 1"
        )
        if not rows:
            return None
        number, at, balances, seal, before, own_seal = rows[0]
        units = Counter({(sku, account): n for sku, account, n in json.loads(balances)})
        return Opening(number, at, units, seal, before, own_seal)

    def balances(self) -> Balances:
        """Return the units by (SKU, account) of all entries ever."""
        opening = self.opening()
        found: Balances = Counter(opening.balances) if opening is not None else Counter()
        for sku, account, units in self._db.rows(
            "select sku, account, sum(units) from ("
            " select sku, target as account, units from stock_entry union all"
            " select sku, source, -units from stock_entry) group by sku, account"
        ):
            found[sku, account] += units
        return found

    def fold(self, now: float, limit: int = 500) -> int:
        """Fold up to `limit` rows older than `KEPT_DAYS` into the opening row; return how many.

        Only rows before which there is none younger. Call it inside `atomic()`; as many as `limit`
        means: call again.
        """
        opening = self.opening()
        balances: Balances = Counter(opening.balances) if opening is not None else Counter()
        last: tuple[StoredEntry, bytes] | None = None
        folded = 0
        rows = self._db.rows(f"{_SELECT} order by number limit ?", (limit,))
        for row in rows:
            entry = _entry(row)
            if entry.at >= now - KEPT_DAYS * 86400:
                break
            balances[entry.sku, entry.target] += entry.units
            balances[entry.sku, entry.source] -= entry.units
            last, folded = (entry, row[-1]), folded + 1
        if last is not None:
            before = opening.own_seal if opening is not None else NOTHING
            self._put_opening(Opening(last[0].number, last[0].at, balances, last[1], before, b""))
            self._db.execute("delete from stock_entry where number <= ?", (last[0].number,))
        return folded

    def _put_opening(self, opening: Opening) -> None:
        self._db.execute("delete from stock_opening")
        self._db.execute(
            "insert into stock_opening values (?, ?, ?, ?, ?, ?)",
            (
                opening.number,
                opening.at,
                to_json(_listed(opening.balances)),
                opening.seal,
                opening.before,
                opening.sealed(),
            ),
        )


def _entry(row: Sequence[Any]) -> StoredEntry:
    return StoredEntry(*row[:10])
