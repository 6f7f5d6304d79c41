"""What a picture of the thing that moved says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Items = tuple[tuple[str, int], ...]

# A picture alone never settles what the weight contradicts by far, nor the other way round.
MOST_LIKELIHOOD = 1e4
# What left stood there and was known: that a picture fails to show it is likelier than that a thing
# stood there that is none of the products and weighs as much.
LEAST_OF_LEFT = 0.01


@dataclass(frozen=True, slots=True)
class Sight:
    """How much better each product explains a picture than something else would.

    `likelihoods`: p(picture | product) / p(picture | something else), by SKU; products that nobody
    taught are absent, and 1. `at` is when it was learned.
    """

    at: float
    likelihoods: Mapping[str, float]

    def of(self, items: Items) -> float:
        """The likelihood of signed quantities by SKU: the geometric mean over their units."""
        units = sum(abs(quantity) for _, quantity in items)
        if not units:
            return 1.0
        # The best is bounded, and the others with it: how they compare is what pictures tell best.
        scale = MOST_LIKELIHOOD / max([MOST_LIKELIHOOD, *self.likelihoods.values()])
        logs = math.fsum(
            abs(quantity) * math.log(self._bounded(sku, scale, has_left=quantity < 0))
            for sku, quantity in items
        )
        return math.exp(logs / units)

    def _bounded(self, sku: str, scale: float, *, has_left: bool) -> float:
        least = LEAST_OF_LEFT if has_left else 1 / MOST_LIKELIHOOD
        found = self.likelihoods.get(sku)
        return 1.0 if found is None else max(least, found * scale)
