"""`edge-agent status | stock | visits | restock`: what the agent knows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import local_time, note, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.stock_command import stock

if TYPE_CHECKING:
    from edge_agent.store import Store

restock = typer.Typer(
    help="A restock by hand, when no order came over MQTT.",
    epilog="Example: edge-agent restock start",
    no_args_is_help=True,
)

Since = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="How long ago (90m, 24h, 7d), or a date.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(epilog="Example: edge-agent status")(status)
    app.command(epilog="Example: edge-agent stock --entries --plate A1 --since 7d")(stock)
    app.command(epilog="Example: edge-agent visits --since 2h")(visits)
    app.add_typer(restock, name="restock")


@contextmanager
def open_store(state: Path | None) -> Iterator[Store]:
    """The state to read from, beside the running agent."""
    from edge_agent.settings_file import find_state
    from edge_agent.store import Store

    store = Store.read_only(find_state(state))
    try:
        yield store
    finally:
        store.close()


def status(config: Config = None, state: State = None, as_json: AsJson = False) -> int:
    """Show how the shelf is doing.

    Where no agent runs: what it has stored, and exit status 1.
    """
    from edge_agent.control_client import ask
    from edge_agent.errors import AgentNotRunning
    from edge_agent.settings_file import find_state

    folder = find_state(state)
    try:
        found = {"running": True, **ask(folder, {"ask": "status"})}
    except AgentNotRunning as error:
        found = {"running": False, **_stored_status(state)}
        note(f"error: {error}")
    if as_json:
        print_json(found)
    else:
        for line in status_lines(found):
            say(line)
    return 0 if found["running"] else 1


def _stored_status(state: Path | None) -> dict[str, Any]:
    with open_store(state) as store:
        open_cases = [c for c in store.views.list("case") if c["state"] != "closed"]
        return {
            "last_status": store.views.get("status", "status"),
            "open_cases": len(open_cases),
            "outbox": store.outbox.depth,
            "levels_at": max((at for at, _, _ in store.views.levels().values()), default=None),
        }


def status_lines(found: dict[str, Any], indent: str = "") -> Iterator[str]:
    """A nested status as lines `name: value`; what is not known is left out."""
    for key, value in found.items():
        name = key.replace("_", " ")
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from status_lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{name}: {len(value) or 'none'}"
            for entry in value:
                yield f"{indent}  {_entry(entry)}"
        elif value is not None:
            yield f"{indent}{name}: {_said(key, value)}"


def _entry(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    if entry.keys() == {"what", "reason"}:
        return f"{entry['what']}: {entry['reason']}"
    return ", ".join(f"{k} {_said(k, v)}" for k, v in entry.items() if v is not None)


def _said(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and (key == "at" or key.endswith("_at")):
        return local_time(value)
    if isinstance(value, str) and key.endswith(("_at", "since")) and "T" in value:
        return local_time(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def visits(
    since: Since = "24h",
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """List the visits, the newest first.

    When, what was taken, what was paid, and whether it is short.
    """
    from edge_agent.cli.moments import parse_since

    begin = parse_since(since, time.time())
    with open_store(state) as store:
        found = store.views.list("visit", since=begin)
    if as_json:
        print_json(found)
        return
    print_table(
        ("visit", "began", "ended", "taken", "paid", "state", "case"),
        [
            (
                visit["visit_id"],
                local_time(visit["started_at"]),
                local_time(visit["ended_at"])[11:],
                _units(visit["taken"]),
                _units(visit["paid"]),
                visit["state"],
                visit["case_id"],
            )
            for visit in found
        ],
        f"No visits since {local_time(begin)}.",
    )


def _units(items: list[dict[str, Any]]) -> str:
    return ", ".join(f"{item['quantity']} × {item['sku']}" for item in items)


@restock.command(epilog="Example: edge-agent restock start")
def start(config: Config = None, state: State = None, as_json: AsJson = False) -> None:
    """Begin a restock: what changes from now on belongs to it and is no loss."""
    _restock("started", state, as_json)


@restock.command(epilog="Example: edge-agent restock finish")
def finish(config: Config = None, state: State = None, as_json: AsJson = False) -> None:
    """End the restock that was begun: from now on what leaves has to be paid again."""
    _restock("finished", state, as_json)


@restock.command(epilog="Example: edge-agent restock count A1 6901028075831=8")
def count(
    plate: Annotated[str, typer.Argument(help="The plate's id.")],
    items: Annotated[
        list[str], typer.Argument(metavar="SKU=N…", help="What stands there, each with its count.")
    ],
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Set what stands on a plate, as somebody has just counted it."""
    from edge_agent.cli.stock_words import counted_items
    from edge_agent.control_client import ask
    from edge_agent.settings_file import find_state

    told = counted_items(items)
    ask(find_state(state), {"ask": "count", "plate": plate, "items": told})
    if as_json:
        print_json({"plate": plate, "items": told})
    else:
        say(f"Plate {plate} holds what was counted: {_units(told)}.")


def _restock(now_is: str, state: Path | None, as_json: bool) -> None:
    from edge_agent.control_client import ask
    from edge_agent.settings_file import find_state

    answer = ask(find_state(state), {"ask": "restock", "state": now_is})
    if as_json:
        print_json(answer)
    else:
        say(f"Restock {answer['restock_id']} {now_is}.")
