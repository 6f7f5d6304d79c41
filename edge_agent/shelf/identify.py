"""Which goods a weight change was: the posterior over products and counts.

Bayes over the combinations that the plate allows. A combination of units weighs
`sum(n_i * w_i)` with variance `sigma² + sum(n_i * sd_i²) + (SPAN_ERROR * w)²`; the alternative, a
thing that is no product, is a flat density. What stays below `min_confidence` abstains.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from edge_agent.shelf.catalogue import Product

# A calibrated plate is right to about 0.1 % of span (class C3 cells, OIML R 60, plus drift).
SPAN_ERROR = 0.001
# Shares of actions with one, two, … units of one product; from six on they fall by a fifth each.
COUNT_PRIOR = (0.72, 0.18, 0.06, 0.025, 0.01, 0.005)
COUNT_DECAY = 0.8
MAX_UNITS = 60
MIXED_PRIOR = 0.2
MAX_MIXED_UNITS = 4
# Shares of what comes onto a plate outside a restock: goods that just left it, goods that left it
# long ago, goods of another plate that just left there, any other goods, and things that are none.
PUT_BACK_PRIOR = 1.0
BROUGHT_PRIOR = 0.1
JUST_LEFT_PRIOR = 0.15
ELSEWHERE_PRIOR = 0.003
FOREIGN_RETURN_PRIOR = 0.05
# An ordered number of units up to the whole of it is as likely at once as in any parts.
EXPECTED_PRIOR = 1.0
# More units than the ledger knows of: it may be wrong, but seldom is.
BEYOND_STOCK = 0.02
FOREIGN_PRIOR = 0.01
FOREIGN_RANGE_G = 2000.0
TOLD_ALTERNATIVE = 0.01
MAX_ALTERNATIVES = 5


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation of a change: signed quantities by SKU, and its posterior probability."""

    items: tuple[tuple[str, int], ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the weight.

    `planogram`: products that belong on the plate. `elsewhere`: every other weighed product.
    `stock`: counts on the plate where they are known. `just_left`: units by SKU that left any
    plate shortly before, which may be coming back. `restocking`: the operator fills the shelf;
    `expected` is what the order has for this plate, where there is an order.
    """

    planogram: Sequence[Product]
    elsewhere: Sequence[Product]
    stock: Mapping[str, int]
    just_left: Mapping[str, int]
    restocking: bool = False
    expected: Mapping[str, int] = field(default_factory=dict)


def identify(delta_g: float, sigma_g: float, around: Surroundings) -> tuple[Hypothesis, ...]:
    """Return the explanations of `delta_g` worth telling, likeliest first.

    Empty where a thing that is no product explains it best by far. The confidences are posterior
    probabilities; what is missing to 1 is the foreign thing's and the untold alternatives' share.
    """
    weights: dict[tuple[tuple[str, int], ...], float] = {}
    for products, counts, prior in _combinations(delta_g, around):
        likelihood = _likelihood(abs(delta_g), sigma_g, products, counts)
        if likelihood * prior > 0.0:
            sign = 1 if delta_g > 0 else -1
            items = tuple(sorted((p.sku, sign * n) for p, n in zip(products, counts, strict=True)))
            weights[items] = weights.get(items, 0.0) + likelihood * prior
    brought = delta_g > 0 and not around.restocking
    foreign = FOREIGN_RETURN_PRIOR if brought else FOREIGN_PRIOR
    total = sum(weights.values()) + foreign / FOREIGN_RANGE_G
    ranked = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[: MAX_ALTERNATIVES + 1]
    return tuple(
        Hypothesis(items, weight / total)
        for items, weight in ranked
        if weight / total >= TOLD_ALTERNATIVE
    )


def _likelihood(
    weight_g: float, sigma_g: float, products: Sequence[Product], counts: Sequence[int]
) -> float:
    """Normal density of the measured weight given the combination."""
    expected = 0.0
    variance = sigma_g * sigma_g + (SPAN_ERROR * weight_g) ** 2
    for product, count in zip(products, counts, strict=True):
        expected += count * (product.weight_g or 0.0)
        variance += count * product.weight_sd_g**2
    # A scale that claims no error at all still rounds.
    variance = max(variance, 0.01)
    return math.exp(-((weight_g - expected) ** 2) / (2 * variance)) / math.sqrt(
        2 * math.pi * variance
    )


def _combinations(
    delta_g: float, around: Surroundings
) -> Iterator[tuple[tuple[Product, ...], tuple[int, ...], float]]:
    """Yield (products, counts, prior) near the measured weight."""
    weight_g = abs(delta_g)
    removal = delta_g < 0
    placed = [p for p in around.planogram if p.weight_g]
    share = 1.0 / max(1, len(placed))
    for product in placed:
        for count in _counts_near(weight_g, product):
            prior = share * _count_prior(count)
            if removal and count > around.stock.get(product.sku, MAX_UNITS):
                prior *= BEYOND_STOCK
            if not removal and not around.restocking:
                just_left = around.just_left.get(product.sku, 0) >= count
                prior *= PUT_BACK_PRIOR if just_left else BROUGHT_PRIOR**count
            if not removal and count <= around.expected.get(product.sku, 0):
                prior = EXPECTED_PRIOR
            yield (product,), (count,), prior
    for first, second in combinations(placed, 2):
        for a, b in _mixed_counts():
            yield (first, second), (a, b), share**2 * MIXED_PRIOR * _count_prior(a + b)
    for product in around.elsewhere:
        known = around.stock.get(product.sku, 0) if removal else 0
        if removal and known <= 0:
            continue
        for count in _counts_near(weight_g, product):
            likely = known >= count or around.just_left.get(product.sku, 0) >= count
            prior = JUST_LEFT_PRIOR if likely else ELSEWHERE_PRIOR / max(1, len(around.elsewhere))
            yield (product,), (count,), prior * _count_prior(count)


def _counts_near(weight_g: float, product: Product) -> range:
    unit = product.weight_g or 1.0
    nearest = round(weight_g / unit)
    return range(max(1, nearest - 1), min(MAX_UNITS, nearest + 1) + 1)


def _count_prior(count: int) -> float:
    if count <= len(COUNT_PRIOR):
        return COUNT_PRIOR[count - 1]
    return float(COUNT_PRIOR[-1] * COUNT_DECAY ** (count - len(COUNT_PRIOR)))


def _mixed_counts() -> Iterator[tuple[int, int]]:
    for total in range(2, MAX_MIXED_UNITS + 1):
        for a in range(1, total):
            yield a, total - a
