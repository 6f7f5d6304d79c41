"""The units on the plates, each with a weight of its own."""

from __future__ import annotations

import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.shop import UNWEIGHED_G, initial_stock

# Spread is drawn from a normal distribution and cut here, as a packer's check weigher does.
CUT_SIGMAS = 3.0
# A unit that is none of the usual: half filled, with a gift in it, of another batch. One in a
# hundred, off by this part; what a check weigher lets pass at light goods (OIML R 87: 9 % at 50 g).
OUTLIER_SHARE, OUTLIER_PART = 0.01, (0.03, 0.12)

Units = dict[tuple[str, str], list[float]]
"""The grams of every unit by plate and SKU."""


class Stockroom:
    """Every unit's grams by plate and SKU; what is taken comes back with the same weight.

    Where no plate is named, a product's own plate is meant. `outliers` scales how many units are
    far from their product's weight.
    """

    def __init__(self, settings: Settings, rng: np.random.Generator, outliers: float = 0.0) -> None:
        self._rng = rng
        self._outlier_share = OUTLIER_SHARE * outliers
        self._size: dict[str, float] = {}
        self._products = {product.sku: product for product in settings.product}
        self._full = initial_stock(settings)
        self.home = {sku: plate.id for plate in settings.plate for sku in plate.products}
        self._units: Units = {(plate, sku): [] for sku, plate in self.home.items()}
        for sku in self.home:
            self.put(sku, self.fresh(sku, self.full(sku)))

    def full(self, sku: str) -> int:
        """How many units of it stand on its own plate when it is full."""
        return self._full[self.home[sku], sku]

    def count(self, sku: str, plate: str = "") -> int:
        """How many units of it stand there now."""
        return len(self._units.get((plate or self.home[sku], sku), ()))

    def on_plate(self, plate: str) -> list[str]:
        """The products that stand there now, at home or not."""
        return [sku for (place, sku), units in self._units.items() if place == plate and units]

    def fresh(self, sku: str, quantity: int) -> tuple[float, ...]:
        """The grams of new units as a supplier would bring them."""
        product = self._products[sku]
        weight_g = product.weight_g or UNWEIGHED_G
        spread = np.clip(self._rng.standard_normal(quantity), -CUT_SIGMAS, CUT_SIGMAS)
        weights = self._size.get(sku, 1.0) * weight_g + product.weight_sd_g * spread
        if self._outlier_share:
            odd = self._rng.random(quantity) < self._outlier_share
            part = self._rng.uniform(*OUTLIER_PART, quantity)
            weights *= 1.0 + odd * part * self._rng.choice([-1.0, 1.0], quantity)
        return tuple(max(0.1 * weight_g, float(grams)) for grams in weights)

    def resize(self, sku: str, size: float) -> None:
        """From now on suppliers bring it in packages of `size` times the product's weight."""
        self._size[sku] = size

    def take(self, sku: str, quantity: int, plate: str = "") -> tuple[float, ...]:
        """Remove units that stand there, any of them; their grams."""
        units = self._units[plate or self.home[sku], sku]
        return tuple(units.pop(int(self._rng.integers(len(units)))) for _ in range(quantity))

    def put(self, sku: str, grams: tuple[float, ...], plate: str = "") -> None:
        """Put units on a plate."""
        self._units.setdefault((plate or self.home[sku], sku), []).extend(grams)

    def level_g(self, plate: str) -> float:
        """What stands on one plate in grams."""
        return sum(sum(units) for (place, _), units in self._units.items() if place == plate)

    def levels_g(self) -> dict[str, float]:
        """What stands on each plate in grams."""
        levels = dict.fromkeys(self.home.values(), 0.0)
        for (plate, _), units in self._units.items():
            levels[plate] += sum(units)
        return levels

    def snapshot(self) -> Units:
        """The units as they stand, to go back to with `restore`."""
        return {place: list(units) for place, units in self._units.items()}

    def restore(self, snapshot: Units) -> None:
        """Go back to what `snapshot` saw: the visit did not take place."""
        self._units = snapshot
