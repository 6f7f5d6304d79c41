"""Whether the stored ledger of units is whole: every row there, in its place, as it was written."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.store.stock_ledger import NOTHING, StockLedger


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that is wrong, by its number (None: what tells of the rows), and how."""

    number: int | None
    found: str


@dataclass(frozen=True, slots=True)
class Whole:
    """All rows are as they were written: how many are kept, and how many were ever."""

    rows: int
    ever: int


def check_chain(ledger: StockLedger) -> Whole | Broken:
    """Follow the seals from the first row to the last and compare them with the head.

    Read it in one transaction where an agent may be writing.
    """
    try:
        head = ledger.head
    except ValueError:
        return Broken(None, "the note of how many rows there are cannot be read")
    start = _start(ledger)
    if isinstance(start, Broken):
        return start
    number, seal = start
    rows = 0
    for entry, stored in ledger.sealed_entries():
        if entry.number != number + 1:
            return _gap(number + 1, entry.number)
        number, seal, rows = entry.number, entry.sealed(seal), rows + 1
        if stored != seal:
            return Broken(number, f"row {number} is not as it was written, or not in its place")
    return _end(head, number, seal, rows)


def _start(ledger: StockLedger) -> tuple[int, bytes] | Broken:
    """The number and the seal that the first row follows."""
    try:
        opening = ledger.opening()
    except ValueError:
        return Broken(None, "the opening row cannot be read")
    if opening is None:
        return 0, NOTHING
    if opening.sealed() != opening.own_seal:
        return Broken(opening.number, f"the opening row, up to {opening.number}, was altered")
    return opening.number, opening.seal


def _gap(expected: int, found: int) -> Broken:
    if found < expected:
        return Broken(found, f"row {found} should have been folded long ago")
    return Broken(expected, f"{_rows_are(expected, found - 1)} missing")


def _rows_are(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def _end(head: tuple[int, bytes] | None, number: int, seal: bytes, rows: int) -> Whole | Broken:
    if head is None:
        if number == 0:
            return Whole(0, 0)
        return Broken(None, f"the note of how many rows there are is missing; {number} are there")
    last, last_seal = head
    if number < last:
        return Broken(number + 1, f"{_rows_are(number + 1, last)} missing at the end")
    if number > last:
        return Broken(last + 1, f"row {last + 1} was added by something else")
    if seal != last_seal:
        return Broken(number, f"row {number} is not the one that was written last")
    return Whole(rows, number)
