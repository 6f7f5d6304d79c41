"""The operator fills plates that run low, between the `started` and `finished` of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.scene import Scene, Venue
from edge_agent.simulation.script import CloudMessage, Visit

# One round carries so many handfuls; the next round comes when a plate is low again.
MOST_HANDFULS = 14


def plan_restock(venue: Venue, number: int, at: float) -> Visit:
    """Fill what is below half, emptiest first, one or two units with each hand."""
    handfuls = _handfuls(venue)
    scene = Scene(venue, number, "restock", at)
    started_at = scene.wait(1.0, 3.0)
    # The order must have arrived before the first goods do.
    scene.wait(6.0, 10.0)
    for sku, quantity in handfuls:
        scene.put(sku, venue.stock.fresh(sku, quantity))
        scene.pause()
    finished_at = scene.wait(4.0, 8.0)
    times = (at, started_at, finished_at)
    lines = order_lines(handfuls, venue.stock.home)
    return scene.finish(restock_messages(venue.cashier, times, lines))


def restock_messages(
    cashier: Cashier, times: tuple[float, float, float], lines: list[dict[str, Any]]
) -> tuple[CloudMessage, ...]:
    """What the cloud tells of one order that was planned, started and finished at these times."""
    content = {
        "restock_id": cashier.next_restock_id(times[0]),
        "operator": "operator-1",
        "lines": lines,
    }
    states = ("planned", "started", "finished")
    return tuple(
        message
        for revision, (at, state) in enumerate(zip(times, states, strict=True), 1)
        for message in _tell(cashier, at, revision, state, content)
    )


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


def order_lines(
    handfuls: Iterable[tuple[str, int]], home: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The lines of an order for these handfuls, each product for its own plate."""
    ordered: dict[str, int] = {}
    for sku, quantity in handfuls:
        ordered[sku] = ordered.get(sku, 0) + quantity
    return [
        {"sku": sku, "quantity": quantity, "plate": home[sku]} for sku, quantity in ordered.items()
    ]


def _tell(
    cashier: Cashier, at: float, revision: int, state: str, content: dict[str, Any]
) -> list[CloudMessage]:
    name = f"{content['restock_id']}-{revision}"
    content = {"restock_id": content["restock_id"], "revision": revision, "state": state, **content}
    return cashier.post(at, "restocks", "shelf.restock", name, content)
