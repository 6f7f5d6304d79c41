"""What the doctor says of the two ledgers: counts against weight, and products against units."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from edge_agent.doctor_finding import Finding
from edge_agent.errors import StoreError, UsageError
from edge_agent.store import Store

_COUNT = "Look at the plate and count it: edge-agent restock count {plate} SKU=N …"
_REMEDIES = {
    "foreign_object": "Take away from plate {plate} what is no product",
    "packaging_returned": "Take the empty packaging off plate {plate}",
    "drift": "When plate {plate} is empty: edge-agent tare {plate}",
    "unit_weight": "Weigh some units anew: edge-agent products learn SKU --plate {plate}",
}


def readable_store(state: Path) -> Store | None:
    """The agent's store; None where there is none yet, or it cannot be read."""
    try:
        return Store.read_only(state)
    except (StoreError, UsageError):
        return None


def check_ledgers(state: Path) -> Iterator[Finding]:
    """Report each plate whose weight and counts disagree, and each product of another weight.

    Silent where no agent has counted yet, or its database cannot be read: other checks tell that.
    """
    store = readable_store(state)
    if store is None:
        return
    with closing(store):
        stock = store.views.get("stock", "stock")
    if stock is None:
        return
    apart = [plate for plate in stock["plates"] if plate.get("disagreement")]
    for plate in apart:
        yield _disagreement(plate)
    if not apart:
        yield Finding("ok", "stock", _agreement(stock["plates"]))
    for product in stock.get("products", []):
        suggested = product.get("suggested")
        if suggested:
            remedy = f"edge-agent products learn {product['sku']}"
            yield Finding(
                "warn", f"product {product['sku']}", suggested["explanation"], remedy, suggested
            )


def _disagreement(plate: dict[str, Any]) -> Finding:
    found = plate["disagreement"]
    remedy = _REMEDIES.get(found["reason"], _COUNT).format(plate=plate["plate"])
    detail = f"{found['explanation']} Since {found['since']}"
    return Finding("warn", f"stock of plate {plate['plate']}", detail, remedy, found)


def _agreement(plates: list[dict[str, Any]]) -> str:
    counted = [p for p in plates if p["counted"]]
    said = f"counts and weight agree on {len(counted)} plates"
    rest = [p["plate"] for p in plates if not p["counted"]]
    if not rest:
        return said
    names = ", ".join(rest)
    return f"{said}; not counted yet, as their weight allows several counts: {names}"
