"""What a picture of the thing that moved says of it, and changes that only a camera has seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge_agent.shelf.catalogue import Product

Items = tuple[tuple[str, int], ...]

# A picture alone never settles what the weight contradicts by far, nor the other way round.
MOST_LIKELIHOOD = 1e4
# What left stood there and was known: that a picture fails to show it is likelier than that a thing
# stood there that is none of the products and weighs as much.
LEAST_OF_LEFT = 0.01
# Of a thing seen to come or go: one that has just left and comes back, to its own plate or to
# another one; one that belongs elsewhere; one that is no product.
SEEN_BACK, SEEN_MISPLACED, SEEN_ELSEWHERE, SEEN_FOREIGN = 1.0, 0.03, 0.003, 0.02
# Goods of another plate, where nothing of this one is away that could come back.
SEEN_ASTRAY = 0.15


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
        logs = math.fsum(
            abs(quantity) * math.log(self._bounded(sku, has_left=quantity < 0))
            for sku, quantity in items
        )
        return math.exp(logs / units)

    def _bounded(self, sku: str, *, has_left: bool) -> float:
        least = LEAST_OF_LEFT if has_left else 1 / MOST_LIKELIHOOD
        return min(MOST_LIKELIHOOD, max(least, self.likelihoods.get(sku, 1.0)))


@dataclass(frozen=True, slots=True)
class SeenAround:
    """What is known beside the picture: what belongs there, every other product, what left."""

    planogram: tuple[Product, ...]
    elsewhere: tuple[Product, ...]
    just_left: Mapping[str, int]


def seen_candidates(units: int, around: SeenAround) -> Iterator[tuple[Items, float]]:
    """Yield what may have moved where nothing was weighed: signed quantities and their prior.

    `units` are those that came (positive) or left; empty items are a thing that is no product.
    """
    yield (), SEEN_FOREIGN
    own = units > 0 and any(around.just_left.get(p.sku, 0) >= units for p in around.planogram)
    misplaced = SEEN_MISPLACED if own else SEEN_ASTRAY
    shares = max(1, len(around.planogram)), max(1, len(around.elsewhere))
    for product in around.planogram:
        back = units > 0 and around.just_left.get(product.sku, 0) >= units
        yield ((product.sku, units),), (SEEN_BACK if back else 1.0 / shares[0])
    for product in around.elsewhere:
        back = units > 0 and around.just_left.get(product.sku, 0) >= units
        yield ((product.sku, units),), (misplaced if back else SEEN_ELSEWHERE / shares[1])
