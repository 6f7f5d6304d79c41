"""The stock in words: counts by both ledgers, what they disagree on, and counts as people write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edge_agent.cli.plate_stock import disagreement
from edge_agent.errors import UsageError

Row = Mapping[str, Any]

_SHORT = ("empty", "low")


def count(plate: Row, item: Row) -> str:
    """A product's count; on a plate whose first count is not known, what came since."""
    quantity = item["quantity"]
    if quantity is None:
        return "" if plate.get("counted", True) else "not counted"
    return str(quantity) if plate.get("counted", True) else f"{quantity} since the start"


def part_of(stock: Row, plate: str | None, sku: str | None) -> dict[str, Any]:
    """The stock of one plate, of one product, or of all where they are None."""
    rows = [row for row in stock["plates"] if plate in (None, row["plate"])]
    if sku is None:
        return {**stock, "plates": rows}
    kept = [
        {
            **row,
            "items": [item for item in row["items"] if item["sku"] == sku],
            **{word: [s for s in row[word] if s == sku] for word in _SHORT if row.get(word)},
        }
        for row in rows
        if any(item["sku"] == sku for item in items_of(row))
    ]
    products = [product for product in stock.get("products", ()) if product["sku"] == sku]
    return {**stock, "plates": kept, "products": products}


def items_of(plate: Row) -> list[Row]:
    """A plate's products with their counts; those that have run out with it; one empty row where
    there is none."""
    items: list[Row] = list(plate["items"])
    known = {item["sku"] for item in items}
    items += [{"sku": s, "quantity": 0} for s in plate.get("empty") or () if s not in known]
    return items or [{"sku": "", "quantity": None}]


def left(plate: Row, sku: str) -> str:
    """Whether a product has run out, or few are left."""
    for word in _SHORT:
        if sku in (plate.get(word) or ()):
            return word
    return ""


def counts_by_weight(plates: Iterable[Row]) -> dict[tuple[str, str], int]:
    """The counts that the weight allows, by plate and SKU."""
    return {
        (plate["plate"], item["sku"]): item["quantity"]
        for plate in plates
        for item in plate.get("by_weight") or ()
    }


def remarks(stock: Row) -> Iterator[str]:
    """What somebody should look at: disagreements, and products of another weight."""
    for plate in stock["plates"]:
        if plate.get("disagreement"):
            yield f"{plate['plate']}: {disagreement(plate)}"
    for product in stock.get("products", ()):
        if "suggested" in product:
            yield f"{product['sku']}: {product['suggested']['explanation']}"


def counted_items(items: Iterable[str]) -> list[dict[str, Any]]:
    """Counts as the command line gives them, `SKU=N`; UsageError where one is none."""
    counted: list[dict[str, Any]] = []
    for item in items:
        sku, separator, number = item.rpartition("=")
        if not (sku and separator and number.isdecimal()):
            raise UsageError(f"{item!r} is no count. Write SKU=N, as 6901028075831=8")
        if any(other["sku"] == sku for other in counted):
            raise UsageError(f"{sku} is counted twice. Give one count for each product.")
        counted.append({"sku": sku, "quantity": int(number)})
    return counted
