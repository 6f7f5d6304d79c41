"""`edge-agent report`: losses, sales, visits and the time watched over days."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.console import note, print_json
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.out_file import write_out
from edge_agent.cli.shop_commands import open_store

if TYPE_CHECKING:
    from edge_agent.report.figures import Report
    from edge_agent.report.span import Span
    from edge_agent.settings import Settings

From = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first day, as 2026-03-01.")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="The last day, itself included.")
]
Last = Annotated[
    str | None,
    typer.Option("--last", metavar="TIME", help="Today and the days before: 7d, 4w. Else 30d."),
]
AsCsv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write one long table, for spreadsheets."),
]
AsHtml = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write one page with plots.")
]


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command(epilog="Example: edge-agent report --from 2026-03-01 --to 2026-03-31")(report)


def report(
    from_: From = None,
    to: To = None,
    last: Last = None,
    csv: AsCsv = None,
    html: AsHtml = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Report losses by product, plate, time and kind.

    Each rate has its 95 % interval. Whole days of the shelf's local time; the last 30, unless told
    otherwise. Also: paid late, coupons and gifts, refunds due, restocks, visits, time watched.
    """
    from edge_agent.report.span import parse_span
    from edge_agent.settings_file import find_settings, load_settings

    now = time.time()
    span = parse_span(from_, to, last, datetime.fromtimestamp(now).date())
    settings = load_settings(find_settings(config))
    made = _make(settings, state, span, now)
    if csv is not None:
        from edge_agent.report.rows import to_csv

        _write(csv, to_csv(made), "--csv")
    if html is not None:
        from edge_agent.report.as_page import report_page

        _write(html, report_page(made), "--html")
    if as_json:
        from edge_agent.report.rows import to_tree

        print_json(to_tree(made))
    elif csv is None and html is None:
        _print(made)


def _make(settings: Settings, state: Path | None, span: Span, now: float) -> Report:
    from edge_agent.report.gathering import catalogue_names, gather
    from edge_agent.report.reckoning import Circumstances, make_report

    with open_store(state) as store:
        gathered = gather(store, span, None)
        names = gathered.names | {p.sku: p.name for p in settings.product} | catalogue_names(store)
    circumstances = Circumstances(
        shelf_id=settings.shelf_id,
        currency=settings.currency,
        zone=datetime.fromtimestamp(now).astimezone().tzname() or "local time",
        made_at=now,
        today=datetime.fromtimestamp(now).date(),
        span=span,
        span_s=span.seconds(now, None),
        names=names,
        plates=tuple(plate.id for plate in settings.plate),
        notes=gathered.notes(span),
    )
    return make_report(gathered.cells, circumstances)


def _print(made: Report) -> None:
    from rich.console import Console

    from edge_agent.report.as_text import PIPE_WIDTH, print_report

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    print_report(made, Console(width=width, highlight=False))


def _write(file: Path, text: str, option: str) -> None:
    write_out(file, text, option)
    note(f"{file}: written.")
