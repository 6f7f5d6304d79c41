"""Which goods a weight change may have been, before it is weighed: the priors of `identify`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.habits import USUAL, Habits, count_prior
from edge_agent.shelf.sights import Items, Sight

MAX_UNITS = 60
MAX_MIXED_UNITS = 4
# Units that together are farther off than this are not looked at: no scale and no unit strays so.
NEAR_PART, NEAR_G = 0.25, 30.0
MIXED_COUNTS = tuple((a, n - a) for n in range(2, MAX_MIXED_UNITS + 1) for a in range(1, n))
# Shares of what comes onto a plate outside a restock: goods that just left it, that left within the
# hour, that left longer ago; goods of another plate, likewise; and things that are none.
PUT_BACK_PRIOR, AWAY_PRIOR, BROUGHT_PRIOR = 1.0, 0.4, 0.1
JUST_LEFT_PRIOR, ELSEWHERE_AWAY_PRIOR, ELSEWHERE_PRIOR = 0.15, 0.03, 0.003
FOREIGN_RETURN_PRIOR = 0.05
# An ordered number of units up to the whole of it is as likely at once as in any parts. Goods that
# no line of the order has come seldom with it, and ordered ones seldom go to a plate not theirs.
EXPECTED_PRIOR, UNORDERED_PRIOR, ASTRAY_PRIOR = 1.0, 0.05, 0.02
# More units than the ledger knows of: it may be wrong, but seldom is.
BEYOND_STOCK = 0.1
# What the planogram does not explain: goods that nobody saw come, or a thing that is none. Its
# weight is as likely between 5 and 10 g as between 1 and 2 kg: density 1 / (6 w) at weight w.
# All that comes is weighed, so what leaves while somebody watches is seldom such a thing.
FOREIGN_PRIOR, FOREIGN_LEFT_PRIOR = 0.02, 0.005
LOG_RANGE = 6.0
# Weight alone never tells that one product was exchanged for another: who has seen both may say so.
EXCHANGE_PRIOR = 0.002
# How many units of a product stand on a plate where nobody has counted them.
USUALLY_THERE = 8
# Somebody who lays a thing in the place of goods chooses it to weigh about as much, to this part.
# Weight alone cannot tell it from what left, so only a picture brings it into consideration.
SWAP_PRIOR, SWAP_PART = 0.05, 0.03


@dataclass(frozen=True, slots=True)
class Candidate:
    """One explanation: signed quantities, their weight with its variance (g, g²), the prior.

    Empty `items` is a thing that is no product; its weight may be anything. `origin` is the change
    that moved the very thing before: its weight is that weighing's, with its variance.
    """

    items: Items
    weight_g: float
    variance_g2: float
    prior: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the weight.

    `planogram`: products that belong on the plate. `elsewhere`: every other weighed product.
    `stock`: counts on the plate where they are known. `just_left`: units by SKU that left any
    plate shortly before, which may be coming back; `away`: those that left within the hour.
    `restocking`: the operator fills the shelf; `expected` is what the order has for this plate,
    where there is an order. `sight` is what a picture says of the thing, where there is one.
    `moved_before` are explanations by a thing that was weighed before, among them each of the
    `single` units by SKU that left. `habits` are those of the hands that take here.
    """

    planogram: Sequence[Product]
    elsewhere: Sequence[Product]
    stock: Mapping[str, int]
    just_left: Mapping[str, int]
    restocking: bool = False
    expected: Mapping[str, int] = field(default_factory=dict)
    away: Mapping[str, int] = field(default_factory=dict)
    sight: Sight | None = None
    moved_before: Sequence[Candidate] = ()
    single: Mapping[str, int] = field(default_factory=dict)
    habits: Habits = USUAL


def units_of(items: Items) -> int:
    """How many units some signed quantities are; a thing that is no product is one."""
    return sum(abs(quantity) for _, quantity in items) or 1


def candidates(delta_g: float, around: Surroundings) -> Iterator[Candidate]:
    """Yield what may have moved, near a measured weight; several may have the same items.

    The density of a thing that is no product is written as a normal one so wide that it is as
    high at the measured weight.
    """
    sign = 1 if delta_g > 0 else -1
    for products, counts, prior in _combinations(delta_g, around):
        yield Candidate(
            tuple(sorted((p.sku, sign * n) for p, n in zip(products, counts, strict=True))),
            sign * sum(n * (p.weight_g or 0.0) for p, n in zip(products, counts, strict=True)),
            sum(n * p.weight_sd_g**2 for p, n in zip(products, counts, strict=True)),
            prior,
        )
    yield from around.moved_before
    if around.sight is not None and around.sight.came:
        yield from _exchanges(around.sight, around)
    brought = delta_g > 0 and not around.restocking
    foreign = FOREIGN_RETURN_PRIOR if brought else FOREIGN_PRIOR
    if delta_g < 0 and not around.restocking:
        foreign = FOREIGN_LEFT_PRIOR
    far_g = LOG_RANGE * max(abs(delta_g), 1.0) / math.sqrt(2 * math.pi)
    yield Candidate((), delta_g, far_g**2, foreign)
    if brought and around.sight is not None:
        yield from _lookalikes(around)


def _exchanges(sight: Sight, around: Surroundings) -> Iterator[Candidate]:
    """Yield goods that somebody took as he put others in their place, where pictures know both."""
    products = (*around.planogram, *around.elsewhere)
    for left in (p for p in _placed(around, removal=True) if p.sku in sight.likelihoods):
        for came in (p for p in products if p.sku in sight.came and p is not left):
            if left.weight_g and came.weight_g:
                items = tuple(sorted(((left.sku, -1), (came.sku, 1))))
                spread_g2 = left.weight_sd_g**2 + came.weight_sd_g**2
                yield Candidate(items, came.weight_g - left.weight_g, spread_g2, EXCHANGE_PRIOR)


def _lookalikes(around: Surroundings) -> Iterator[Candidate]:
    """Yield things that are none, and weigh about what has just left."""
    for product in around.planogram:
        if product.weight_g and around.just_left.get(product.sku, 0):
            off_g = SWAP_PART * product.weight_g
            yield Candidate((), product.weight_g, off_g**2, SWAP_PRIOR)


def _combinations(
    delta_g: float, around: Surroundings
) -> Iterator[tuple[tuple[Product, ...], tuple[int, ...], float]]:
    """Yield (products, counts, prior) near the measured weight."""
    placed = _placed(around, removal=delta_g < 0)
    habits = around.habits
    taken = _taken_shares(placed, around)
    for product in placed:
        for count in _counts_near(abs(delta_g), product):
            prior = habits.count_share(count) * taken[product.sku]
            prior *= 1 - habits.mixed_share(count, len(placed))
            single = around.single.get(product.sku, 0) if count == 1 else 0
            prior *= _circumstances(delta_g, product, count, around, single)
            yield (product,), (count,), prior
    yield from _mixed(delta_g, placed, taken, around)
    yield from _from_elsewhere(delta_g, around)


def _mixed(
    delta_g: float, placed: Sequence[Product], taken: Mapping[str, float], around: Surroundings
) -> Iterator[tuple[tuple[Product, ...], tuple[int, ...], float]]:
    """Yield two products of the plate in one hand; `taken` is how often each is taken."""
    pairs = len(placed) * (len(placed) - 1) / 2
    shares = [0.0, 0.0]
    for units in range(2, MAX_MIXED_UNITS + 1):
        mixed = around.habits.mixed_share(units, len(placed)) * around.habits.count_share(units)
        shares.append(mixed / max(1.0, pairs) / (units - 1))
    reach_g = NEAR_PART * abs(delta_g) + NEAR_G
    for pair in combinations(placed, 2):
        for counts in MIXED_COUNTS:
            together_g = counts[0] * (pair[0].weight_g or 0.0) + counts[1] * (
                pair[1].weight_g or 0.0
            )
            if abs(together_g - abs(delta_g)) > reach_g:
                continue
            prior = shares[sum(counts)] * len(placed) ** 2
            prior *= taken[pair[0].sku] * taken[pair[1].sku]
            for product, count in zip(pair, counts, strict=True):
                prior *= _circumstances(delta_g, product, count, around)
            yield pair, counts, prior


def _placed(around: Surroundings, *, removal: bool) -> list[Product]:
    """The products that a hand may take here, or that belong here: what stands on the plate by the
    ledger can be taken as well."""
    misplaced = (p for p in around.elsewhere if removal and around.stock.get(p.sku, 0) > 0)
    return [p for p in (*around.planogram, *misplaced) if p.weight_g]


def _taken_shares(placed: Sequence[Product], around: Surroundings) -> dict[str, float]:
    """How often a hand takes each product: goods that strayed here are a few among many."""
    belonging = {product.sku for product in around.planogram}
    weights = {
        p.sku: 1.0 if p.sku in belonging else min(1.0, around.stock.get(p.sku, 0) / USUALLY_THERE)
        for p in placed
    }
    total = sum(weights.values())
    return {sku: weight / total for sku, weight in weights.items()}


def _circumstances(
    delta_g: float, product: Product, count: int, around: Surroundings, single: int = 0
) -> float:
    """How much likelier or not the ledger, or a restock, makes units of a product.

    Of those that left, `single` ones are explanations of their own.
    """
    if delta_g < 0:
        return 1.0 if count <= around.stock.get(product.sku, MAX_UNITS) else BEYOND_STOCK
    if count <= around.expected.get(product.sku, 0):
        return EXPECTED_PRIOR / count_prior(count)
    if around.restocking:
        return UNORDERED_PRIOR if around.expected else 1.0
    if around.just_left.get(product.sku, 0) - single >= count:
        return PUT_BACK_PRIOR
    away = around.away.get(product.sku, 0) - single
    return AWAY_PRIOR if away >= count else BROUGHT_PRIOR**count


def _from_elsewhere(
    delta_g: float, around: Surroundings
) -> Iterator[tuple[tuple[Product, ...], tuple[int, ...], float]]:
    """Yield goods of other plates that are put here in the wrong."""
    if delta_g < 0:
        return
    for product in around.elsewhere:
        for count in _counts_near(delta_g, product):
            yield (product,), (count,), _misplaced(product.sku, count, around) * count_prior(count)


def _misplaced(sku: str, count: int, around: Surroundings) -> float:
    """How likely goods of another plate come here: on their way back, or from nowhere."""
    single = around.single.get(sku, 0) if count == 1 else 0
    if around.just_left.get(sku, 0) - single >= count:
        return ASTRAY_PRIOR if around.expected else JUST_LEFT_PRIOR
    if around.away.get(sku, 0) - single >= count:
        return ELSEWHERE_AWAY_PRIOR
    return ELSEWHERE_PRIOR / max(1, len(around.elsewhere))


def _counts_near(weight_g: float, product: Product) -> range:
    unit = product.weight_g or 1.0
    nearest = round(weight_g / unit)
    return range(max(1, nearest - 1), min(MAX_UNITS, nearest + 1) + 1)
