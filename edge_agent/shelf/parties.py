"""The two sides that matching brings together: who took, and who paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.state import Visit
from edge_agent.shelf.units import Unit

Goods = Counter[str]


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit as matching sees it: its time, what is gone for good, and that by SKU.

    `is_restock`: the operator was at work, and what left with him is no loss.
    """

    visit: Visit
    gone: tuple[Unit, ...]
    goods: Goods
    is_restock: bool = False

    @classmethod
    def of(cls, visit: Visit, gone: Sequence[Unit], is_restock: bool = False) -> Stay:
        """A visit with what it took."""
        goods = Counter(unit.sku for unit in gone if unit.sku is not None)
        return cls(visit, tuple(gone), goods, is_restock)


@dataclass(frozen=True, slots=True)
class Purse:
    """A payment as matching sees it: the units it covers, and those by SKU; never empty."""

    payment_id: str
    units: tuple[PaidUnit, ...]
    cart: Goods

    @classmethod
    def of(cls, payment_id: str, units: Sequence[PaidUnit]) -> Purse:
        """A payment with what it paid."""
        return cls(payment_id, tuple(units), Counter(unit.sku for unit in units))

    @property
    def paid_at(self) -> float:
        """When it was paid."""
        return self.units[0].paid_at

    @property
    def reference_at(self) -> float:
        """When the customer stood at the shelf, as far as it knows."""
        return self.units[0].reference_at
