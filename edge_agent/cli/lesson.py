"""What `products learn` is to learn where; all that can be checked before goods are carried."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edge_agent.cli.readings import plate_of
from edge_agent.errors import SettingsError, UsageError
from edge_agent.settings import PlateSettings, ProductSettings, Settings
from edge_agent.settings_file import find_settings, find_state, load_settings


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learned where; `known` is the product as the settings have it, if they do."""

    settings_path: Path
    state: Path
    settings: Settings
    plate: PlateSettings
    sku: str
    name: str
    known: ProductSettings | None


def open_lesson(
    sku: str,
    plate_id: str | None,
    name: str | None,
    price: int | None,
    config: Path | None,
    state: Path | None,
) -> Lesson:
    """Check all that can be checked before anyone carries goods about.

    Raises UsageError and SettingsError.
    """
    path = find_settings(config)
    settings = load_settings(path)
    known = next((p for p in settings.product if p.sku == sku), None)
    if known is None and (name is None or price is None):
        raise UsageError(
            f"{path} has no product {sku!r}. Add --name and --price to learn it as a new one, or "
            "see `edge-agent products list`."
        )
    folder = path.resolve().parent
    if not os.access(folder, os.W_OK):
        raise SettingsError(
            f"Cannot write {path}: no permission for the folder {folder}. "
            "Run this command as a user who may write there (`sudo edge-agent …`)."
        )
    if name is not None and price is not None:
        product_with(sku, name, price, 1.0, 1.0)
    plate = plate_of(settings, plate_id) if plate_id is not None else _home(settings, sku)
    told = name or (known.name if known else sku)
    return Lesson(path, find_state(state), settings, plate, sku, told, known)


def product_with(
    sku: str, name: str, price: int, weight_g: float, weight_sd_g: float
) -> ProductSettings:
    """A product with these figures; UsageError where the settings would not take it."""
    try:
        return ProductSettings(
            sku=sku, name=name, price=price, weight_g=weight_g, weight_sd_g=weight_sd_g
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{first['loc'][0]} is {first['input']!r}: {first['msg']}. Correct it and try again."
        ) from error


def _home(settings: Settings, sku: str) -> PlateSettings:
    """The one weighed plate where the product belongs, or the only one there is."""
    weighed = [p for p in settings.plate if p.is_weighed]
    homes = [p for p in weighed if sku in p.products] or weighed
    if len(homes) == 1:
        return homes[0]
    names = ", ".join(p.id for p in homes) or "none is weighed"
    raise UsageError(f"Which plate will the units be put on? Add --plate with one of: {names}")
