"""Things that were weighed when they moved, and may move back: they weigh what they weighed.

A unit that was taken and comes back is known to tenths of a gram, while units of its product differ
by grams. So its weight says which one it is, and what one of the two changes was, the other was.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edge_agent.shelf.candidates import USUALLY_THERE, Candidate, units_of
from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.habits import count_prior
from edge_agent.shelf.sights import Items
from edge_agent.shelf.state import Change

# How likely what comes onto a plate is one of the things that left it, and one of those that left
# another plate; against the shares of goods that nobody saw leave (`candidates`).
HOME_SHARE, ASTRAY_SHARE = 1.0, 0.2
# What left within the hour, against what has just left: who takes something back on second thoughts
# mostly does so at once.
AWAY_SHARE = 0.15
# How often units that left in one hand come back in one hand.
ALL_AT_ONCE = 0.3
# Two weighings of a thing on one plate differ by this part of it, for creep; on two plates by as
# much as their calibrations do.
SAME_PLATE_PART, OTHER_PLATE_PART = 0.0003, 0.0014
# What may be, but less surely than this, is left out. Goods on a plate that is not theirs must be
# likelier than not: many handfuls of a restock may weigh about as such a unit, and their small
# doubts would add up to one that stands there all day.
LEAST_SHARE, LEAST_STRAY = 0.01, 0.5

Belief = tuple[Items, float]
Origins = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The plate of a change: its `planogram`, and the `counts` there as far as they are known.

    `products` are all weighed ones, by SKU. What settled since `just_since` (Unix seconds) has just
    left. `origins` are the changes that each one undoes, with about how many units.
    """

    planogram: frozenset[str]
    counts: Mapping[str, int]
    products: Mapping[str, Product]
    just_since: float
    origins: Mapping[str, Origins]

    def has(self, items: Items) -> bool:
        """Whether all of some goods belong here."""
        return all(sku in self.planogram for sku, _ in items)


def moved_before(
    change: Change, before: Sequence[Change], place: Place
) -> tuple[tuple[Candidate, ...], dict[str, int]]:
    """What was moved by the changes `before` this one, and may be what it moves back.

    Returns explanations of the change whose weight is known, and how many units by SKU they have.
    """
    spent: defaultdict[str, float] = defaultdict(float)
    for other in before:
        for origin, units in place.origins.get(other.change_id, ()):
            spent[origin] += units
    if change.delta_g < 0:
        came = (c for c in before if c.plate == change.plate and c.delta_g > 0)
        return tuple(_standing(change, came, spent, place)), {}
    left = [c for c in before if c.delta_g < 0 and c.restock_id is None]
    units_left: defaultdict[str, int] = defaultdict(int)
    for other in left:
        for sku, quantity in other.items:
            units_left[sku] -= quantity
    return tuple(_away(change, left, spent, place)), units_left


def _standing(
    change: Change, came: Iterable[Change], spent: Mapping[str, float], place: Place
) -> Iterator[Candidate]:
    """Yield what came onto the plate and may be taken again: one thing among all that stand there.

    A unit that strayed there is no likelier to be taken than any one of those that belong there.
    """
    goods = len(place.planogram) + 1
    for other in came:
        there = max(0.0, 1.0 - spent[other.change_id])
        for items, belief in _beliefs(other):
            if items and belief < LEAST_STRAY and not place.has(items):
                continue
            share = there * belief * count_prior(units_of(items)) / goods
            for sku, quantity in items:
                belongs = sku in place.planogram
                beside = place.counts.get(sku, USUALLY_THERE) if belongs else USUALLY_THERE
                share /= max(1, beside) ** abs(quantity)
            yield _whole(change, other, items, share)


def _away(
    change: Change, left: Sequence[Change], spent: Mapping[str, float], place: Place
) -> Iterator[Candidate]:
    """Yield what left and may come back: to its own plate, or to this one in the wrong."""
    found: dict[bool, list[Candidate]] = {True: [], False: []}
    for other in left:
        recent = 1.0 if other.settled_at >= place.just_since else AWAY_SHARE
        gone = spent[other.change_id]
        for items, belief in _beliefs(other):
            units = units_of(items)
            at_once = recent * belief * max(0.0, 1.0 - gone)
            at_once *= ALL_AT_ONCE if units > 1 else 1.0
            at_home = place.has(items) if items else other.plate == change.plate
            found[at_home].append(_whole(change, other, items, at_once))
            if units > 1:
                share = recent * belief * (1.0 - ALL_AT_ONCE) * max(0.0, 1.0 - gone / units)
                for part in _parts(other, items, share, place.products):
                    found[place.has(part.items)].append(part)
    for at_home, whole in ((True, HOME_SHARE), (False, ASTRAY_SHARE)):
        scale = whole / max(1.0, math.fsum(c.prior for c in found[at_home]))
        yield from (replace(c, prior=scale * c.prior) for c in found[at_home])


def _beliefs(other: Change) -> Iterator[Belief]:
    """What a change moved, on its way back, with how likely it was that."""
    rest = 1.0
    for hypothesis in other.hypotheses:
        rest -= hypothesis.confidence
        if hypothesis.confidence >= LEAST_SHARE:
            yield tuple((s, -q) for s, q in hypothesis.items), hypothesis.confidence
    if rest >= LEAST_SHARE:
        yield (), rest


def _whole(change: Change, other: Change, items: Items, prior: float) -> Candidate:
    """All that another change moved, at once."""
    part = SAME_PLATE_PART if other.plate == change.plate else OTHER_PLATE_PART
    variance_g2 = other.sigma_g**2 + (part * other.delta_g) ** 2
    return Candidate(items, -other.delta_g, variance_g2, prior, other.change_id)


def _parts(
    other: Change, items: Items, prior: float, products: Mapping[str, Product]
) -> Iterator[Candidate]:
    """One unit of those that left together: by what all of them weighed, each is known better.

    The conditional law of one of several independent normal weights, given their sum.
    """
    if any(sku not in products for sku, _ in items):
        return
    units = units_of(items)
    spread_g2 = math.fsum(n * products[sku].weight_sd_g ** 2 for sku, n in items)
    more_g = -other.delta_g - math.fsum(n * (products[sku].weight_g or 0.0) for sku, n in items)
    all_g2 = spread_g2 + other.sigma_g**2 + (OTHER_PLATE_PART * other.delta_g) ** 2
    for sku, quantity in items:
        own_g2 = products[sku].weight_sd_g ** 2
        weight_g = (products[sku].weight_g or 0.0) + more_g * own_g2 / all_g2
        variance_g2 = own_g2 * (1.0 - own_g2 / all_g2) + (OTHER_PLATE_PART * weight_g) ** 2
        share = prior * quantity / units
        yield Candidate(((sku, 1),), weight_g, variance_g2, share, other.change_id)
