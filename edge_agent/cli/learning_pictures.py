"""`products learn SKU --pictures FILE…`: keep pictures of a product, and say what looks alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_agent.cli.console import note
from edge_agent.cli.learning_check import check_pictures, told
from edge_agent.errors import UsageError
from edge_agent.settings import ProductSettings, Settings
from edge_agent.settings_edit import add_product
from edge_agent.settings_file import find_settings, find_state, load_settings
from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.teaching import alike_by_weight
from edge_agent.vision.features.gallery import MOST_PICTURES, Gallery
from edge_agent.vision.picture_files import read_cut_out

_SKU = re.compile(r"\S{1,64}")


def learn_pictures(
    sku: str,
    files: Sequence[Path],
    name: str | None,
    price: int | None,
    config: Path | None,
    state: Path | None,
) -> dict[str, Any]:
    """Keep pictures of a product and return what was kept and what it may be mistaken for.

    With `name` and `price` a product that the settings lack is added to them. Raises UsageError
    and SettingsError; CameraError where a file is no picture: then none of them is kept.
    """
    if not _SKU.fullmatch(sku):
        raise UsageError(f"{sku!r} is no SKU: up to 64 characters without spaces. Correct it.")
    path = find_settings(config)
    settings = load_settings(path, hardware=False)
    known = next((p for p in settings.product if p.sku == sku), None)
    # All are read before the first is kept: a wrong name must not leave half a lesson.
    pictures = [read_cut_out(file) for file in files]
    gallery = Gallery(find_state(state))
    added = [gallery.add(sku, picture, mask) for picture, mask in pictures]
    if known is None:
        _add(path, sku, name, price)
    kept = gallery.pictures(sku)
    _say_what_was_kept(sku, files, added, len(kept))
    names = {p.sku: p.name for p in settings.product}
    called = name or names.get(sku, sku)
    like_it = _of_like_weight(settings, gallery, sku)
    alike = check_pictures(gallery, sku, called, like_it, names)
    return {
        "sku": sku,
        "name": called,
        "pictures": [str(file) for file in kept],
        "added": sum(file is not None for file in added),
        "looks_alike": told(alike),
    }


def _add(path: Path, sku: str, name: str | None, price: int | None) -> None:
    """Add a product that the settings lack, where it was said what it is."""
    if name is not None and price is not None:
        add_product(path, ProductSettings(sku=sku, name=name, price=price))
        return
    note(
        f"warning: {path} has no product {sku!r}. Its pictures are kept; unless it comes from the "
        f"cloud, add it: edge-agent products add {sku} --name NAME --price PRICE"
    )


def _say_what_was_kept(
    sku: str, files: Sequence[Path], added: Sequence[Path | None], kept: int
) -> None:
    for file, picture in zip(files, added, strict=True):
        if picture is None:
            note(f"{file} was taught before; it is kept once.")
    if kept == MOST_PICTURES < sum(picture is not None for picture in added) + 1:
        note(f"{sku} has {MOST_PICTURES} pictures, the most that are kept; older ones left.")


def _of_like_weight(settings: Settings, gallery: Gallery, sku: str) -> list[str]:
    """The other taught products that its weight does not tell from it."""
    weights = {p.sku: p for p in settings.product if p.weight_g is not None}
    others = [other for other in gallery.skus() if other != sku]
    own = weights.get(sku)
    if own is None or own.weight_g is None:
        return others
    weighed = [weights[other] for other in others if other in weights]
    like = alike_by_weight(own.weight_g, own.weight_sd_g, 0.0, _products(weighed))
    return [o for o in others if o not in weights or o in {p.sku for p in like}]


def _products(weighed: Sequence[ProductSettings]) -> list[Product]:
    return [Product(p.sku, p.name, p.weight_g, p.weight_sd_g, p.price) for p in weighed]


def said_pictures(done: dict[str, Any]) -> str:
    """The outcome as a sentence."""
    count = len(done["pictures"])
    pictures = "one picture" if count == 1 else f"{count} pictures"
    return f"{done['name']} ({done['sku']}) is known by {pictures}; {done['added']} new."
