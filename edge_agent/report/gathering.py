"""Reads a report's cells from the store: folded days and kept details together."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, tzinfo

from edge_agent.report.cells import Cells, Uncountable, add
from edge_agent.report.span import Span
from edge_agent.report.tallying import DAY_S, tally
from edge_agent.store.history import Detail
from edge_agent.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The cells of a span; `first_day` is the first one that anything is known of."""

    cells: Cells
    names: dict[str, str]
    first_day: date | None
    uncountable: int

    def notes(self, span: Span) -> tuple[str, ...]:
        """What a reader should know before trusting the figures."""
        notes = []
        if not self.cells:
            notes.append("nothing is recorded in these days, not even that the shelf was watched.")
        if self.first_day is not None and span.first < self.first_day:
            notes.append(f"the records begin on {self.first_day}.")
        if self.uncountable:
            notes.append(
                f"{self.uncountable} stored things could not be read and are not counted; "
                "`edge-agent doctor` checks the state."
            )
        return tuple(notes)


def gather(store: Store, span: Span, zone: tzinfo | None) -> Gathered:
    """Everything that happened in the span, as far as the store knows it."""
    first, last = span.first.toordinal(), span.last.toordinal()
    cells = store.history.cells(first, last)
    names: dict[str, str] = {}
    uncountable = 0
    # A thing is told after it happened; the day before makes up for clocks that were set.
    for detail in store.history.details(span.starts_at(zone) - DAY_S):
        try:
            found = tally(detail.kind, detail.payload, detail.at, zone)
        except Uncountable as error:
            log.warning("%s %s: %s", detail.kind, detail.key, error)
            uncountable += 1
            continue
        add(cells, {cell: sums for cell, sums in found.items() if first <= cell.day <= last})
        names.update(_names(detail))
    return Gathered(cells, names, _first_day(store, cells), uncountable)


def _names(detail: Detail) -> dict[str, str]:
    if detail.kind != "case":
        return {}
    return {line["sku"]: line["name"] for line in detail.payload["lines"] if line["sku"]}


def _first_day(store: Store, cells: Cells) -> date | None:
    days = [store.history.first_day(), min((cell.day for cell in cells), default=None)]
    return min((date.fromordinal(day) for day in days if day is not None), default=None)


def catalogue_names(store: Store) -> dict[str, str]:
    """Product names as the agent knows them, from the last snapshot of its state."""
    snapshot, _ = store.journal.load()
    products = snapshot["catalogue"]["products"] if snapshot else {}
    return {sku: product["name"] for sku, product in products.items()}
