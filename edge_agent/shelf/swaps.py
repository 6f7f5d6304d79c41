"""What was laid in the place of goods that left: something else, of about the same weight."""

from __future__ import annotations

from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import ShelfState
from edge_agent.shelf.units import SAME_THING_G, Unit, units_of_change

# Of about the same weight: a person who wants a scale to be content comes as near as this.
ALIKE_PART = 0.12


class Swaps:
    """The things that one visit left behind, each of which stands for one unit at most.

    Things that are no product, goods that nobody had taken before, and goods of another plate.
    """

    def __init__(self, account: Account, state: ShelfState) -> None:
        self._products = state.assortment.at(account.visit.started_at).products
        brought = [u for u in account.taken.brought if u.change_id not in account.ties]
        self._things = [*account.taken.foreign, *brought, *self._astray(account, state)]

    def take(self, unit: Unit) -> Unit | None:
        """The thing that stands where a unit stood, or None; it is used up."""
        for thing in self._things:
            after = thing.taken_at >= unit.taken_at and thing.plate == unit.plate
            if after and thing.sku != unit.sku and self._weigh_alike(thing, unit):
                self._things.remove(thing)
                return thing
        return None

    def _astray(self, account: Account, state: ShelfState) -> list[Unit]:
        """Goods that the visit took elsewhere and put where they do not belong."""
        plates = state.assortment.at(account.visit.started_at).plates
        known = {unit.key for unit in account.taken.brought}
        return [
            unit
            for change in account.changes
            for unit in units_of_change(change, account.readings.get(change.change_id))
            if unit.delta_g > 0 and unit.sku is not None and unit.key not in known
            if unit.sku not in plates.get(unit.plate, ())
        ]

    def _weigh_alike(self, thing: Unit, unit: Unit) -> bool:
        if thing.by_sight or unit.by_sight:
            return True
        unit_g = self._grams(unit.sku)
        thing_g = abs(thing.delta_g) if thing.sku is None else self._grams(thing.sku)
        if unit_g is None or thing_g is None:
            return False
        return abs(thing_g - unit_g) <= max(SAME_THING_G, ALIKE_PART * unit_g)

    def _grams(self, sku: str | None) -> float | None:
        product = self._products.get(sku or "")
        return product.weight_g if product is not None else None
