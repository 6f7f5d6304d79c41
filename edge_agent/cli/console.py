"""What commands print: tables for people, JSON for programs, notes on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

PIPE_WIDTH = 200  # a table that is not for a terminal is not squeezed into one


def print_json(value: Any) -> None:
    """Print a value as one line of JSON and flush it, for whoever reads along."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def say(text: str) -> None:
    """Print a line of the result."""
    print(text, flush=True)


def note(text: str) -> None:
    """Print a line about what goes on, beside the result."""
    print(text, file=sys.stderr, flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print rows under their columns, or the sentence `empty` where there is none.

    A column whose name ends in `>` is set flush right.
    """
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    # rich takes 40 ms to import, which no other command should pay for.
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    console.print(build_table(columns, cells))


def build_table(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> Any:
    """Make the rich table that `print_table` prints, for a live display."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        side: Any = "right" if name.endswith(">") else "left"
        # What is cut off with three dots may be what tells two payments apart.
        table.add_column(name.rstrip(">"), justify=side, overflow="fold")
    for row in cells:
        # Text, because a product's name may hold what rich takes for markup.
        table.add_row(*(Text(cell) for cell in row))
    return table


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def local_time(moment: str | float | None) -> str:
    """An RFC 3339 text or Unix seconds as the shelf's local time; empty for None."""
    if moment is None:
        return ""
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def amount(minor_units: int | None, currency: str) -> str:
    """Money in minor units as a person writes it: `3.50 CNY`; empty for None."""
    if minor_units is None:
        return ""
    from edge_agent.shelf.phrases import money

    return money(minor_units, currency)


def sure(confidence: float) -> str:
    """How sure the shelf is, as `97 %`."""
    from edge_agent.shelf.phrases import percent

    return f"{percent(confidence)} %"
