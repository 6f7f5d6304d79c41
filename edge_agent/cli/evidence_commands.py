"""`edge-agent evidence list | erase`: the pictures that are kept of changes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import local_time, note, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State, Yes
from edge_agent.cli.shop_commands import open_store

if TYPE_CHECKING:
    from edge_agent.evidence_erasing import Which

evidence = typer.Typer(
    help="The pictures that are kept of changes.",
    epilog="Example: edge-agent evidence list",
    no_args_is_help=True,
)

CaseOption = Annotated[
    str | None, typer.Option("--case", metavar="ID", help="The pictures of this case.")
]

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Pictures, as `list` names them.")
]
Before = Annotated[
    str | None,
    typer.Option("--before", metavar="DATE", help="Those from before a date, or 24h, 7d ago."),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(evidence, name="evidence")


@evidence.command(name="list", epilog="Example: edge-agent evidence list --case C1772366400000")
def list_(
    case_id: CaseOption = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """List the pictures that are kept, the oldest first.

    People are unrecognisable in them, unless the settings say blur_people = false.
    """
    rows = _kept(case_id, state)
    if as_json:
        print_json(rows)
        return
    print_table(
        ("picture", "change", "taken", "kB>", "told the cloud"),
        [
            (
                row["evidence_id"],
                row["change_id"],
                local_time(row["at"]),
                -(-row["bytes"] // 1000),
                "yes" if row["published"] else "no",
            )
            for row in rows
        ],
        "No pictures are kept." if case_id is None else f"No picture of case {case_id} is kept.",
    )


def _kept(case_id: str | None, state: Path | None) -> list[dict[str, Any]]:
    from edge_agent.evidence_erasing import Which, named
    from edge_agent.settings_file import find_state

    folder = find_state(state) / "evidence"
    with open_store(state) as store:
        wanted = None if case_id is None else named(store, Which(case_id=case_id))
        return [
            {
                "evidence_id": e.evidence_id,
                "change_id": e.change_id,
                "at": e.at,
                "bytes": e.bytes,
                "file": str(folder / e.file),
                "published": store.journal.has_taken("evidence", e.evidence_id),
            }
            for e in store.views.evidence()
            if wanted is None or e.evidence_id in wanted
        ]


@evidence.command(name="erase", epilog="Example: edge-agent evidence erase --case C1772366400000")
def erase_(
    ids: Ids = None,
    case_id: CaseOption = None,
    before: Before = None,
    all_: Annotated[bool, typer.Option("--all", help="Every picture.")] = False,
    yes: Yes = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Erase pictures for good.

    From the disk, and from what waits to be sent; cases keep their words and lose their pictures.
    What the cloud has had, it must erase itself: the ids are told. Through the running agent, or
    where none runs directly.
    """
    from edge_agent.settings_file import find_state

    which = _which(ids, case_id, before, all_)
    folder = find_state(state)
    if not yes and sys.stdin.isatty():
        _confirm(which, state)
    done = _erase(which, folder)
    if as_json:
        print_json(done)
        return
    say(f"{len(done['erased'])} pictures erased, {done['files']} files.")
    if done["published"]:
        note(
            f"The cloud has had {len(done['published'])} of them; ask the operator to erase there: "
            + ", ".join(done["published"])
        )


def _which(ids: list[str] | None, case_id: str | None, before: str | None, all_: bool) -> Which:
    import time

    from edge_agent.cli.moments import parse_since
    from edge_agent.evidence_erasing import Which

    until = None if before is None else parse_since(before, time.time(), "--before")
    which = Which(tuple(ids or ()), case_id, until, all_)
    which.check()
    return which


def _confirm(which: Which, state: Path | None) -> None:
    from edge_agent.evidence_erasing import named

    with open_store(state) as store:
        count = len(named(store, which))
    typer.confirm(f"Erase {count} pictures for good?", default=False, abort=True, err=True)


def _erase(which: Which, folder: Path) -> dict[str, Any]:
    from edge_agent.control_client import ask
    from edge_agent.errors import AgentNotRunning
    from edge_agent.evidence_erasing import erase
    from edge_agent.store import Store
    from edge_agent.vision.evidence.folder import EvidenceFolder

    try:
        return dict(ask(folder, which.request()))
    except AgentNotRunning:
        # Makes no state where there is none: `--state` may be a slip.
        Store.read_only(folder).close()
        store = Store.open(folder)
        try:
            return erase(store, EvidenceFolder(folder / "evidence"), which).payload()
        finally:
            store.close()
