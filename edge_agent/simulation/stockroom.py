"""The units on the plates, each with a weight of its own."""

from __future__ import annotations

import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.shop import initial_stock, weighed_plates

# Spread is drawn from a normal distribution and cut here, as a packer's check weigher does.
CUT_SIGMAS = 3.0


class Stockroom:
    """Every unit's grams by plate and SKU; what is taken comes back with the same weight."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self._rng = rng
        self._products = {product.sku: product for product in settings.product}
        self._full = initial_stock(settings)
        self.home = {sku: plate.id for plate in weighed_plates(settings) for sku in plate.products}
        self._units: dict[str, list[float]] = {sku: [] for sku in self.home}
        for sku in self.home:
            self.put(sku, self.fresh(sku, self.full(sku)))

    def full(self, sku: str) -> int:
        """How many units of it stand there when it is full."""
        return self._full[self.home[sku], sku]

    def count(self, sku: str) -> int:
        """How many units of it stand there now."""
        return len(self._units[sku])

    def fresh(self, sku: str, quantity: int) -> tuple[float, ...]:
        """The grams of new units as a supplier would bring them."""
        product = self._products[sku]
        assert product.weight_g is not None  # it stands on a weighed plate
        spread = np.clip(self._rng.standard_normal(quantity), -CUT_SIGMAS, CUT_SIGMAS)
        weights = product.weight_g + product.weight_sd_g * spread
        return tuple(max(0.1 * product.weight_g, float(grams)) for grams in weights)

    def take(self, sku: str, quantity: int) -> tuple[float, ...]:
        """Remove units that stand there, any of them; their grams."""
        units = self._units[sku]
        return tuple(units.pop(int(self._rng.integers(len(units)))) for _ in range(quantity))

    def put(self, sku: str, grams: tuple[float, ...]) -> None:
        """Put units on their plate."""
        self._units[sku].extend(grams)

    def levels_g(self) -> dict[str, float]:
        """What stands on each plate in grams."""
        levels = dict.fromkeys(self.home.values(), 0.0)
        for sku, plate in self.home.items():
            levels[plate] += sum(self._units[sku])
        return levels

    def snapshot(self) -> dict[str, list[float]]:
        """The units as they stand, to go back to with `restore`."""
        return {sku: list(units) for sku, units in self._units.items()}

    def restore(self, snapshot: dict[str, list[float]]) -> None:
        """Go back to what `snapshot` saw: the visit did not take place."""
        self._units = snapshot
