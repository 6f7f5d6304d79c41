"""How a scenario must end, as `expected.json` says it: visits in order of time, cases, restocks."""

from __future__ import annotations

from typing import Any

Ending = dict[str, Any]
Goods = dict[str, int]
ANY: Goods = {"": 0}
"""Goods that are not looked at."""


def line(
    kind: str, sku: str | None, quantity: int = 1, value: int = 0, paid_as: str | None = None
) -> Ending:
    """A line of a case: `value` is the whole line's, in minor units."""
    told = {"kind": kind, "sku": sku, "quantity": quantity, "value": value}
    return told | ({"paid_as": paid_as} if paid_as else {})


def case(
    state: str, *lines: Ending, resolution: str | None = None, history: list[str] | None = None
) -> Ending:
    """A case at its end; `history` is the states it went through, where that matters.

    A closed case keeps saying what it was about, so it has lines too, but of no kind any more.
    """
    about = ("sku", "quantity", "value")
    told = [{k: x[k] for k in about} if state == "closed" else x for x in lines]
    ending: Ending = {"state": state, "resolution": resolution, "lines": told}
    ending["value"] = sum(each["value"] for each in lines)
    return ending | ({"history": history} if history else {})


def opened(*lines: Ending) -> Ending:
    """A case that stays open."""
    return case("open", *lines)


def closed(resolution: str, *lines: Ending, history: list[str] | None = None) -> Ending:
    """A case that facts have closed."""
    return case("closed", *lines, resolution=resolution, history=history)


def visit(
    state: str = "settled",
    *,
    taken: Goods | None = None,
    paid: dict[str, Goods] | None = None,
    not_taken: dict[str, Goods] | None = None,
    case: Ending | None = None,
) -> Ending:
    """A visit at its end; without a case none must ever have been told.

    `paid` is by payment; left out, it is not looked at (`{}`: nothing was paid).
    """
    ending: Ending = {"state": state}
    if taken is not ANY:
        ending["taken"] = taken or {}
    if paid is not None:
        ending["paid"] = paid
    return ending | {"paid_not_taken": not_taken or {}, "case": case}


def honest(goods: Goods, name: str = "P1") -> Ending:
    """A visit whose goods one payment covers, and of which no case was ever told."""
    return visit(taken=goods, paid={name: goods})


def report(name: str, **goods: tuple[int, int]) -> Ending:
    """A restock's report: units ordered and weighed by SKU."""
    lines = {sku: {"ordered": n, "weighed": w} for sku, (n, w) in goods.items()}
    return {"restock_id": name, "goods": lines}
