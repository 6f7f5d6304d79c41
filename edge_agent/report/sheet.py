"""Cells of a span of days, looked up by axis, key and measure. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from edge_agent.report.cells import NOTHING, Cell, Cells, Sums, add, total_of


class Sheet:
    """Sums by (axis, key, measure), over days that no longer matter."""

    def __init__(self, sums: Mapping[tuple[str, str, str], Sums]) -> None:
        self._sums = sums

    @classmethod
    def of(cls, cells: Mapping[Cell, Sums], key: Callable[[Cell], str] | None = None) -> Sheet:
        """The sheet of these cells; `key` renames the key of the axis `hour`, else the
        hour of the day, `00` to `23`."""
        merged: Cells = {}
        for cell, sums in cells.items():
            name = key(cell) if key is not None and cell.axis == "hour" else cell.key
            add(merged, {Cell(0, cell.axis, name, cell.measure): sums})
        return cls({(c.axis, c.key, c.measure): sums for c, sums in merged.items()})

    def get(self, axis: str, key: str, *measures: str) -> Sums:
        """The sums of one key, of one or several measures together."""
        return total_of(self._sums.get((axis, key, measure), NOTHING) for measure in measures)

    def all(self, axis: str, *measures: str) -> Sums:
        """The sums of a whole axis."""
        return total_of(
            sums for (a, _, m), sums in self._sums.items() if a == axis and m in measures
        )

    def keys(self, axis: str) -> list[str]:
        """The keys that an axis has, in order."""
        return sorted({k for a, k, _ in self._sums if a == axis})


def by_weekday(cell: Cell) -> str:
    """The day of the week: `0` is Monday."""
    return str(date.fromordinal(cell.day).weekday())


def by_day(cell: Cell) -> str:
    """The date."""
    return date.fromordinal(cell.day).isoformat()


def by_weekday_and_hour(cell: Cell) -> str:
    """Both, as `0 23`."""
    return f"{by_weekday(cell)} {cell.key}"
