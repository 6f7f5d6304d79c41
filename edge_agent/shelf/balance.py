"""Which counts a plate's weight allows: the second ledger, beside the one kept by changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.shelf.books import Bustle

# A calibrated plate is right to about 0.1 % of what it bears (class C3 cells, OIML R 60, plus
# creep), repeats itself to a tenth of that, and its zero wanders by as much in some days: 0.01 % of
# the capacity in the first hour, with the root of time, as a random walk does.
SPAN_SHARE = 0.001
REPEAT_SHARE = 0.0001
DRIFT_SHARE, DRIFT_S = 0.001, 100 * 3600.0
# Of a zero that was set at an unknown time, before the agent first saw the plate.
ZERO_SHARE = 0.0005
# A hand at work leaves its neighbours' platforms at rest elsewhere (a real store's 20 kg plates: 3
# to 12 g), and a plate bears some of what its neighbours do.
JOLT_SHARE, NEIGHBOUR_SHARE = 0.0002, 0.005
MOST_JOLTS = 100
# Where no settings name a capacity.
USUAL_CAPACITY_G = 5000.0

# How likely a ledger is wrong about one product, each further unit of it, or has taken one product
# for another; and that something stands there that is no product.
WRONG_PRODUCT, FURTHER_UNIT, EXCHANGED = 0.02, 0.25, 0.4
FOREIGN, FOREIGN_RANGE_G = 0.02, 2000.0
MAX_UNITS_APART = 60
# Pairs of products are tried up to this many on a plate: 66 pairs, 12 ways each.
MAX_PAIRED = 12

# Without a ledger: as many combinations as are looked at, and how unlike the weight one may be.
MAX_TRIED = 2000
MAX_SIGMAS = 5.0
# With more combinations than this within a sigma none can be sure.
MAX_EXPECTED = 3.0


@dataclass(frozen=True, slots=True)
class Goods:
    """A product as the scale knows it: grams, spread of units, and of the mean itself."""

    sku: str
    weight_g: float
    sd_g: float
    mean_sd_g: float


@dataclass(frozen=True, slots=True)
class Combination:
    """Signed units by SKU, how sure the weight is of them, and how many sigma off they are."""

    units: tuple[tuple[str, int], ...]
    confidence: float
    sigmas: float


def zero_drift_g(capacity_g: float, seconds: float) -> float:
    """Standard deviation of a plate's zero after `seconds` without a known point; grams."""
    return DRIFT_SHARE * capacity_g * math.sqrt(min(1.0, max(0.0, seconds) / DRIFT_S))


def scale_sigma_g(capacity_g: float, moved_g: float, seconds: float, elsewhere: Bustle) -> float:
    """Standard deviation of a weight difference of `moved_g`, `seconds` apart; grams.

    `elsewhere` is what went on at other plates meanwhile.
    """
    jolts = min(elsewhere.changes, MOST_JOLTS)
    return math.hypot(
        REPEAT_SHARE * capacity_g,
        SPAN_SHARE * moved_g,
        zero_drift_g(capacity_g, seconds),
        JOLT_SHARE * capacity_g * math.sqrt(jolts),
        NEIGHBOUR_SHARE * math.sqrt(max(0.0, elsewhere.square_g2)),
    )


def goods_sigma_g(goods: Mapping[str, Goods], units: Mapping[str, int]) -> float:
    """Standard deviation of what so many units weigh, from their own spread and their mean's.

    Units whose product is not among `goods` weigh nothing that could be known, and add nothing.
    """
    variance = 0.0
    for sku, count in units.items():
        known = goods.get(sku)
        if known is not None:
            variance += abs(count) * known.sd_g**2 + (count * known.mean_sd_g) ** 2
    return math.sqrt(variance)


def weight_of(goods: Mapping[str, Goods], units: Mapping[str, int]) -> float:
    """What so many units weigh; products that are not among `goods` weigh nothing."""
    return sum(n * goods[sku].weight_g for sku, n in units.items() if sku in goods)


def units_apart(
    off_g: float, sigma_g: float, goods: Sequence[Goods], counts: Mapping[str, int] | None
) -> tuple[Combination, ...]:
    """Which units more or fewer than counted explain that a plate weighs `off_g` more.

    `sigma_g` is the deviation of `off_g` when the counts are right. `counts` bound how many can be
    missing; None: not known. Likeliest first; none of it is certain: what is missing to 1 is a
    thing that is no product. Bounded work: about a thousand combinations.
    """
    found: dict[tuple[tuple[str, int], ...], tuple[float, float]] = {}
    for units, prior in _apart(off_g, goods, counts):
        likelihood, sigmas = _likelihood(off_g, sigma_g, units)
        key = tuple(sorted((g.sku, n) for g, n in units))
        found[key] = max(found.get(key, (0.0, 0.0)), (prior * likelihood, sigmas))
    total = sum(weight for weight, _ in found.values()) + FOREIGN / FOREIGN_RANGE_G
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))[:5]
    return tuple(Combination(key, weight / total, sigmas) for key, (weight, sigmas) in ranked)


Apart = tuple[tuple[Goods, int], ...]


def _apart(
    off_g: float, goods: Sequence[Goods], counts: Mapping[str, int] | None
) -> Iterator[tuple[Apart, float]]:
    """Yield combinations of a few units apart near `off_g`, each with its prior; first none."""
    yield (), 1.0

    def allowed(one: Goods, units: int) -> bool:
        return counts is None or counts.get(one.sku, 0) + units >= 0

    for one in goods:
        nearest = round(off_g / one.weight_g)
        for units in range(nearest - 1, nearest + 2):
            if 0 < abs(units) <= MAX_UNITS_APART and allowed(one, units):
                yield ((one, units),), WRONG_PRODUCT * FURTHER_UNIT ** (abs(units) - 1)
    if len(goods) <= MAX_PAIRED:
        for place, first in enumerate(goods):
            for second in goods[place + 1 :]:
                for a, b in _FEW:
                    if allowed(first, a) and allowed(second, b):
                        again = EXCHANGED if a + b == 0 else WRONG_PRODUCT
                        further = FURTHER_UNIT ** (abs(a) + abs(b) - 2)
                        yield ((first, a), (second, b)), WRONG_PRODUCT * again * further
    if counts is not None:
        gone = tuple((one, -counts[one.sku]) for one in goods if counts.get(one.sku, 0) > 0)
        if len(gone) > 1:
            yield gone, WRONG_PRODUCT**2


_FEW = tuple(
    (a, b) for a in (-2, -1, 1, 2) for b in (-2, -1, 1, 2) if abs(a) + abs(b) < 4 or a + b == 0
)


def _likelihood(off_g: float, sigma_g: float, units: Apart) -> tuple[float, float]:
    """Normal density of the weight given the units, and how many sigma off it is."""
    expected = sum(n * one.weight_g for one, n in units)
    variance = sigma_g**2 + sum(abs(n) * g.sd_g**2 + (n * g.mean_sd_g) ** 2 for g, n in units)
    variance = max(variance, 0.01)
    square = (off_g - expected) ** 2 / variance
    return math.exp(-square / 2) / math.sqrt(2 * math.pi * variance), math.sqrt(square)


def counts_by_weight(
    level_g: float, sigma_g: float, goods: Sequence[Goods], least: Mapping[str, int]
) -> tuple[Combination, ...]:
    """Which counts a weight allows where nothing is known of them but `least`, likeliest first.

    `sigma_g` is the scale's own deviation. Empty where nothing fits, or so much that to look at
    all of it is no use. A lattice search, heaviest product first, the lightest by division.
    """
    if not goods:
        return ()
    order = sorted(goods, key=lambda one: -one.weight_g)
    # No mix of units can spread more than as many of the worst of them.
    widest_g = max(_spread_of_g(level_g, one) for one in goods)
    reach_g = MAX_SIGMAS * math.hypot(sigma_g, widest_g)
    if _expected(level_g, reach_g / MAX_SIGMAS, order, least) > MAX_EXPECTED:
        return ()
    found: list[tuple[Apart, float, float]] = []
    for tried, units in enumerate(_lattice(level_g, reach_g, order, least)):
        if tried == MAX_TRIED:
            return ()
        likelihood, sigmas = _likelihood(level_g, sigma_g, units)
        if sigmas <= MAX_SIGMAS:
            found.append((units, likelihood, sigmas))
    total = sum(likelihood for _, likelihood, _ in found) + FOREIGN / FOREIGN_RANGE_G
    found.sort(key=lambda one: -one[1])
    return tuple(
        Combination(tuple((g.sku, n) for g, n in units), likelihood / total, sigmas)
        for units, likelihood, sigmas in found[:5]
    )


def _expected(
    level_g: float, sigma_g: float, goods: Sequence[Goods], least: Mapping[str, int]
) -> float:
    """About how many combinations lie within a sigma of a weight: the volume of that slice of the
    simplex of all counts, by units cells."""
    spare_g = level_g - sum(max(0, least.get(one.sku, 0)) * one.weight_g for one in goods)
    cells = 2 * sigma_g / goods[-1].weight_g
    for place, one in enumerate(goods[:-1], start=1):
        cells *= max(0.0, spare_g) / one.weight_g / place
    return cells


def _spread_of_g(level_g: float, one: Goods) -> float:
    units = max(1.0, level_g / one.weight_g)
    return math.hypot(math.sqrt(units) * one.sd_g, units * one.mean_sd_g)


def _lattice(
    left_g: float, reach_g: float, order: Sequence[Goods], least: Mapping[str, int]
) -> Iterator[Apart]:
    """Yield the counts that together weigh `left_g`, give or take `reach_g`."""
    one, rest = order[0], order[1:]
    fewest = max(0, least.get(one.sku, 0))
    if not rest:
        # At least one each time, so that whoever counts them knows how much was looked at.
        high = max(fewest, math.floor((left_g + reach_g) / one.weight_g))
        low = max(fewest, min(high, math.ceil((left_g - reach_g) / one.weight_g)))
        for n in range(low, high + 1):
            yield ((one, n),)
        return
    most_g = left_g - sum(max(0, least.get(g.sku, 0)) * g.weight_g for g in rest)
    for n in range(fewest, math.floor((most_g + reach_g) / one.weight_g) + 1):
        for others in _lattice(left_g - n * one.weight_g, reach_g, rest, least):
            yield ((one, n), *others)
