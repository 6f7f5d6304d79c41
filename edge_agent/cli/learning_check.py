"""Which known products a newly taught one may be mistaken for, by weight and picture together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge_agent.cli.console import note
from edge_agent.cli.progress import Progress
from edge_agent.settings import Settings
from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.features.teaching import Alike, hard_to_tell


def check_pictures(
    gallery: Gallery, sku: str, name: str, others: Sequence[str], names: dict[str, str]
) -> list[Alike]:
    """Compare pictures with those of `others`, which weight does not tell from it; warn of each
    that may be mistaken for it. `names` are by SKU."""
    with Progress("Comparing") as progress:
        alike = hard_to_tell(gallery, sku, others, progress)
    for other in alike:
        note(f"warning: {_warning(name, names.get(other.sku, other.sku), other)}")
    return alike


def told(alike: Sequence[Alike]) -> list[dict[str, Any]]:
    """What JSON tells of them."""
    return [{"sku": o.sku, "mistaken": round(o.mistaken, 3)} for o in alike]


def check_by_both(
    gallery: Gallery, settings: Settings, sku: str, name: str, like_it: Sequence[str]
) -> list[dict[str, Any]]:
    """Say of every known product that its weight may not tell what the pictures do about it.

    `like_it` are the products that weigh as much; those of unknown weight are compared as well.
    Returns those that may be mistaken for it.
    """
    names = {p.sku: p.name for p in settings.product}
    weighed = {p.sku for p in settings.product if p.weight_g is not None}
    taught = [other for other in gallery.skus() if other != sku]
    seen = [other for other in taught if other in like_it or other not in weighed]
    mistaken = check_pictures(gallery, sku, name, seen, names)
    unsure = {other.sku for other in mistaken}
    apart = [names.get(other, other) for other in seen if other not in unsure]
    if apart:
        note(f"By weight and picture together it is told from {', '.join(apart)}.")
    unseen = [other for other in like_it if other not in taught]
    for other in unseen:
        note(
            f"warning: weight alone cannot tell it from {names.get(other, other)}, which has no "
            f"pictures yet. Take some: edge-agent products learn {other}"
        )
    if not seen and not unseen:
        note("No other known product weighs as much: its weight tells it from all of them.")
    return told(mistaken)


def _warning(name: str, other: str, alike: Alike) -> str:
    return (
        f"neither weight nor picture surely tells {name} from {other} (about "
        f"{alike.mistaken:.0%} of the pictures are taken for the other): teach more pictures of "
        "both, showing what differs, or keep them on different plates"
    )
