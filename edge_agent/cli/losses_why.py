"""`edge-agent losses why`: the inputs of a case and the prices of what was considered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_agent.cli.console import local_time, print_json, print_table, say
from edge_agent.cli.losses_show import CaseId, case_file, say_wrapped
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.errors import UsageError

if TYPE_CHECKING:
    from edge_agent.case_file import CaseFile


def why(
    case_id: CaseId, config: Config = None, state: State = None, as_json: AsJson = False
) -> None:
    """Show why a case says what it says.

    For each unit that left: the payments that were considered for it, the price of each in units
    of log likelihood (the higher, the less likely), in its parts, and why it was taken or not.
    """
    file = case_file(case_id, state)
    if file.reason is None:
        raise UsageError(
            f"The reasons of case {case_id} are not kept: an older agent found it. What is known "
            f"of it: edge-agent losses show {case_id}"
        )
    if as_json:
        print_json(file.reason)
        return
    _print_changes(file)
    if "ordered" in file.reason:
        _print_order(file, file.reason)
    else:
        _print_units(file, file.reason)


def _print_changes(file: CaseFile) -> None:
    from edge_agent.case_story import grams, said_of

    say(f"Case {file.case_id}: {file.case['state']}. What was weighed:")
    print_table(
        ("change", "settled", "plate", "weight>", "taken for"),
        [
            (
                change["change_id"],
                local_time(change["settled_at"])[11:],
                change["plate"],
                grams(change),
                said_of(change, file.names),
            )
            for change in file.changes
        ],
        "No changes any more: those there were have been taken back.",
    )


def _print_order(file: CaseFile, reason: dict[str, Any]) -> None:
    say(f"Restock {reason['restock_id']} by {reason['operator']}. What was ordered:")
    print_table(
        ("product", "sku", "plate", "ordered>"),
        [
            (file.names.get(line["sku"], ""), line["sku"], line["plate"], line["quantity"])
            for line in reason["ordered"]
        ],
        "Nothing was ordered.",
    )


def _print_units(file: CaseFile, reason: dict[str, Any]) -> None:
    from edge_agent.case_story import alike, outcome_of, thing_of
    from edge_agent.shelf.phrases import duration

    for count, unit in alike(reason["units"]):
        left = f"left plate {unit['plate']} at {local_time(unit['taken_at'])[11:]}"
        say_wrapped(f"{count} × {thing_of(unit, file)} {left}: {outcome_of(unit, file)}")
        print_table(
            ("payment", "price>", "parts of it", "why"),
            [_considered(told) for told in unit["considered"]],
            "  No payment has it, or is near enough in time.\n",
        )
    limits = reason["limits"]
    say_wrapped(
        f"Unpaid costs {reason['unpaid_price']:.2f}: no dearer pair is made. A payment may come "
        f"{duration(limits['pay_ahead_s'])} before and {duration(limits['late_s'])} after the "
        f"visit, and is late from {duration(limits['grace_s'])} after it."
    )


def _considered(told: dict[str, Any]) -> tuple[str, str, str, str]:
    from edge_agent.case_story import PRICE_PARTS

    price = told["price"]
    if price is None:
        return told["payment_id"], "", "", told["why"]
    parts = ", ".join(f"{part} {price[part]:+.2f}" for part in PRICE_PARTS if price[part])
    return told["payment_id"], f"{price['total']:.2f}", parts, told["why"]
