"""`edge-agent losses list | show | why | confirm | dismiss`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.cli.console import amount, local_time, print_json, print_table, say, sure
from edge_agent.cli.losses_show import CaseId, show
from edge_agent.cli.losses_why import why
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.shop_commands import open_store

losses = typer.Typer(
    help="See the findings of loss, and confirm or dismiss them.",
    epilog="Example: edge-agent losses list",
    no_args_is_help=True,
)


class CaseState(StrEnum):
    """The states of a case (contract, section 3)."""

    PROVISIONAL = "provisional"
    OPEN = "open"
    CLOSED = "closed"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(losses, name="losses")


@losses.command(name="list", epilog="Example: edge-agent losses list --state-is open")
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
                sure(case["confidence"]),
            )
            for case in cases
        ],
        "No cases." if all_ or only else "No open cases; --all shows the closed ones.",
    )


def _short_line(line: dict[str, Any]) -> str:
    return f"{line['kind']}: {line['quantity']} × {line['name'] or line['sku'] or 'something'}"


losses.command(epilog="Example: edge-agent losses show C1772366400000 --html case.html")(show)
losses.command(epilog="Example: edge-agent losses why C1772366400000")(why)


@losses.command(epilog="Example: edge-agent losses confirm C1772366400000")
def confirm(
    case_id: CaseId, config: Config = None, state: State = None, as_json: AsJson = False
) -> None:
    """Close a case: the loss is real."""
    _judge(case_id, "confirmed", state, as_json)


@losses.command(epilog="Example: edge-agent losses dismiss C1772366400000")
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
