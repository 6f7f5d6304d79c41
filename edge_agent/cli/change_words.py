"""Changes and their goods in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edge_agent.cli.console import note
from edge_agent.told_changes import has_left, weight_in_words


def product_names(config: Path | None) -> dict[str, str]:
    """Product names by SKU; none, with a word on why, where the settings cannot be read."""
    from edge_agent.errors import SettingsError
    from edge_agent.settings_file import find_settings, load_settings

    try:
        return {p.sku: p.name for p in load_settings(find_settings(config)).product}
    except SettingsError as error:
        note(f"warning: without product names: {error}")
        return {}


def goods(items: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """`2 × Soda 330 ml, 1 × Water`, signs aside; empty for none."""
    return ", ".join(
        f"{abs(item['quantity'])} × {names.get(item['sku'], item['sku'])}" for item in items
    )


def grams_of(change: Mapping[str, Any]) -> str:
    """What a change weighs, with its deviation; what a camera saw alone weighs nothing known."""
    if change["delta_g"] is None:
        return "seen"
    return f"{change['delta_g']:+.1f} ± {change['sigma_g']:.1f}"


def items_of(change: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The goods of a change; where they are not sure, what they may have been."""
    if change["items"]:
        return goods(change["items"], names)
    if change["kind"] != "unidentified" or not change["alternatives"]:
        return ""
    first, *others = change["alternatives"]
    more = f" or {len(others)} more" if others else ""
    return f"perhaps {goods(first['items'], names)}{more}"


def sure_of(change: Mapping[str, Any]) -> str:
    """How sure the goods of a change are; empty where none were told."""
    # A scale is never 100 % sure, and nobody would believe it.
    return f"{min(99.9, 100 * change['confidence']):.3g} %" if change["items"] else ""


def title_of(change: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One line that says what a change was."""
    what = goods(change["items"], names)
    direction = "taken" if has_left(change) else "put"
    said = {
        "removed": f"{what} taken",
        "returned": f"{what} put back",
        "restocked": f"{what} {direction} in a restock",
        "unobserved": f"{what or 'something'} {direction} while nobody watched",
        "unidentified": f"{weight_in_words(change)} {direction}, no product for sure",
        "withdrawn": "it was no change after all",
    }
    return f"Plate {change['plate']}: {said.get(change['kind'], change['kind'])}"
