"""What really happened, as the truth of a recording tells it (contract, section 4). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Items = tuple[tuple[str, int], ...]
"""SKUs with signed quantities, in the order of the SKUs."""


@dataclass(frozen=True, slots=True)
class TrueChange:
    """What really left one plate (negative) or came; `grams` is its signed weight, where known."""

    at: float
    plate: str
    items: Items
    grams: float | None = None


@dataclass(frozen=True, slots=True)
class TrueLoss:
    """What was really lost; `value` in minor units."""

    at: float
    kind: str
    sku: str | None
    quantity: int
    value: int | None = None


Truth = TrueChange | TrueLoss


def normal_items(items: Iterable[Mapping[str, Any]]) -> Items:
    """Sort items by SKU, add up repeats and leave zeros out, so that equal ones compare equal."""
    sums: defaultdict[str, int] = defaultdict(int)
    for item in items:
        sums[item["sku"]] += item["quantity"]
    return tuple(sorted((sku, quantity) for sku, quantity in sums.items() if quantity))


def expected_grams(items: Items, weights_g: Mapping[str, float]) -> float | None:
    """What items weigh by their products' unit weights; None where one of them is not known."""
    if any(sku not in weights_g for sku, _ in items):
        return None
    return sum(quantity * weights_g[sku] for sku, quantity in items) if items else None
