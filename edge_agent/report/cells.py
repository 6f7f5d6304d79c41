"""Tallies that add up: what happened on a local day, along one axis, as five sums. Pure.

Everything in a report is reckoned from such cells, whether they come from kept details or from days
that were folded long ago. That is why folding cannot change a report.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Literal, NamedTuple

from edge_agent.errors import EdgeAgentError

Axis = Literal["hour", "product", "plate", "kind", "outcome", "delay", "cost", "reason"]


class Uncountable(EdgeAgentError, ValueError):
    """A stored thing lacks what a tally needs: another program or a damaged card wrote it."""


class Cell(NamedTuple):
    """What a sum is of: the local day (`date.toordinal`), an axis, a key on it, a measure."""

    day: int
    axis: str
    key: str
    measure: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Events, units and minor units of money; and the squares of each event's units and value.

    The squares are summed over events (a case), not over units, for what one case took went
    together: they give the variance of a total of independent events (`intervals`).
    """

    events: int = 0
    units: int = 0
    value: int = 0
    units_sq: int = 0
    value_sq: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.events + other.events,
            self.units + other.units,
            self.value + other.value,
            self.units_sq + other.units_sq,
            self.value_sq + other.value_sq,
        )

    def __neg__(self) -> Sums:
        return Sums(*(-figure for figure in astuple(self)))

    @classmethod
    def of_event(cls, units: int, value: int) -> Sums:
        """One event of so many units and so much money."""
        return cls(1, units, value, units * units, value * value)


NOTHING = Sums()

Cells = dict[Cell, Sums]


def add(into: Cells, more: Mapping[Cell, Sums]) -> None:
    """Add cells to others in place; what comes to nothing is dropped."""
    for cell, sums in more.items():
        known = into.get(cell)
        total = sums if known is None else known + sums
        if total != NOTHING:
            into[cell] = total
        elif known is not None:
            del into[cell]


def negative(cells: Mapping[Cell, Sums]) -> Cells:
    """The cells that take these back."""
    return {cell: -sums for cell, sums in cells.items()}


def total_of(cells: Iterable[Sums]) -> Sums:
    """All of them together."""
    total = NOTHING
    for sums in cells:
        total += sums
    return total


def dump_cells(cells: Mapping[Cell, Sums]) -> str:
    """Cells as compact JSON; zeros at the end of a row are left out."""
    rows = []
    for cell, sums in cells.items():
        row: list[Any] = [*cell, *astuple(sums)]
        while row[-1] == 0:
            row.pop()
        rows.append(row)
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def load_cells(text: str) -> Cells:
    """What `dump_cells` wrote."""
    return {Cell(*row[:4]): Sums(*row[4:]) for row in json.loads(text)}
