"""Which products of a plate have run out or run low."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.shelf.books import Pace
from edge_agent.shelf.state import Change, ShelfState

# At most this share of what stood there when the plate was last filled is low.
LOW_SHARE = 0.25
# A day's usual sales are the mean of the last week's, fading with this time constant.
WEEK_S, DAY_S = 7 * 86400.0, 86400.0


@dataclass(frozen=True, slots=True)
class Shortage:
    """The SKUs of a plate that have run out, and those of which few are left."""

    empty: tuple[str, ...]
    low: tuple[str, ...]


def shortage_of(state: ShelfState, plate: str, at: float) -> Shortage | None:
    """Return what runs short on a plate at `at` (Unix seconds); None where it is not counted.

    Of the products that belong there: empty is none left; low is at most a quarter of what stood
    there when the plate was last filled, or less than leaves on a usual day (the mean of the last
    week), whichever is more.
    """
    if plate not in state.counted:
        return None
    counts, filled = state.stock.get(plate, {}), state.units.filled.get(plate, {})
    empty: list[str] = []
    low: list[str] = []
    for sku in state.catalogue.plates.get(plate, ()):
        count = counts.get(sku, 0)
        if count <= 0:
            empty.append(sku)
        elif count <= LOW_SHARE * filled.get(sku, 0) or count < usual_day(state, plate, sku, at):
            low.append(sku)
    return Shortage(tuple(empty), tuple(low))


def usual_day(state: ShelfState, plate: str, sku: str, at: float) -> float:
    """Return how many units of a product leave a plate on a usual day."""
    pace = state.units.paces.get(plate, {}).get(sku)
    if pace is None:
        return 0.0
    return max(0.0, pace.weight) * math.exp(-max(0.0, at - pace.at) / WEEK_S) * DAY_S / WEEK_S


def note_left(state: ShelfState, change: Change, moved: Mapping[str, int]) -> None:
    """Note units by SKU that a change moved onto its plate (negative: off it), where people shop.

    Each unit weighs exp(-age / week), so that the order in which they are told makes no difference.
    """
    if change.restock_id is not None or change.unobserved:
        return
    paces = state.units.paces.setdefault(change.plate, {})
    for sku, units in moved.items():
        pace = paces.get(sku, Pace(0.0, change.settled_at))
        at = max(pace.at, change.settled_at)
        weight = pace.weight * math.exp((pace.at - at) / WEEK_S)
        weight -= units * math.exp((change.settled_at - at) / WEEK_S)
        paces[sku] = Pace(round(weight, 6), at)


def note_filled(
    state: ShelfState, plate: str, *, is_first: bool, before: Mapping[str, int]
) -> None:
    """Note what stands on a plate that was filled, or counted for the first time: of the products
    of which there is more than `before`."""
    filled = state.units.filled.setdefault(plate, {})
    for sku, count in state.stock.get(plate, {}).items():
        if is_first or count > before.get(sku, 0):
            filled[sku] = count
