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


@dataclass(frozen=True, slots=True)
class TrueVisit:
    """Somebody was at the shelf from `at` to `ended_at`; `honest` where all was paid in the end."""

    at: float
    ended_at: float
    kind: str
    honest: bool

    def distance_s(self, started_at: float, ended_at: float) -> float:
        """How far a stretch of time lies from this visit; 0 where they overlap."""
        return max(self.at - ended_at, started_at - self.ended_at, 0.0)


Truth = TrueChange | TrueLoss | TrueVisit


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
