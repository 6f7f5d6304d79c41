"""What people tell the shelf of its stock and its goods, as facts: counts, and weighed units."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from edge_agent.errors import UsageError
from edge_agent.settings import ProductSettings
from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.facts import CountFact, TaughtFact

ASKS = ("count", "taught", "forget-learned")
MOST_UNITS = 10_000


def fact_of(request: dict[str, Any], catalogue: Catalogue, now: float) -> CountFact | TaughtFact:
    """The fact that a command's request tells; UsageError where it cannot be."""
    if request["ask"] == "count":
        return count_of(request, catalogue, now)
    sku = str(request.get("sku"))
    if request["ask"] == "forget-learned":
        if sku not in catalogue.products:
            raise UsageError(f"No product {sku!r}. See `edge-agent products list`.")
        return TaughtFact(now, sku, None)
    plate = request.get("plate")
    if plate is not None and plate not in catalogue.plates:
        raise UsageError(f"There is no plate {plate!r} on this shelf.")
    return TaughtFact(now, sku, _product(request), plate)


def count_of(told: dict[str, Any], catalogue: Catalogue, now: float) -> CountFact:
    """A count as `{"plate": …, "items": [{"sku": …, "quantity": …}]}` tells it.

    UsageError where plate, product or number cannot be.
    """
    plate = str(told.get("plate"))
    if plate not in catalogue.plates:
        known = ", ".join(catalogue.plates)
        raise UsageError(f"There is no plate {plate!r} on this shelf. Use one of: {known}")
    items = told.get("items")
    if not isinstance(items, list):
        raise UsageError(f"A count's items are a list of SKU and quantity (found {items!r}).")
    counts: dict[str, int] = {}
    for item in items:
        sku, quantity = (
            (item.get("sku"), item.get("quantity")) if isinstance(item, dict) else (item, None)
        )
        if sku not in catalogue.products:
            raise UsageError(f"No product {sku!r}. See `edge-agent products list`.")
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            raise UsageError(f"The quantity of {sku!r} is a whole number (found {quantity!r}).")
        if not 0 <= quantity <= MOST_UNITS:
            raise UsageError(f"{quantity} units of {sku!r} cannot stand on plate {plate!r}.")
        counts[sku] = quantity
    return CountFact(now, plate, counts)


def _product(request: dict[str, Any]) -> Product:
    figures = {k: request.get(k) for k in ("sku", "name", "weight_g", "weight_sd_g", "price")}
    try:
        checked = ProductSettings.model_validate(figures)
    except ValidationError as error:
        raise UsageError(f"The product cannot be: {error.errors()[0]['msg']}.") from error
    return Product(checked.sku, checked.name, checked.weight_g, checked.weight_sd_g, checked.price)
