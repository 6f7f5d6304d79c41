"""Restock orders: when each ran, and which changes belong to it."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.shelf.facts import RestockFact
from edge_agent.shelf.state import Change, Restock, Rules, ShelfState

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
    if change.unobserved and change.delta_g < 0 and change.settled_at > end:
        # It may have left after the restock's end, when nobody watched.
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
