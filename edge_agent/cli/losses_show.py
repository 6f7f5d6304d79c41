"""`edge-agent losses show`: one case whole, in the terminal or as a page."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import (
    PIPE_WIDTH,
    amount,
    local_time,
    print_json,
    print_table,
    say,
    sure,
)
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.out_file import write_out
from edge_agent.cli.shop_commands import open_store
from edge_agent.errors import StoreError

if TYPE_CHECKING:
    from edge_agent.case_file import CaseFile

CaseId = Annotated[str, typer.Argument(metavar="ID", help="The case, as `losses list` names it.")]

# A trace that is wider says nothing more; a terminal that is narrower than the least wraps it.
WIDEST_TRACE, LEAST_TRACE, TRACE_HEIGHT = 72, 40, 8


def show(
    case_id: CaseId,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write one page to keep, send or print."),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Show one case whole.

    What is missing and why it was found, what happened in the order of time, the weight around
    each change, the payments, the match, and where its pictures are.
    """
    file = case_file(case_id, state)
    if html is not None:
        from edge_agent.case_page import case_page

        write_out(html, case_page(file), "--html")
    if as_json:
        print_json(_as_json(file, html))
    elif html is not None:
        say(f"{html}: case {file.case_id}, one page without further files.")
    else:
        _print_case(file)


def case_file(case_id: str, state: Path | None) -> CaseFile:
    """Read a case from the agent's state; UsageError for one that is not there."""
    from edge_agent.case_file import read_case
    from edge_agent.settings_file import find_state

    with open_store(state) as store:
        return read_case(store, find_state(state), case_id)


def _as_json(file: CaseFile, html: Path | None) -> dict[str, Any]:
    return {
        **file.case,
        "evidence_files": {
            p.evidence_id: None if p.path is None else str(p.path) for p in file.pictures
        },
        "reason": file.reason,
        "file": None if html is None else str(html),
    }


def _print_case(file: CaseFile) -> None:
    from edge_agent.case_story import in_local_time

    case = file.case
    resolution = f", {case['resolution']}" if case["resolution"] else ""
    say(f"Case {case['case_id']}, revision {case['revision']}: {case['state']}{resolution}")
    say_wrapped(in_local_time(case["explanation"], case["started_at"]))
    say("")
    if case["started_at"]:
        say(f"Happened: {local_time(case['started_at'])} to {local_time(case['ended_at'])[11:]}")
    say(f"Opened:   {local_time(case['opened_at'])}")
    if case["visit_id"]:
        say(f"Visit:    {case['visit_id']}")
    say(f"Value:    {amount(case['value'], file.currency)}, {sure(case['confidence'])} sure")
    say(f"Payments: {', '.join(case['payments']) or 'none'}")
    _print_lines(file)
    _print_timeline(file)
    _print_traces(file)
    _print_payments(file)
    _print_match(file)
    _print_pictures(file)


def _print_pictures(file: CaseFile) -> None:
    from edge_agent.cli.inline_pictures import print_kept, terminal_protocol

    protocol = terminal_protocol() if file.pictures else None
    for picture in file.pictures:
        say(f"Picture:  {picture.path or f'{picture.evidence_id} (no longer kept here)'}")
        if protocol is not None and picture.path is not None:
            print_kept(picture.path, protocol)


def say_wrapped(sentence: str) -> None:
    """Print a sentence in lines that fit the terminal; as one line where there is none."""
    if not sys.stdout.isatty():
        say(sentence)
        return
    # rich knows how wide Chinese letters are.
    from rich.console import Console
    from rich.text import Text

    Console(width=min(_width(), 100), highlight=False).print(Text(sentence))


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def _print_lines(file: CaseFile) -> None:
    print_table(
        ("kind", "quantity>", "product", "sku", "plate", "value>", "paid as", "sure>"),
        [
            (
                line["kind"],
                line["quantity"],
                line["name"],
                line["sku"],
                line["plate"],
                amount(line["value"], file.currency),
                file.names.get(line.get("paid_as", ""), line.get("paid_as")),
                sure(line["confidence"]),
            )
            for line in file.case["lines"]
        ],
        "No lines.",
    )


def _print_timeline(file: CaseFile) -> None:
    from edge_agent.case_story import timeline

    say("What happened")
    rows: list[tuple[str, str, str]] = []
    day = ""
    for moment in timeline(file):
        at = local_time(moment.at)
        # The date stands where it changes: most cases are over in minutes.
        rows.append((at if at[:10] != day else at[11:], moment.where, moment.what))
        day = at[:10]
    print_table(("when>", "where", "what"), rows, "Nothing is known of it.")


def _print_traces(file: CaseFile) -> None:
    if not file.traces:
        if file.changes:
            say("No weight traces are kept of its changes.\n")
        return
    from edge_agent.cli.change_pictures import plot_of
    from edge_agent.plot.characters import to_lines

    width = max(LEAST_TRACE, min(WIDEST_TRACE, _width() - 12))
    for change in file.changes:
        samples = file.traces.get(change["change_id"])
        if samples is None:
            say(f"Change {change['change_id']}: no weight trace is kept of it.")
        else:
            try:
                plot = plot_of(change, samples, file.names)
            except StoreError as error:
                say(f"Change {change['change_id']}: {error}")
                continue
            say_wrapped(plot.title)
            say("\n".join([plot.subtitle, *to_lines(plot, width, TRACE_HEIGHT)]))
        say("")


def _print_payments(file: CaseFile) -> None:
    if not file.payments:
        return
    from edge_agent.case_story import goods

    day = local_time(file.case["started_at"] or file.case["opened_at"])[:10]
    say("Payments that were considered")
    print_table(
        ("payment", "state", "begun", "paid", "goods", "paid>"),
        [
            (
                payment["payment_id"],
                payment["state"],
                _on(day, payment["opened_at"]),
                _on(day, payment["paid_at"]),
                goods(payment["lines"], file.names),
                amount(payment["paid"], file.currency),
            )
            for payment in file.payments
        ],
        "",
    )


def _on(day: str, moment: str | None) -> str:
    """A time of that day, or with its own date."""
    return local_time(moment).removeprefix(day).strip()


def _print_match(file: CaseFile) -> None:
    if file.reason is None:
        say("Why it was found so is not kept: that is so for cases of an older agent.\n")
        return
    if not file.reason["units"]:
        return
    from edge_agent.case_story import alike, outcome_of, thing_of

    say("What left, and what became of it")
    print_table(
        ("left", "plate", "what", "became", "value>"),
        [
            (
                local_time(unit["taken_at"])[11:],
                unit["plate"],
                f"{count} × {thing_of(unit, file)}",
                outcome_of(unit, file),
                amount(count * unit["value"], file.currency) if unit["kind"] else "",
            )
            for count, unit in alike(file.reason["units"])
        ],
        "",
    )
    say(f"Prices of the alternatives: edge-agent losses why {file.case_id}")
