"""`edge-agent changes list | plot`: the latest changes, and what the weight did around one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.cli.change_words import grams_of, items_of, product_names, sure_of
from edge_agent.cli.console import local_time, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.out_file import write_out
from edge_agent.cli.shop_commands import open_store
from edge_agent.errors import UsageError

changes = typer.Typer(
    help="See what left and came, change by change.",
    epilog="Example: edge-agent changes list",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(changes, name="changes")


@changes.command(name="list", epilog="Example: edge-agent changes list --plate A1 --since 2h")
def list_(
    plate: Annotated[str | None, typer.Option("--plate", help="Only those of this plate.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="How long ago (90m, 24h, 7d), or a date."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 30,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """List the latest changes, the newest first."""
    from edge_agent.cli.moments import parse_since

    begin = None if since is None else parse_since(since, time.time())
    with open_store(state) as store:
        found = store.views.list("change", since=begin)
    found = [c for c in found if plate in (None, c["plate"])][:limit]
    if as_json:
        print_json(found)
        return
    names = product_names(config) if found else {}
    print_table(
        ("change", "settled", "plate", "grams>", "items", "sure>", "kind"),
        [
            (
                change["change_id"],
                local_time(change["settled_at"]),
                change["plate"],
                grams_of(change),
                items_of(change, names),
                sure_of(change),
                change["kind"],
            )
            for change in found
        ],
        "No changes yet." if since is None and plate is None else "No such changes.",
    )


@changes.command(epilog="Example: edge-agent changes plot last --out change.svg")
def plot(
    change_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="The change, as `changes list` names it, or `last`."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A picture: .svg or .png.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Show what the weight did around a change.

    In the terminal, or with --out as a picture. With --json the samples themselves, as seconds
    since the change began and grams.
    """
    from edge_agent.cli.change_pictures import picture_of, plot_of

    if out is not None and out.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"--out is {out}, and a picture ends in .svg or .png.")
    change, trace = _change_and_trace(change_id, state)
    drawn = plot_of(change, trace, product_names(config))
    if out is not None:
        write_out(out, picture_of(drawn, out.suffix.lower()), "--out")
    if as_json:
        samples = {
            "seconds": [round(t - drawn.began_at, 4) for t in drawn.times.tolist()],
            "grams": [round(g, 2) for g in drawn.grams.tolist()],
        }
        print_json({**change, **samples, "file": None if out is None else str(out)})
    elif out is not None:
        say(f"{out}: {drawn.title}")
    else:
        from edge_agent.plot.characters import to_lines

        say("\n".join([drawn.title, drawn.subtitle, "", *to_lines(drawn)]))


def _change_and_trace(change_id: str, state: Path | None) -> tuple[dict[str, Any], bytes]:
    with open_store(state) as store:
        if change_id == "last":
            newest = store.views.list("change", limit=1)
            change = newest[0] if newest else None
        else:
            change = store.views.get("change", change_id)
        if change is None:
            raise UsageError(
                f"There is no change {change_id!r}. See `edge-agent changes list` for those there "
                "are."
            )
        trace = store.traces.get(change["change_id"])
    if trace is None:
        raise UsageError(
            f"No trace of change {change['change_id']} is kept: one is there some seconds after "
            "it settled, for a month, unless nobody watched or the disk was full. Its figures are "
            "in `edge-agent changes list`."
        )
    return change, trace.samples
