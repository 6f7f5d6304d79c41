"""Another shop than the demonstration's: any number of plates, goods by chance.

Gross weights of the built-in goods follow 79 real ones that the authors of AIM3S weighed
(`../shared/data/product-weights.json`: 15 g to 1.1 kg): lognormal with a median of 133 g and a
standard deviation of 1.0 of the natural logarithm. One in seven is drawn evenly over the logarithm
of the whole range instead, since an office shelf also has what that list lacks: a stick of gum, a
two-litre bottle.

The unit-to-unit spread, from the same list (77 goods of two units and more), is 1.1 % of a good of
133 g and less the heavier it is (to the power -0.77), with a deviation of 0.9 of the logarithm
(1.09 as measured, of which two to nine units a good explain 0.6). It is cut at 0.2 % and at half
the tolerable deficiency of OIML R 87, table 1: what a packer may exceed in one pack of forty.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge_agent.errors import UsageError
from edge_agent.settings import PlateSettings, ProductSettings, ScaleSettings, Settings
from edge_agent.simulation.chance import stream
from edge_agent.simulation.shop import FEWEST_UNITS, FILL, ean13

MEDIAN_G, LOG_SPREAD = 133.0, 1.0
HEAVIEST_G = 2500.0
ODD_SHARE = 1.0 / 7.0
UNIT_SPREAD, SPREAD_POWER, SPREAD_LOG_SPREAD = 0.011, -0.77, 0.9
LEAST_SPREAD = 0.002
# (up to grams, tolerable deficiency as a part, and in grams): the larger of the two counts.
TOLERABLE = (
    (50.0, 0.09, 0.0), (100.0, 0.0, 4.5), (200.0, 0.045, 0.0), (300.0, 0.0, 9.0),
    (500.0, 0.03, 0.0), (1000.0, 0.0, 15.0), (math.inf, 0.015, 0.0),
)  # fmt: skip
CAPACITIES_G = (5_000.0, 10_000.0, 20_000.0, 40_000.0, 80_000.0, 160_000.0, 320_000.0)
PLATES_ON_A_BOARD = 4
# Where a list of goods is too short, its goods come again, as much heavier or lighter.
SECOND_ROUND_LOG_SPREAD = 0.2


def other_shop(
    seed: int,
    plates: int,
    products_per_plate: int,
    capacity_g: float,
    lightest_g: float,
    goods: Path | None = None,
) -> Settings:
    """The settings of a shop with so many plates and goods, the same for the same arguments.

    `goods` is a JSON list of objects with `weight_g` and `weight_sd_g` (grams) and perhaps `name`.
    A plate bears `capacity_g`, or as much more as its goods need. Raises UsageError for a file
    that is no such list.
    """
    rng = stream(seed, "goods")
    source = _drawn(rng, lightest_g) if goods is None else _listed(goods, rng, lightest_g)
    all_plates: list[PlateSettings] = []
    products: list[ProductSettings] = []
    for channel in range(plates):
        own = [_product(len(products) + n, *next(source), rng) for n in range(products_per_plate)]
        products += own
        all_plates.append(_plate(channel, own, capacity_g))
    return Settings.model_validate(
        {
            "shelf_id": "simulated-shelf",
            "currency": "CNY",
            "scale": (ScaleSettings(id="main", driver="simulated"),),
            "plate": tuple(all_plates),
            "product": tuple(products),
            "payments": {"signature": "optional"},
        }
    )


def _drawn(rng: np.random.Generator, lightest_g: float) -> Iterator[tuple[str, float, float]]:
    """Name, grams and spread of goods without end."""
    number = 0
    while True:
        number += 1
        grams = 0.0
        while not lightest_g <= grams <= HEAVIEST_G:
            if rng.random() < ODD_SHARE:
                grams = lightest_g * (HEAVIEST_G / lightest_g) ** float(rng.random())
            else:
                grams = MEDIAN_G * math.exp(LOG_SPREAD * float(rng.standard_normal()))
        usual = UNIT_SPREAD * (grams / MEDIAN_G) ** SPREAD_POWER
        spread = usual * math.exp(SPREAD_LOG_SPREAD * float(rng.standard_normal()))
        yield f"Good {number}", grams, grams * max(LEAST_SPREAD, spread)


def _listed(
    file: Path, rng: np.random.Generator, lightest_g: float
) -> Iterator[tuple[str, float, float]]:
    """The goods of a list in an order by chance, then again with other weights."""
    rows = _read(file, lightest_g)
    log_spread = 0.0
    while True:
        for place in rng.permutation(len(rows)):
            name, grams, spread_g = rows[int(place)]
            factor = math.exp(log_spread * float(rng.standard_normal()))
            yield name, max(lightest_g, grams * factor), spread_g * factor
        log_spread = SECOND_ROUND_LOG_SPREAD


def _read(file: Path, lightest_g: float) -> list[tuple[str, float, float]]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        goods = [
            (str(row.get("name", "Good")), float(row["weight_g"]), float(row["weight_sd_g"] or 0.0))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{file} is no list of goods ({type(error).__name__}: {error}). Give a JSON list of "
            'objects with "weight_g" and "weight_sd_g" in grams.'
        ) from error
    heavy = [row for row in goods if row[1] >= lightest_g]
    if not heavy:
        raise UsageError(f"{file} has no goods of {lightest_g:g} g and more. Give another list.")
    return heavy


def _product(
    number: int, name: str, grams: float, spread_g: float, rng: np.random.Generator
) -> ProductSettings:
    most_g = 0.5 * next(
        max(part * grams, fixed_g) for up_to_g, part, fixed_g in TOLERABLE if grams <= up_to_g
    )
    return ProductSettings(
        sku=ean13(f"6976{number:08d}"),
        name=name,
        weight_g=round(grams, 2),
        weight_sd_g=round(min(most_g, max(LEAST_SPREAD * grams, spread_g)), 3),
        price=10 * int(rng.integers(20, 200)),
    )


def _plate(channel: int, own: list[ProductSettings], capacity_g: float) -> PlateSettings:
    needed_g = FEWEST_UNITS * sum(product.weight_g or 0.0 for product in own) / FILL
    bears_g = max(capacity_g, next(c for c in CAPACITIES_G if c >= min(needed_g, CAPACITIES_G[-1])))
    return PlateSettings(
        id=_name(channel),
        scale="main",
        channel=channel,
        capacity_g=bears_g,
        zero_counts=float(60_000 + 1_000 * (channel % 7)),
        # The converter's whole range is used alike: the more a cell bears, the fewer counts a gram.
        counts_per_g=round(412.0 * 5_000.0 / bears_g, 3),
        products=tuple(product.sku for product in own),
    )


def _name(channel: int) -> str:
    """A1 to A4 on the first board, B1 to B4 on the next, then on to AA1."""
    board, place = divmod(channel, PLATES_ON_A_BOARD)
    letters = ""
    while board >= 0:
        board, letter = divmod(board, 26)
        letters = chr(ord("A") + letter) + letters
        board -= 1
    return f"{letters}{place + 1}"
