"""How many units stand on each plate, counted from the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.state import Change, ShelfState

# Beyond this many spreads a first weight is no whole number of units: the plate was not zeroed.
FIT_SIGMAS = 4.0


def count_at_start(state: ShelfState, levels_g: dict[str, float]) -> None:
    """Take the first settled weights as where counting begins.

    Only a plate with one product tells its count by weight; the others count from zero up.
    """
    for plate, level_g in levels_g.items():
        state.levels_g[plate] = level_g
        if plate not in state.stock:
            state.stock[plate] = {}
            count = _count_of_one_product(state.catalogue, plate, level_g)
            if count is not None:
                sku = state.catalogue.plates[plate][0]
                state.stock[plate] = {sku: count}
                state.counted.add(plate)


def _count_of_one_product(catalogue: Catalogue, plate: str, level_g: float) -> int | None:
    skus = catalogue.plates.get(plate, ())
    product = catalogue.products.get(skus[0]) if len(skus) == 1 else None
    if product is None or not product.weight_g or level_g < -product.weight_g / 2:
        return None
    count = max(0, round(level_g / product.weight_g))
    spread_g = max(2.0, product.weight_sd_g * max(1, count) ** 0.5 + 0.003 * abs(level_g))
    if abs(level_g - count * product.weight_g) > FIT_SIGMAS * spread_g:
        return None
    return count


def book_change(state: ShelfState, before: Change | None, after: Change) -> bool:
    """Take a change's former items out of the counts and its present ones in.

    Returns whether any count is different afterwards.
    """
    difference: Counter[str] = Counter()
    _add(difference, before, -1)
    _add(difference, after, 1)
    moved = {sku: count for sku, count in difference.items() if count}
    if after.kind != "withdrawn":
        state.levels_g[after.plate] = after.level_g
    if not moved:
        return False
    counts = state.stock.setdefault(after.plate, {})
    for sku, count in moved.items():
        counts[sku] = counts.get(sku, 0) + count
    return True


def _add(counts: Counter[str], change: Change | None, sign: int) -> None:
    if change is None or change.kind == "withdrawn":
        return
    for sku, quantity in _counted(change.items):
        counts[sku] += sign * quantity


def _counted(items: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    return ((sku, quantity) for sku, quantity in items if quantity)
