"""The demonstration shop: twelve plates of office snacks and drinks, their weights and prices.

The goods, codes and prices are invented. Weights are gross (goods and packing) and lie where such
goods lie; the unit-to-unit spread is about 0.5 to 2 %, well inside the tolerable deficiency that
packers of prepacked goods must keep (JJF 1070, OIML R 87: 9 % at 50 g, 3 % at 500 g).
"""

from __future__ import annotations

import math

import tomlkit

from edge_agent.settings import PlateSettings, ProductSettings, ScaleSettings, Settings

CAPACITY_G = 5000.0
# A plate is stocked to this share of its capacity, so that a hand may press on it.
FILL = 0.85
MOST_UNITS = 10
# Fewer than these of one product, and it shares the plate unit by unit.
FEWEST_UNITS = 3
# What goods without a weight are taken to weigh: they stand on no scale.
UNWEIGHED_G = 100.0

# plate: (name, gross grams, spread grams, price in fen). A3 and C3 hold goods that weight can
# hardly tell apart: about 6 sigma between two units, 4 between two pairs.
_GOODS: dict[str, tuple[tuple[str, float, float, int], ...]] = {
    "A1": (("Soda can 330 ml", 346.0, 1.5, 350),),
    "A2": (("Spring water 550 ml", 571.0, 2.5, 200),),
    "A3": (
        ("Lemon tea carton 250 ml", 263.0, 1.8, 300),
        ("Soy milk carton 250 ml", 274.0, 1.8, 400),
    ),
    "A4": (("Coffee can 180 ml", 213.0, 1.2, 600), ("Milk tea bottle 350 ml", 384.0, 2.0, 550)),
    "B1": (("Potato crisps 75 g", 88.0, 1.2, 750), ("Mixed nuts 22 g", 24.0, 0.5, 450)),
    "B2": (("Soda biscuits 100 g", 112.0, 1.2, 680), ("Sunflower seeds 170 g", 178.0, 1.8, 990)),
    "B3": (("Chocolate bar 51 g", 53.4, 0.5, 650), ("Peanut wafer 36 g", 38.2, 0.5, 250)),
    "B4": (("Noodle cup 85 g", 118.0, 1.8, 550), ("Eight-treasure congee 360 g", 419.0, 2.0, 600)),
    "C1": (
        ("Chewing gum", 15.2, 0.25, 500),
        ("Mint drops", 26.5, 0.3, 890),
        ("Dried plums 65 g", 74.0, 0.7, 1200),
    ),
    "C2": (("Beef jerky 50 g", 55.5, 0.7, 1580), ("Dried mango 84 g", 90.0, 1.0, 1390)),
    "C3": (("Toast bread 90 g", 96.5, 1.6, 500), ("Cream roll 95 g", 106.0, 1.6, 580)),
    "C4": (("Yoghurt 200 g", 216.0, 1.5, 650), ("Fruit cup 250 g", 268.0, 2.0, 890)),
}


def ean13(body: str) -> str:
    """Twelve digits with their EAN-13 check digit (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def demo_settings(shelf_id: str = "demo-shelf") -> Settings:
    """Twelve plates A1 to C4 on the simulated scale `main`, with 24 products in CNY."""
    plates: list[PlateSettings] = []
    products: list[ProductSettings] = []
    for channel, (plate, goods) in enumerate(_GOODS.items()):
        skus = []
        for name, weight_g, weight_sd_g, price in goods:
            sku = ean13(f"6975{40211 + 7 * channel:05d}{120 + 11 * len(products):03d}")
            skus.append(sku)
            products.append(
                ProductSettings(
                    sku=sku, name=name, weight_g=weight_g, weight_sd_g=weight_sd_g, price=price
                )
            )
        plates.append(
            PlateSettings(
                id=plate,
                scale="main",
                channel=channel,
                capacity_g=CAPACITY_G,
                # An HX711 at gain 128 with a 5 kg cell of 1 mV/V on 5 V gives about 420 counts/g.
                zero_counts=float(61_000 + 9_173 * channel - 2_000 * (channel % 3)),
                counts_per_g=round(402.0 + 3.7 * channel - 5.3 * (channel % 4), 1),
                products=tuple(skus),
            )
        )
    return Settings.model_validate(
        {
            "shelf_id": shelf_id,
            "currency": "CNY",
            "scale": (ScaleSettings(id="main", driver="simulated"),),
            "plate": tuple(plates),
            "product": tuple(products),
            "payments": {"signature": "optional"},
        }
    )


def weighed_plates(settings: Settings) -> tuple[PlateSettings, ...]:
    """The plates with a load cell, in the order of the settings: the columns of a recording."""
    return tuple(plate for plate in settings.plate if plate.is_weighed)


def initial_stock(settings: Settings) -> dict[tuple[str, str], int]:
    """How many units stand on each plate when it is full: {(plate, sku): units}."""
    weight_g = {product.sku: product.weight_g for product in settings.product}
    stock: dict[tuple[str, str], int] = {}
    for plate in settings.plate:
        room_g = FILL * plate.capacity_g
        # Only what stands on a plate without a scale may be without a weight.
        each_g = {sku: weight_g[sku] or UNWEIGHED_G for sku in plate.products}
        units = {sku: math.floor(room_g / len(each_g) / g) for sku, g in each_g.items()}
        if min(units.values()) < FEWEST_UNITS:
            # Light goods give way to heavy ones: as many of each as fit.
            units = dict.fromkeys(each_g, math.floor(room_g / sum(each_g.values())))
        stock |= {(plate.id, sku): max(1, min(MOST_UNITS, units[sku])) for sku in each_g}
    return stock


def settings_toml(settings: Settings) -> str:
    """The settings as the text of a valid `shelf.toml`; what has its default is left out."""
    values = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return tomlkit.dumps(values)
