"""What is sold, what it weighs and costs, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One SKU; `price` in minor units. `weight_g` is None where only the camera watches it."""

    sku: str
    name: str
    weight_g: float | None
    weight_sd_g: float
    price: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products and planogram; the higher `version` wins (0: from the settings file)."""

    version: int
    products: dict[str, Product]
    plates: dict[str, tuple[str, ...]]

    def name(self, sku: str) -> str:
        """The product's name, or the SKU itself where it is not known."""
        product = self.products.get(sku)
        return product.name if product else sku

    def price(self, sku: str) -> int:
        """The product's price in minor units; 0 where it is not known."""
        product = self.products.get(sku)
        return product.price if product else 0
