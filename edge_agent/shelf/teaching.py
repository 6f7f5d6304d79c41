"""A product's weight and spread from a few units put on a plate one by one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from edge_agent.shelf.balance import SPAN_SHARE
from edge_agent.shelf.catalogue import Product

# Units of one product lie within this of their median, or this many grams for light ones.
ALIKE_SHARE, ALIKE_G = 0.06, 1.5
# Before units have shown their own spread: of 78 grocery products weighed two to eight times each,
# half spread by less than 1.3 %. Worth as much as four units.
USUAL_SHARE, USUAL_LEAST_G, USUAL_WORTH = 0.01, 0.3, 4.0
# No goods are more alike than this: packing, moisture.
LEAST_SHARE, LEAST_G = 0.001, 0.1
# Two weights with this many spreads between them, a half for each, are mistaken once in a hundred.
APART_SIGMAS = 2.326


@dataclass(frozen=True, slots=True)
class Taught:
    """What a product's units weigh: mean and spread in grams, from so many; `odd_g` were not it."""

    weight_g: float
    sd_g: float
    units: int
    odd_g: tuple[float, ...]


def sort_out(weights_g: Sequence[float]) -> tuple[list[float], list[float]]:
    """Part weights into those alike and the odd ones: two put at once, or another product.

    Two that differ are both odd, for nobody knows which is the one that was meant.
    """
    if not weights_g:
        return [], []
    middle_g = median(weights_g)
    reach_g = max(ALIKE_SHARE * middle_g, ALIKE_G)
    alike = [g for g in weights_g if abs(g - middle_g) <= reach_g]
    return alike, [g for g in weights_g if abs(g - middle_g) > reach_g]


def times_as_heavy(weight_g: float, alike_g: Sequence[float]) -> int:
    """How many of the units an odd weight may be: 2 for two at once; 0 where it is no multiple."""
    if not alike_g:
        return 0
    each_g = median(alike_g)
    times = round(weight_g / each_g)
    return times if times >= 2 and abs(weight_g - times * each_g) <= ALIKE_SHARE * each_g else 0


def teach_from(weights_g: Sequence[float], sigma_g: float) -> Taught | None:
    """Mean and spread of the units that are alike; None where there are none.

    `sigma_g` is the scale's own deviation, which is not the goods'. The usual spread of goods
    counts as a few units more (the mean of an inverse-chi-square posterior, as in `learning`).
    """
    alike, odd = sort_out(weights_g)
    if not alike:
        return None
    mean_g = fmean(alike)
    usual_g = max(USUAL_SHARE * mean_g, USUAL_LEAST_G)
    squares = math.fsum((g - mean_g) ** 2 for g in alike)
    own = max(0.0, squares - (len(alike) - 1) * sigma_g**2)
    sd_g = math.sqrt((USUAL_WORTH * usual_g**2 + own) / (USUAL_WORTH + len(alike) - 1))
    least_g = max(LEAST_SHARE * mean_g, LEAST_G)
    return Taught(round(mean_g, 2), round(max(sd_g, least_g), 2), len(alike), tuple(odd))


def alike_by_weight(
    weight_g: float, sd_g: float, sigma_g: float, others: Iterable[Product]
) -> list[Product]:
    """The products that a weight cannot tell from this one, more than one in a hundred wrong."""

    def spread_g(grams: float, spread: float) -> float:
        return math.hypot(spread, sigma_g, SPAN_SHARE * grams)

    return [
        other
        for other in others
        if other.weight_g
        and abs(other.weight_g - weight_g)
        < APART_SIGMAS * (spread_g(weight_g, sd_g) + spread_g(other.weight_g, other.weight_sd_g))
    ]
