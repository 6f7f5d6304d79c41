"""`edge-agent losses list | show | confirm | dismiss`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.cli.console import amount, local_time, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.shop_commands import open_store
from edge_agent.errors import UsageError

losses = typer.Typer(
    help="See the findings of loss, and confirm or dismiss them.",
    epilog="Example: edge-agent losses list",
    no_args_is_help=True,
)

CaseId = Annotated[str, typer.Argument(metavar="ID", help="The case, as `losses list` names it.")]


class CaseState(StrEnum):
    """The states of a case (contract, section 3)."""

    PROVISIONAL = "provisional"
    OPEN = "open"
    CLOSED = "closed"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(losses, name="losses")


@losses.command(name="list", epilog="Example: edge-agent losses list --state open")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Closed cases, too.")] = False,
    only: Annotated[
        CaseState | None, typer.Option("--state-is", help="Only cases in this state.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """List the cases, the newest first.

    Those that are not closed, unless told otherwise.
    """
    with open_store(state) as store:
        cases = store.views.list("case")
    if only is not None:
        cases = [c for c in cases if c["state"] == only.value]
    elif not all_:
        cases = [c for c in cases if c["state"] != "closed"]
    if as_json:
        print_json(cases)
        return
    print_table(
        ("case", "opened", "state", "what", "value>", "sure>"),
        [
            (
                case["case_id"],
                local_time(case["opened_at"]),
                case["state"] + (f" ({case['resolution']})" if case["resolution"] else ""),
                ", ".join(_short_line(line) for line in case["lines"]),
                amount(case["value"], case["currency"]),
                f"{100 * case['confidence']:.0f} %",
            )
            for case in cases
        ],
        "No cases." if all_ or only else "No open cases; --all shows the closed ones.",
    )


def _short_line(line: dict[str, Any]) -> str:
    return f"{line['kind']}: {line['quantity']} × {line['name'] or line['sku'] or 'something'}"


@losses.command(epilog="Example: edge-agent losses show C-1772366400000")
def show(
    case_id: CaseId, config: Config = None, state: State = None, as_json: AsJson = False
) -> None:
    """Show one case whole.

    Its lines, why it was found, its payments, and where its pictures are.
    """
    from edge_agent.settings_file import find_state

    with open_store(state) as store:
        case = store.views.get("case", case_id)
        if case is None:
            newest = ", ".join(c["case_id"] for c in store.views.list("case", limit=5))
            known = f"The newest are: {newest}" if newest else "There are none yet"
            raise UsageError(f"No case {case_id!r}. {known}; `edge-agent losses list --all`.")
        folder = find_state(state) / "evidence"
        pictures = [(e, store.views.get_evidence(e)) for e in case["evidence"]]
    files = {e: str(folder / kept.file) if kept else None for e, kept in pictures}
    if as_json:
        print_json({**case, "evidence_files": files})
    else:
        _print_case(case, files)


def _print_case(case: dict[str, Any], files: dict[str, str | None]) -> None:
    currency = case["currency"]
    resolution = f", {case['resolution']}" if case["resolution"] else ""
    say(f"Case {case['case_id']}, revision {case['revision']}: {case['state']}{resolution}")
    say(case["explanation"])
    if case["started_at"]:
        say(f"Happened: {local_time(case['started_at'])} to {local_time(case['ended_at'])[11:]}")
    say(f"Opened:   {local_time(case['opened_at'])}")
    if case["visit_id"]:
        say(f"Visit:    {case['visit_id']}")
    say(f"Value:    {amount(case['value'], currency)}, {100 * case['confidence']:.0f} % sure")
    say(f"Payments: {', '.join(case['payments']) or 'none'}")
    print_table(
        ("kind", "quantity>", "product", "sku", "plate", "value>", "paid as", "sure>"),
        [
            (
                line["kind"],
                line["quantity"],
                line["name"],
                line["sku"],
                line["plate"],
                amount(line["value"], currency),
                line.get("paid_as"),
                f"{100 * line['confidence']:.0f} %",
            )
            for line in case["lines"]
        ],
        "No lines.",
    )
    for evidence_id, file in files.items():
        say(f"Picture:  {file or f'{evidence_id} (no longer kept here)'}")


@losses.command(epilog="Example: edge-agent losses confirm C-1772366400000")
def confirm(
    case_id: CaseId, config: Config = None, state: State = None, as_json: AsJson = False
) -> None:
    """Close a case: the loss is real."""
    _judge(case_id, "confirmed", state, as_json)


@losses.command(epilog="Example: edge-agent losses dismiss C-1772366400000")
def dismiss(
    case_id: CaseId, config: Config = None, state: State = None, as_json: AsJson = False
) -> None:
    """Close a case: it was no loss."""
    _judge(case_id, "dismissed", state, as_json)


def _judge(case_id: str, verdict: str, state: Path | None, as_json: bool) -> None:
    from edge_agent.control_client import ask
    from edge_agent.settings_file import find_state

    # Only the running agent may write: it is the one writer of the state.
    request = {"ask": "verdict", "case_id": case_id, "verdict": verdict}
    answer = ask(find_state(state), request)
    if as_json:
        print_json(answer["case"])
    else:
        say(f"Case {case_id} is closed: {verdict}.")
