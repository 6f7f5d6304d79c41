"""The report in a terminal of 80 columns or more."""

from __future__ import annotations

import textwrap

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge_agent.report.figures import Report
from edge_agent.report.section import Section
from edge_agent.report.sections import headline, sections, title_of
from edge_agent.report.words import METHOD

PIPE_WIDTH = 100  # a report that goes to a file or a pager reads well at this
TEXT_WIDTH = 78


def print_report(report: Report, console: Console) -> None:
    """Print every section that has something to say, and a line for those that have not."""
    console.print(
        Text(title_of(report), style="bold"),
        Text(f"({report.span.days} days, {report.zone}; money in {report.currency})", style="dim"),
    )
    for line in headline(report):
        _say(line, console)
    for note in report.notes:
        _say(f"Note: {note}", console, "yellow")
    quiet = []
    for section in sections(report):
        if section.rows:
            _print_section(section.narrow(), console)
        else:
            quiet.append(section.title.lower())
    if quiet:
        console.print()
        _say(f"Nothing to tell of: {'; '.join(quiet)}.", console)
    console.print()
    _say(METHOD, console, "dim")


def _say(text: str, console: Console, style: str = "") -> None:
    for line in textwrap.wrap(text, min(TEXT_WIDTH, console.width)):
        console.print(Text(line, style=style))


def _print_section(section: Section, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for place, column in enumerate(section.columns):
        if column.is_text:
            table.add_column(Text(column.title), no_wrap=True, overflow="ellipsis")
        else:
            width = max(len(column.title), *(len(row[place]) for row in section.rows))
            table.add_column(Text(column.title), justify="right", no_wrap=True, min_width=width)
    for row in section.rows:
        table.add_row(*map(Text, row))
    console.print()
    console.print(Text(section.title, style="bold"))
    console.print(table)
    if section.remark:
        _say(section.remark, console, "dim")
