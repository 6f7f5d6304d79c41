"""`edge-agent stock`: what stands on every plate, and the entries that it comes from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import local_time, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.errors import UsageError

if TYPE_CHECKING:
    from edge_agent.store.stock_ledger import StoredEntry

MOST_SHOWN = 1000


def stock(
    entries: Annotated[
        bool, typer.Option("--entries", help="The ledger of units: every entry, the newest last.")
    ] = False,
    plate: Annotated[
        str | None, typer.Option("--plate", metavar="ID", help="Only this plate.")
    ] = None,
    sku: Annotated[
        str | None, typer.Option("--sku", metavar="SKU", help="Only this product.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="Entries since how long ago (90m, 24h, 7d), or a date.",
        ),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Show what stands on every plate, and what runs low.

    With --entries: what moved each unit, from which account to which. Accounts are plates,
    customer, sold, lost, restocked, written_off, opening and unexplained.
    """
    if entries:
        _show_entries(config, state, plate, sku, since, as_json=as_json)
    elif since is not None:
        raise UsageError("--since is for the entries: add --entries")
    else:
        _show_stock(config, state, plate, sku, as_json=as_json)


def _show_stock(
    config: Path | None, state: Path | None, plate: str | None, sku: str | None, *, as_json: bool
) -> None:
    from edge_agent.cli import stock_words
    from edge_agent.cli.change_words import product_names
    from edge_agent.cli.plate_stock import weight_g
    from edge_agent.cli.shop_commands import open_store

    with open_store(state) as store:
        told: dict[str, Any] = store.views.get("stock", "stock") or {"plates": []}
    found = stock_words.part_of(told, plate, sku)
    if as_json:
        print_json(found)
        return
    plates = found["plates"]
    names = product_names(config)
    weighed = stock_words.counts_by_weight(plates)
    print_table(
        ("plate", "weight g>", "product", "sku", "count>", "by weight>", "left"),
        [
            (
                row["plate"],
                weight_g(row),
                names.get(item["sku"], ""),
                item["sku"],
                stock_words.count(row, item),
                weighed.get((row["plate"], item["sku"]), ""),
                stock_words.left(row, item["sku"]),
            )
            for row in plates
            for item in stock_words.items_of(row)
        ],
        "Nothing was counted yet: the agent counts from the first weights it settles on."
        if not told["plates"]
        else "Nothing of that is on this shelf.",
    )
    for remark in stock_words.remarks(found):
        say(remark)


def _show_entries(
    config: Path | None,
    state: Path | None,
    plate: str | None,
    sku: str | None,
    since: str | None,
    *,
    as_json: bool,
) -> None:
    from edge_agent.cli.change_words import product_names

    found = _entries(state, plate, sku, since, limit=None if as_json else MOST_SHOWN)
    if as_json:
        print_json([_as_json(entry) for entry in found])
        return
    names = product_names(config)
    print_table(
        ("no>", "when", "units>", "product", "from", "to", "why", "about", "because of"),
        [
            (
                entry.number,
                local_time(entry.at),
                entry.units,
                names.get(entry.sku, entry.sku),
                entry.source,
                entry.target,
                entry.reason.replace("_", " "),
                entry.about,
                entry.cause,
            )
            for entry in found
        ],
        "No such entries.",
    )
    if len(found) == MOST_SHOWN:
        say(f"The newest {MOST_SHOWN}. More with --since, --plate, --sku, or all with --json.")


def _entries(
    state: Path | None, plate: str | None, sku: str | None, since: str | None, limit: int | None
) -> list[StoredEntry]:
    from edge_agent.cli.moments import parse_since
    from edge_agent.cli.shop_commands import open_store

    begin = parse_since(since, time.time()) if since is not None else None
    account = f"plate:{plate}" if plate is not None else None
    with open_store(state) as store:
        return store.stock_ledger.entries(since=begin, account=account, sku=sku, limit=limit)


def _as_json(entry: StoredEntry) -> dict[str, Any]:
    from edge_agent.times import rfc3339

    return {
        "number": entry.number,
        "at": rfc3339(entry.at),
        "sku": entry.sku,
        "units": entry.units,
        "from": entry.source,
        "to": entry.target,
        "reason": entry.reason,
        "about": entry.about,
        "cause": entry.cause,
        "reverses": bool(entry.reverses),
    }
