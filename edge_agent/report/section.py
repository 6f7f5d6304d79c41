"""A table of words under a heading. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; a `wide` one has no room in a terminal of 80 columns."""

    title: str
    is_text: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table under a heading; `empty` is said where it has no rows, `remark` below it."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    empty: str = "None."
    remark: str = ""

    def narrow(self) -> Section:
        """Without the columns that are only for wide media."""
        kept = [n for n, column in enumerate(self.columns) if not column.wide]
        return Section(
            self.name,
            self.title,
            [self.columns[n] for n in kept],
            [[row[n] for n in kept] for row in self.rows],
            self.empty,
            self.remark,
        )
