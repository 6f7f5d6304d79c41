"""The little shelf that all scenarios play at: its settings, and the units that stand on it."""

from __future__ import annotations

import tomllib

import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.chance import stream

# Lemon and orange are two flavours in one can: no scale can tell them apart.
SETTINGS_TOML = """\
shelf_id = "scenarios"
currency = "CNY"

[[plate]]
id = "A1"
scale = "main"
channel = 0
products = ["cola"]

[[plate]]
id = "A2"
scale = "main"
channel = 1
products = ["nuts"]

[[plate]]
id = "A3"
scale = "main"
channel = 2
products = ["gum"]

[[plate]]
id = "B1"
scale = "main"
channel = 3
products = ["lemon"]

[[plate]]
id = "B2"
scale = "main"
channel = 4
products = ["orange"]

[[plate]]
id = "C1"
scale = "main"
channel = 5
products = ["mint", "plum"]

[[product]]
sku = "cola"
name = "Cola 330 ml"
weight_g = 346.0
weight_sd_g = 1.5
price = 350

[[product]]
sku = "nuts"
name = "Mixed nuts 75 g"
weight_g = 80.0
weight_sd_g = 0.6
price = 1200

[[product]]
sku = "gum"
name = "Chewing gum"
weight_g = 15.2
weight_sd_g = 0.2
price = 200

[[product]]
sku = "lemon"
name = "Lemon tea 250 ml"
weight_g = 268.0
weight_sd_g = 1.2
price = 400

[[product]]
sku = "orange"
name = "Orange tea 250 ml"
weight_g = 268.0
weight_sd_g = 1.2
price = 400

[[product]]
sku = "mint"
name = "Mint sweets 50 g"
weight_g = 54.0
weight_sd_g = 0.5
price = 500

[[product]]
sku = "plum"
name = "Plum sweets 50 g"
weight_g = 54.0
weight_sd_g = 0.5
price = 500

[payments]
signature = "optional"
"""
FULL = {"cola": 10, "nuts": 24, "gum": 40, "lemon": 10, "orange": 10, "mint": 15, "plum": 15}
CUT_SIGMAS = 2.5


def shelf_settings() -> Settings:
    """The settings that every scenario's `shelf.toml` holds."""
    return Settings.model_validate(tomllib.loads(SETTINGS_TOML))


class Larder:
    """Every unit's grams by plate; what is taken comes back with the weight that it had."""

    def __init__(self, seed: int) -> None:
        settings = shelf_settings()
        self._rng = stream(seed, "units")
        self._products = {product.sku: product for product in settings.product}
        self.plates = [plate.id for plate in settings.plate]
        self.home = {sku: plate.id for plate in settings.plate for sku in plate.products}
        self._units: dict[tuple[str, str], list[float]] = {}
        self._in_hand: dict[str, list[float]] = {}
        for sku, quantity in FULL.items():
            self._units[self.home[sku], sku] = self.fresh(sku, quantity)

    def fresh(self, sku: str, quantity: int) -> list[float]:
        """The grams of new units."""
        product = self._products[sku]
        assert product.weight_g is not None  # all goods here are weighed
        spread = np.clip(self._rng.standard_normal(quantity), -CUT_SIGMAS, CUT_SIGMAS)
        return [float(grams) for grams in product.weight_g + product.weight_sd_g * spread]

    def take(self, sku: str, quantity: int, plate: str | None = None) -> float:
        """Take units into the hand; their grams."""
        units = self._units[plate or self.home[sku], sku]
        taken = [units.pop() for _ in range(quantity)]
        self._in_hand.setdefault(sku, []).extend(taken)
        return sum(taken)

    def put(self, sku: str, quantity: int, plate: str | None = None) -> float:
        """Put units down: those in the hand first, then new ones; their grams."""
        held = self._in_hand.setdefault(sku, [])
        old = [held.pop() for _ in range(min(quantity, len(held)))]
        units = old + self.fresh(sku, quantity - len(old))
        self._units.setdefault((plate or self.home[sku], sku), []).extend(units)
        return sum(units)

    def levels_g(self) -> list[float]:
        """What stands on each plate, in the order of the plates."""
        return [
            sum(sum(units) for (place, _), units in self._units.items() if place == plate)
            for plate in self.plates
        ]
