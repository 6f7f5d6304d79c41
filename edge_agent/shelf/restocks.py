"""Restock orders: what was to come against what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.loss_lines import LossLine
from edge_agent.shelf.orders import end_of
from edge_agent.shelf.state import Change, Output, Restock, ShelfState
from edge_agent.times import rfc3339


def arrived(changes: Iterable[Change]) -> Counter[tuple[str, str]]:
    """Net units by (sku, plate) that a restock's changes brought."""
    came: Counter[tuple[str, str]] = Counter()
    for change in changes:
        for sku, quantity in change.items:
            came[sku, change.plate] += quantity
    return came


# Units that customers bought while a restock ran, by (SKU, plate).
Sold = Counter[tuple[str, str]]


def report_content(
    state: ShelfState,
    restock: Restock,
    ended_at: float,
    changes: Sequence[Change],
    sold: Sold,
) -> dict[str, Any]:
    """What a restock brought line by line, with what came though nobody ordered it.

    What a customer took meanwhile and paid has come as well.
    """
    order = restock.order
    came = arrived(changes)
    came.update(sold)
    then = state.assortment.at(ended_at)
    lines = [_line(then, x.sku, x.plate, x.quantity, came) for x in order.lines]
    for (sku, plate), count in sorted(came.items()):
        if count:
            lines.append(_line(then, sku, plate, 0, came))
    return {
        "restock_id": order.restock_id,
        "operator": order.operator,
        "started_at": rfc3339(restock.started_at) if restock.started_at is not None else None,
        "finished_at": rfc3339(ended_at),
        "end_assumed": restock.finished_at is None,
        "lines": lines,
        "sold_meanwhile": [
            {"sku": sku, "plate": plate, "quantity": n} for (sku, plate), n in sorted(sold.items())
        ],
        "unidentified": _unidentified(changes),
    }


def report_output(restock: Restock, at: float) -> Output:
    """Tell a restock's report at its present revision."""
    payload = {**(restock.told or {}), "revision": restock.revision}
    return Output("restock-reports", "shelf.restock-report", restock.order.restock_id, at, payload)


def _line(
    catalogue: Catalogue,
    sku: str,
    plate: str | None,
    ordered: int,
    came: Counter[tuple[str, str]],
) -> dict[str, Any]:
    """One line of a report: units, and what they weigh by the catalogue (grams)."""
    found = _take(came, sku, plate, ordered)
    product = catalogue.products.get(sku)
    unit_g = product.weight_g if product is not None else None
    return {
        "sku": sku,
        "plate": plate,
        "ordered": ordered,
        "weighed": found,
        "difference": found - ordered,
        "weight_g": None if unit_g is None else round(found * unit_g, 1),
        "unit_price": catalogue.price(sku),
    }


def _unidentified(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """What a restock moved that fits no product: by plate, in grams."""
    moved: Counter[str] = Counter()
    for change in changes:
        if not (change.items or change.by_sight):
            moved[change.plate] += round(10 * change.delta_g)
    return [{"plate": p, "delta_g": tenths / 10} for p, tenths in sorted(moved.items()) if tenths]


def _seen_to_come(changes: Iterable[Change]) -> set[str]:
    """What a camera may have seen come: it does not tell how many stand behind each other."""
    came = [change for change in changes if change.by_sight and change.delta_g > 0]
    return {sku for change in came for each in change.hypotheses for sku, _ in each.items}


def _take(came: Counter[tuple[str, str]], sku: str, plate: str | None, ordered: int) -> int:
    """Take what came of a line out of `came`: on its plate, or anywhere where it names none.

    A line without a plate takes no more than was ordered, so that a second line finds the rest.
    """
    if plate is not None:
        return came.pop((sku, plate), 0)
    found = 0
    for key in sorted(k for k in came if k[0] == sku):
        nearer = min if ordered >= 0 else max
        part = nearer(came[key], ordered - found)
        found += part
        came[key] -= part
    return found


def _may_be_among(changes: Iterable[Change], sku: str) -> int:
    """Units of a product that may be in what came and could not be identified."""
    return sum(
        max((n for h in change.hypotheses for s, n in h.items if s == sku), default=0)
        for change in changes
        if not change.items and change.delta_g > 0
    )


def shortfall(
    state: ShelfState, restock: Restock, changes: Sequence[Change], sold: Sold
) -> list[LossLine]:
    """The goods that were ordered and did not arrive on any plate, at their price of then."""
    ended_at = end_of(restock)
    then = state.assortment.at(state.now if ended_at is None else ended_at)
    ordered: Counter[str] = Counter()
    plates: dict[str, str] = {}
    for line in restock.order.lines:
        ordered[line.sku] += line.quantity
        plates.setdefault(line.sku, line.plate or "")
    came: Counter[str] = Counter()
    for counts in (arrived(changes), sold):
        for (sku, _), quantity in counts.items():
            came[sku] += quantity
    seen = _seen_to_come(changes)
    lines: list[LossLine] = []
    for sku, quantity in sorted(ordered.items()):
        missing = quantity - max(0, came[sku]) - _may_be_among(changes, sku)
        if quantity > 0 and missing > 0 and sku not in seen:
            price = then.price(sku)
            lines.append(
                LossLine(
                    kind="restock_shortfall",
                    sku=sku,
                    name=then.name(sku),
                    quantity=missing,
                    unit_price=price,
                    paid_as=None,
                    paid_as_name="",
                    value=missing * price,
                    plate=plates[sku],
                    confidence=0.95,
                )
            )
    return lines
