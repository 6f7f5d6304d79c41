"""What people tell the shelf of its stock and its goods, as facts: counts, and weighed units."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from edge_agent.cloud.command_arguments import Count
from edge_agent.cloud.wording import first_fault
from edge_agent.errors import UsageError
from edge_agent.ledger import product_of
from edge_agent.settings import ProductSettings
from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.facts import CountFact, TaughtFact

ASKS = ("count", "taught", "forget-learned")


def fact_of(request: dict[str, Any], catalogue: Catalogue, now: float) -> CountFact | TaughtFact:
    """The fact that a command's request tells; UsageError where it cannot be."""
    if request["ask"] == "count":
        return count_of(_count(request), catalogue, now)
    sku = str(request.get("sku"))
    if request["ask"] == "forget-learned":
        if sku not in catalogue.products:
            raise UsageError(f"No product {sku!r}. See `edge-agent products list`.")
        return TaughtFact(now, sku, None)
    plate = request.get("plate")
    if plate is not None and plate not in catalogue.plates:
        raise UsageError(f"There is no plate {plate!r} on this shelf.")
    return TaughtFact(now, sku, _product(request), plate)


def count_of(told: Count, catalogue: Catalogue, now: float) -> CountFact:
    """What somebody counted; UsageError where the plate or a product is not on this shelf."""
    if told.plate not in catalogue.plates:
        known = ", ".join(catalogue.plates)
        raise UsageError(f"There is no plate {told.plate!r} on this shelf. Use one of: {known}")
    for item in told.items:
        if item.sku not in catalogue.products:
            raise UsageError(f"No product {item.sku!r}. See `edge-agent products list`.")
    return CountFact(now, told.plate, {item.sku: item.quantity for item in told.items})


def _count(request: dict[str, Any]) -> Count:
    try:
        return Count.model_validate(request)
    except ValidationError as error:
        raise UsageError(f"The count cannot be: {first_fault(error)}.") from error


def _product(request: dict[str, Any]) -> Product:
    figures = {k: request.get(k) for k in ("sku", "name", "weight_g", "weight_sd_g", "price")}
    try:
        checked = ProductSettings.model_validate(figures)
    except ValidationError as error:
        raise UsageError(f"The product cannot be: {first_fault(error)}.") from error
    return product_of(checked)
