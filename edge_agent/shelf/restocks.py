"""Restock orders: what was to come against what came."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from edge_agent.shelf.facts import RestockFact
from edge_agent.shelf.findings import LossLine
from edge_agent.shelf.state import Change, Output, Restock, Rules, ShelfState
from edge_agent.times import rfc3339

# A restock that nobody finished ends by itself, or every later theft would count as part of it.
RESTOCK_AT_MOST_S = 4 * 3600.0
# Goods that came so long before a restock's end belong to it while its beginning is not known.
UNBEGUN_S = 900.0


def end_of(restock: Restock) -> float | None:
    """When a restock ended, or will have by itself; None for one that was only planned."""
    if restock.order.state in ("finished", "cancelled") and restock.finished_at is not None:
        return restock.finished_at
    return None if restock.started_at is None else restock.started_at + RESTOCK_AT_MOST_S


def record_restock(state: ShelfState, fact: RestockFact) -> bool:
    """File an order's revision; returns whether it says anything new.

    The highest revision has the lines and the state; the times are from whichever told them, for
    messages come in any order.
    """
    known = state.restocks.get(fact.restock_id)
    started_at = known.started_at if known else None
    finished_at = known.finished_at if known else None
    if fact.state == "started":
        started_at = _earlier(started_at, fact.told_at)
    elif fact.state in ("finished", "cancelled"):
        finished_at = _earlier(finished_at, fact.told_at)
    order = fact
    if known is not None and (known.order.revision, known.order.told_at) >= (
        fact.revision,
        fact.told_at,
    ):
        order = known.order if known.order.lines else replace(known.order, lines=fact.lines)
    elif known is not None and not fact.lines:
        order = replace(fact, lines=known.order.lines)
    if known is None:
        state.restocks[fact.restock_id] = Restock(order, started_at, finished_at)
        return True
    state.restocks[fact.restock_id] = new = replace(
        known, order=order, started_at=started_at, finished_at=finished_at
    )
    return new != known


def _earlier(known: float | None, told: float) -> float:
    return told if known is None else min(known, told)


def restock_of(state: ShelfState, change: Change, rules: Rules) -> str | None:
    """The restock that a change belongs to, by the orders known now.

    Where two ran at once, the one that has something for the plate, then the later one.
    """
    best: tuple[bool, bool, float, str] | None = None
    for restock_id, restock in state.restocks.items():
        closeness = _closeness(restock, change, rules)
        if closeness is None:
            continue
        candidate = (
            closeness,
            _is_for(restock, change.plate, state),
            restock.started_at or 0.0,
            restock_id,
        )
        if best is None or candidate > best:
            best = candidate
    return best[3] if best else None


def _closeness(restock: Restock, change: Change, rules: Rules) -> bool | None:
    """Whether a change fell within a restock (True) or just beside it (False); None: outside.

    Goods that come may be set down just before somebody says that he begins, or after the end.
    """
    end = end_of(restock)
    if end is None:
        return None
    start, at = restock.started_at, change.started_at
    margin_s = rules.visit_gap_s if change.delta_g > 0 else 0.0
    if start is None:
        begun = change.delta_g > 0 and restock.order.state == "finished"
        return False if begun and end - UNBEGUN_S <= at <= end + margin_s else None
    if start <= at <= end:
        return True
    return False if start - margin_s <= at <= end + margin_s else None


def _is_for(restock: Restock, plate: str, state: ShelfState) -> bool:
    """Whether the order has a line for a plate, or for goods that belong there."""
    placed = state.catalogue.plates.get(plate, ())
    return any(
        line.plate == plate or (line.plate is None and line.sku in placed)
        for line in restock.order.lines
    )


def arrived(state: ShelfState, restock_id: str) -> Counter[tuple[str, str]]:
    """Net units by (sku, plate) that the restock's changes brought."""
    came: Counter[tuple[str, str]] = Counter()
    for change in state.changes.values():
        if change.restock_id == restock_id and change.kind != "withdrawn":
            for sku, quantity in change.items:
                came[sku, change.plate] += quantity
    return came


def report_content(state: ShelfState, restock: Restock, ended_at: float) -> dict[str, Any]:
    """What a restock brought line by line, with what came though nobody ordered it."""
    order = restock.order
    came = arrived(state, order.restock_id)
    lines = [_line(state, x.sku, x.plate, x.quantity, came) for x in order.lines]
    for (sku, plate), count in sorted(came.items()):
        if count:
            lines.append(_line(state, sku, plate, 0, came))
    return {
        "restock_id": order.restock_id,
        "operator": order.operator,
        "started_at": rfc3339(restock.started_at) if restock.started_at is not None else None,
        "finished_at": rfc3339(ended_at),
        "end_assumed": restock.finished_at is None,
        "lines": lines,
        "unidentified": _unidentified(state, order.restock_id),
    }


def report_output(restock: Restock, at: float) -> Output:
    """Tell a restock's report at its present revision."""
    payload = {**(restock.told or {}), "revision": restock.revision}
    return Output("restock-reports", "shelf.restock-report", restock.order.restock_id, at, payload)


def _line(
    state: ShelfState,
    sku: str,
    plate: str | None,
    ordered: int,
    came: Counter[tuple[str, str]],
) -> dict[str, Any]:
    """One line of a report: units, and what they weigh by the catalogue (grams)."""
    found = _take(came, sku, plate, ordered)
    product = state.catalogue.products.get(sku)
    unit_g = product.weight_g if product is not None else None
    return {
        "sku": sku,
        "plate": plate,
        "ordered": ordered,
        "weighed": found,
        "difference": found - ordered,
        "weight_g": None if unit_g is None else round(found * unit_g, 1),
    }


def _unidentified(state: ShelfState, restock_id: str) -> list[dict[str, Any]]:
    """What a restock moved that fits no product: by plate, in grams."""
    moved: Counter[str] = Counter()
    for change in state.changes.values():
        if change.restock_id == restock_id and not change.items and change.kind != "withdrawn":
            moved[change.plate] += round(10 * change.delta_g)
    return [{"plate": p, "delta_g": tenths / 10} for p, tenths in sorted(moved.items()) if tenths]


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
