"""What a picture of the thing that moved says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    taught are absent, and 1. `at` is when it was learned. `came` is the same of what came in the
    place of what left; empty where nothing did.
    """

    at: float
    likelihoods: Mapping[str, float]
    came: Mapping[str, float] = field(default_factory=dict)

    def of(self, items: Items) -> float:
        """The likelihood of signed quantities by SKU: the geometric mean over their units."""
        units = sum(abs(quantity) for _, quantity in items)
        if not units:
            return 1.0
        logs = math.fsum(
            abs(quantity) * math.log(self._bounded(sku, has_left=quantity < 0))
            for sku, quantity in items
        )
        return math.exp(logs / units)

    def _bounded(self, sku: str, *, has_left: bool) -> float:
        seen = self.came if self.came and not has_left else self.likelihoods
        least = LEAST_OF_LEFT if has_left else 1 / MOST_LIKELIHOOD
        found = seen.get(sku)
        if found is None:
            return 1.0
        # The best is bounded, and the others with it: how they compare is what pictures tell best.
        return max(least, found * MOST_LIKELIHOOD / max([MOST_LIKELIHOOD, *seen.values()]))
