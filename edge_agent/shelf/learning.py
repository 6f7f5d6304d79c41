"""What units of a product really weigh: the catalogue's word, improved by confirmed changes.

Bayes with a normal-inverse-gamma distribution (Gelman et al., Bayesian Data Analysis, 3.3), in
which the catalogue's weight and spread count as some units weighed before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from edge_agent.shelf.balance import SPAN_SHARE, Goods
from edge_agent.shelf.catalogue import Product

# The catalogue's weight is worth this many units, its spread this many degrees of freedom.
PRIOR_UNITS, PRIOR_FREEDOM = 4.0, 8.0
# Older units fade when so many are known, for a packer's line drifts.
MOST_UNITS = 200.0
# What is farther off than this many sigma teaches nothing.
GATE_SIGMAS = 4.0
# How far the shelf may go by itself from what the catalogue says.
MEAN_SHARE, MEAN_SDS = 0.03, 3.0
LEAST_SD, MOST_SD = 0.25, 3.0
# A product without any spread in the catalogue still has one; no scale tells less.
SMALLEST_SD_G = 0.05

# A new package size: so many of the last odd units weigh alike, within this share or three sd.
ODD_KEPT, ODD_ALIKE, ODD_SHARE = 8, 3, 0.02


@dataclass(frozen=True, slots=True)
class Learned:
    """One product's distribution: `worth` units weigh `mean_g`, with `scatter` over `freedom`.

    `base_g` and `base_sd_g` are the catalogue's figures that it began from; `units` were confirmed.
    `kept_g` and `kept_units` are those that the history was told last.
    """

    sku: str
    base_g: float
    base_sd_g: float
    mean_g: float
    worth: float
    freedom: float
    scatter: float
    units: int = 0
    kept_g: float = 0.0
    kept_units: int = 0

    @property
    def weight_g(self) -> float:
        """The mean, within what the shelf may learn by itself."""
        reach_g = mean_reach_g(self.base_g, self.base_sd_g)
        return min(max(self.mean_g, self.base_g - reach_g), self.base_g + reach_g)

    @property
    def sd_g(self) -> float:
        """The spread from unit to unit, within the same kind of bounds."""
        sd_g = math.sqrt(self.scatter / self.freedom)
        return min(max(sd_g, LEAST_SD * self.base_sd_g), MOST_SD * self.base_sd_g)

    @property
    def mean_sd_g(self) -> float:
        """How surely the mean is known."""
        return self.sd_g / math.sqrt(self.worth)


def mean_reach_g(weight_g: float, sd_g: float) -> float:
    """How far from the catalogue a mean may be learned; grams."""
    return max(MEAN_SHARE * weight_g, MEAN_SDS * sd_g)


def begin(product: Product) -> Learned | None:
    """The catalogue's word as a distribution; None for a product without a weight."""
    if not product.weight_g:
        return None
    sd_g = max(product.weight_sd_g, SMALLEST_SD_G)
    return Learned(
        sku=product.sku,
        base_g=product.weight_g,
        base_sd_g=product.weight_sd_g if product.weight_sd_g > 0 else SMALLEST_SD_G,
        mean_g=product.weight_g,
        worth=PRIOR_UNITS,
        freedom=PRIOR_FREEDOM,
        scatter=PRIOR_FREEDOM * sd_g**2,
        kept_g=product.weight_g,
    )


def learn(known: Learned, weight_g: float, units: int, sigma_g: float) -> Learned | None:
    """Take `units` in that weigh `weight_g` together, measured with `sigma_g`.

    None where they are too far off to be what they were taken for. The sum of several units says as
    much about the mean as each alone, and about the spread as much as one.
    """
    each_g = weight_g / units
    measured = sigma_g**2 + (SPAN_SHARE * weight_g) ** 2
    off_g = each_g - known.mean_g
    # However alike its units were so far, the catalogue's spread may always come back.
    widest_g2 = max(known.sd_g, known.base_sd_g) ** 2
    variance = widest_g2 * (1 / units + 1 / known.worth) + measured / units**2
    if abs(off_g) > GATE_SIGMAS * math.sqrt(variance):
        return None
    worth = known.worth + units
    shared = known.worth * units / worth
    # What the scale itself scatters is not the goods' own.
    square = shared * (off_g**2 - measured / units**2)
    freedom = known.freedom + 1.0
    grown = replace(
        known,
        mean_g=known.mean_g + off_g * units / worth,
        worth=min(worth, MOST_UNITS),
        freedom=freedom,
        scatter=max(known.scatter + square, freedom * (LEAST_SD * known.base_sd_g) ** 2),
        units=known.units + units,
    )
    if grown.freedom <= MOST_UNITS:
        return grown
    fade = MOST_UNITS / grown.freedom
    return replace(grown, freedom=MOST_UNITS, scatter=grown.scatter * fade)


def is_for(known: Learned, product: Product) -> bool:
    """Whether it was learned from the weight and spread that the catalogue has now."""
    sd_g = product.weight_sd_g if product.weight_sd_g > 0 else SMALLEST_SD_G
    return (product.weight_g, sd_g) == (known.base_g, known.base_sd_g)


def as_learned(product: Product, known: Learned | None) -> Product:
    """The product with the weight and spread that its units have."""
    if known is None or not is_for(known, product):
        return product
    return replace(product, weight_g=known.weight_g, weight_sd_g=known.sd_g)


def all_as_learned(
    products: Mapping[str, Product], learned: Mapping[str, Learned]
) -> dict[str, Product]:
    """The products by SKU, each as `as_learned`."""
    return {sku: as_learned(product, learned.get(sku)) for sku, product in products.items()}


def as_goods(product: Product, known: Learned | None) -> Goods | None:
    """The product as the balance reckons with it; None for one without a weight."""
    if not product.weight_g:
        return None
    if known is not None and is_for(known, product):
        return Goods(product.sku, known.weight_g, known.sd_g, known.mean_sd_g)
    sd_g = max(product.weight_sd_g, SMALLEST_SD_G)
    return Goods(product.sku, product.weight_g, sd_g, sd_g / math.sqrt(PRIOR_UNITS))


def is_worth_keeping(known: Learned) -> bool:
    """Whether it differs enough from what the history was told last."""
    moved = abs(known.mean_g - known.kept_g) > 0.2 * known.sd_g
    return known.units >= 1.5 * known.kept_units + 1 or (moved and known.units > known.kept_units)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Units sold as a product weigh alike, and not as the catalogue says."""

    weight_g: float
    sd_g: float
    units: int


def suggest(odd_g: Sequence[float], product: Product) -> Suggestion | None:
    """What a product's odd units (grams each, oldest first) say it weighs now, or None.

    Most of the last few must weigh alike.
    """
    last = odd_g[-ODD_KEPT:]
    if len(last) < ODD_ALIKE:
        return None
    middle_g = median(last)
    reach_g = max(ODD_SHARE * middle_g, 3 * product.weight_sd_g)
    alike = [g for g in last if abs(g - middle_g) <= reach_g]
    if len(alike) < max(ODD_ALIKE, 0.6 * len(last)):
        return None
    mean_g = fmean(alike)
    square = math.fsum((g - mean_g) ** 2 for g in alike) / (len(alike) - 1)
    # A few units say little of their spread: the catalogue's counts as that of four more.
    sd_g = math.sqrt((4 * product.weight_sd_g**2 + len(alike) * square) / (4 + len(alike)))
    return Suggestion(round(mean_g, 2), round(max(sd_g, SMALLEST_SD_G), 2), len(alike))
