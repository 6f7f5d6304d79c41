"""The operator fills plates that run low, between the `started` and `finished` of an order."""

from __future__ import annotations

from typing import Any

from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.scene import Scene, Venue
from edge_agent.simulation.script import CloudMessage, Visit

# One round carries so many handfuls; the next round comes when a plate is low again.
MOST_HANDFULS = 14


def plan_restock(venue: Venue, number: int, at: float) -> Visit:
    """Fill what is below half, emptiest first, one or two units with each hand."""
    cashier = venue.cashier
    handfuls = _handfuls(venue)
    content = {
        "restock_id": cashier.next_restock_id(at),
        "operator": "operator-1",
        "lines": _lines(venue, handfuls),
    }
    scene = Scene(venue, number, "restock", at)
    messages = _tell(cashier, at, 1, "planned", content)
    messages += _tell(cashier, scene.wait(1.0, 3.0), 2, "started", content)
    # The order must have arrived before the first goods do.
    scene.wait(6.0, 10.0)
    for sku, quantity in handfuls:
        scene.put(sku, venue.stock.fresh(sku, quantity))
        scene.pause()
    messages += _tell(cashier, scene.wait(4.0, 8.0), 3, "finished", content)
    return scene.finish(tuple(messages))


def _handfuls(venue: Venue) -> list[tuple[str, int]]:
    stock = venue.stock
    low = [sku for sku in stock.home if 2 * stock.count(sku) <= stock.full(sku)]
    handfuls: list[tuple[str, int]] = []
    for sku in sorted(low, key=lambda sku: (stock.count(sku), sku)):
        missing = stock.full(sku) - stock.count(sku)
        while missing > 0 and len(handfuls) < MOST_HANDFULS:
            handfuls.append((sku, min(2, missing)))
            missing -= 2
    return handfuls


def _lines(venue: Venue, handfuls: list[tuple[str, int]]) -> list[dict[str, Any]]:
    ordered: dict[str, int] = {}
    for sku, quantity in handfuls:
        ordered[sku] = ordered.get(sku, 0) + quantity
    return [
        {"sku": sku, "quantity": quantity, "plate": venue.stock.home[sku]}
        for sku, quantity in ordered.items()
    ]


def _tell(
    cashier: Cashier, at: float, revision: int, state: str, content: dict[str, Any]
) -> list[CloudMessage]:
    name = f"{content['restock_id']}-{revision}"
    content = {"restock_id": content["restock_id"], "revision": revision, "state": state, **content}
    return cashier.post(at, "restocks", "shelf.restock", name, content)
