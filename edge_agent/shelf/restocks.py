"""Restock orders: what was to come against what came."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from edge_agent.shelf.facts import RestockFact
from edge_agent.shelf.findings import LossLine
from edge_agent.shelf.state import Output, Restock, ShelfState
from edge_agent.times import rfc3339

# A restock that nobody finished ends by itself, or every later theft would count as part of it.
RESTOCK_AT_MOST_S = 4 * 3600.0


def end_of(restock: Restock) -> float | None:
    """When a restock that has begun ended, or will have by itself; None for one not begun."""
    if restock.finished_at is not None or restock.started_at is None:
        return restock.finished_at
    return restock.started_at + RESTOCK_AT_MOST_S


def record_restock(state: ShelfState, fact: RestockFact) -> bool:
    """File an order's revision; False where a higher one is known already."""
    known = state.restocks.get(fact.restock_id)
    if known is not None and known.order.revision >= fact.revision:
        return False
    started_at = known.started_at if known else None
    finished_at = known.finished_at if known else None
    if fact.state == "started" and started_at is None:
        started_at = fact.told_at
    if fact.state in ("finished", "cancelled") and started_at is not None:
        finished_at = finished_at if finished_at is not None else fact.told_at
    lines = fact.lines or (known.order.lines if known else ())
    state.restocks[fact.restock_id] = Restock(replace(fact, lines=lines), started_at, finished_at)
    return True


def arrived(state: ShelfState, restock_id: str) -> Counter[tuple[str, str]]:
    """Net units by (sku, plate) that the restock's changes brought."""
    came: Counter[tuple[str, str]] = Counter()
    for change in state.changes.values():
        if change.restock_id == restock_id and change.kind != "withdrawn":
            for sku, quantity in change.items:
                came[sku, change.plate] += quantity
    return came


def report(state: ShelfState, restock: Restock, at: float) -> Output:
    """Tell a finished restock line by line, with what came though nobody ordered it."""
    order = restock.order
    came = arrived(state, order.restock_id)
    lines: list[dict[str, Any]] = []
    for line in order.lines:
        found = _take(came, line.sku, line.plate, line.quantity)
        lines.append(
            {
                "sku": line.sku,
                "plate": line.plate,
                "ordered": line.quantity,
                "weighed": found,
                "difference": found - line.quantity,
            }
        )
    lines += [
        {"sku": sku, "plate": plate, "ordered": 0, "weighed": count, "difference": count}
        for (sku, plate), count in sorted(came.items())
        if count
    ]
    payload: dict[str, Any] = {
        "restock_id": order.restock_id,
        "operator": order.operator,
        "started_at": rfc3339(restock.started_at) if restock.started_at is not None else None,
        "finished_at": rfc3339(restock.finished_at) if restock.finished_at is not None else None,
        "lines": lines,
    }
    return Output("restock-reports", "shelf.restock-report", order.restock_id, at, payload)


def _take(came: Counter[tuple[str, str]], sku: str, plate: str | None, ordered: int) -> int:
    """Take what came of a line out of `came`: on its plate, or anywhere where it names none.

    A line without a plate takes no more than was ordered, so that a second line finds the rest.
    """
    if plate is not None:
        return came.pop((sku, plate), 0)
    found = 0
    for key in sorted(k for k in came if k[0] == sku):
        nearer = min if ordered >= 0 else max
        part = nearer(came[key], ordered - found)
        found += part
        came[key] -= part
    return found


def _may_be_among(state: ShelfState, restock: Restock, sku: str) -> int:
    """Units of a product that may be in what came and could not be identified."""
    product = state.catalogue.products.get(sku)
    if product is None or not product.weight_g:
        return 0
    came_g = sum(
        change.delta_g
        for change in state.changes.values()
        if change.restock_id == restock.order.restock_id
        and not change.items
        and change.kind != "withdrawn"
        and sku in state.catalogue.plates.get(change.plate, ())
    )
    return max(0, round(came_g / product.weight_g))


def shortfall(state: ShelfState, restock: Restock) -> list[LossLine]:
    """The goods that were ordered and did not arrive on any plate."""
    ordered: Counter[str] = Counter()
    plates: dict[str, str] = {}
    for line in restock.order.lines:
        ordered[line.sku] += line.quantity
        plates.setdefault(line.sku, line.plate or "")
    came: Counter[str] = Counter()
    for (sku, _), quantity in arrived(state, restock.order.restock_id).items():
        came[sku] += quantity
    lines: list[LossLine] = []
    for sku, quantity in sorted(ordered.items()):
        missing = quantity - came[sku] - _may_be_among(state, restock, sku)
        if quantity > 0 and missing > 0:
            price = state.catalogue.price(sku)
            lines.append(
                LossLine(
                    kind="restock_shortfall",
                    sku=sku,
                    name=state.catalogue.name(sku),
                    quantity=missing,
                    unit_price=price,
                    paid_as=None,
                    paid_as_name="",
                    value=missing * price,
                    plate=plates[sku],
                    confidence=0.95,
                )
            )
    return lines
