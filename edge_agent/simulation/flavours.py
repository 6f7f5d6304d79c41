"""The demonstration shop with flavours: goods of one weight and price that only look different."""

from __future__ import annotations

from edge_agent.settings import PlateSettings, ProductSettings, Settings
from edge_agent.simulation.shop import ean13

# plate: (name up to the flavour, gross grams, spread grams, price in fen, flavours). The packages
# of one name share shape, brand and print; colour and one word tell them apart.
_FLAVOURS: dict[str, tuple[str, float, float, int, tuple[str, ...]]] = {
    "A1": ("Soda can 330 ml", 346.0, 1.5, 350, ("cola", "lemon", "orange")),
    "A3": ("Tea carton 250 ml", 263.0, 1.8, 300, ("lemon", "peach")),
    "A4": ("Coffee can 180 ml", 213.0, 1.2, 600, ("vanilla", "honey")),
    "B1": ("Potato crisps 75 g", 88.0, 1.2, 750, ("salt", "paprika")),
    "B3": ("Chocolate bar 51 g", 53.4, 0.5, 650, ("cherry", "mint", "orange")),
    "C1": ("Chewing gum", 15.2, 0.25, 500, ("mint", "strawberry", "lime")),
    "C4": ("Yoghurt 200 g", 216.0, 1.5, 650, ("strawberry", "blueberry")),
}


def with_flavours(settings: Settings) -> Settings:
    """The demonstration shop with flavours on seven of its twelve plates, two or three on each."""
    products: list[ProductSettings] = []
    plates: list[PlateSettings] = []
    known = {product.sku: product for product in settings.product}
    for plate in settings.plate:
        if plate.id not in _FLAVOURS:
            products += (known[sku] for sku in plate.products)
            plates.append(plate)
            continue
        own = _flavours(plate)
        products += own
        plates.append(plate.model_copy(update={"products": tuple(p.sku for p in own)}))
    return settings.model_copy(update={"plate": tuple(plates), "product": tuple(products)})


def _flavours(plate: PlateSettings) -> list[ProductSettings]:
    name, weight_g, weight_sd_g, price, flavours = _FLAVOURS[plate.id]
    body = f"69754{ord(plate.id[0]) - 60:02d}{plate.id[1:]:0>2}"
    return [
        ProductSettings(
            sku=ean13(f"{body}{17 + 13 * place:03d}"),
            name=f"{name}, {flavour}",
            weight_g=weight_g,
            weight_sd_g=weight_sd_g,
            price=price,
        )
        for place, flavour in enumerate(flavours)
    ]
