"""The operator fills plates that run low, between the `started` and `finished` of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.scene import Scene
from edge_agent.simulation.script import CloudMessage
from edge_agent.simulation.venue import Venue

# One round carries so many handfuls; the next round comes when a plate is low again.
MOST_HANDFULS = 14


@dataclass(frozen=True, slots=True)
class Twist:
    """What is unusual about a restock: `short` of what was ordered, units of `expired` products
    taken out, a unit put on the wrong plate (`misplaced`)."""

    short: bool = False
    expired: Sequence[str] = ()
    misplaced: bool = False


USUAL_TWIST = Twist()


def plan_restock(venue: Venue, number: int, at: float, twist: Twist = USUAL_TWIST) -> Scene:
    """Fill what is below half, emptiest first, one or two units with each hand."""
    handfuls = _handfuls(venue)
    scene = Scene(venue, number, "restock", at)
    started_at = scene.wait(1.0, 3.0)
    # The order must have arrived before the first goods do.
    scene.wait(6.0, 10.0)
    for sku, quantity in handfuls:
        scene.put(sku, venue.stock.fresh(sku, quantity))
        scene.pause()
    ordered = [*handfuls, *_twisted(scene, handfuls, twist)]
    finished_at = scene.wait(4.0, 8.0)
    times = (at, started_at, finished_at)
    lines = order_lines(ordered, venue.stock.home)
    scene.post(restock_messages(venue.cashier, times, lines))
    return scene


def _twisted(
    scene: Scene, handfuls: Sequence[tuple[str, int]], twist: Twist
) -> list[tuple[str, int]]:
    """What else is on the order, and the hands that belong to it."""
    venue = scene.venue
    ordered: list[tuple[str, int]] = []
    coming = {sku for sku, _ in handfuls}
    if twist.short and handfuls:
        sku = handfuls[int(venue.between(0, len(handfuls)))][0]
        missing = 1 if venue.happens(0.6) else 2
        ordered.append((sku, missing))
        scene.lose("restock_shortfall", [sku] * missing, scene.at)
    for sku in twist.expired:
        if sku not in coming and venue.stock.count(sku) > 2:
            scene.take(sku)
            scene.pause()
            ordered.append((sku, -1))
    if twist.misplaced and handfuls:
        sku = handfuls[-1][0]
        fresh = venue.stock.fresh(sku, 1)
        scene.put(sku, fresh, scene.roomy_plate(fresh[0], venue.stock.home[sku]))
        scene.pause()
        ordered.append((sku, 1))
    return ordered


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
