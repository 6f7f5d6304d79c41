"""The content of `stock`: every plate by both ledgers, and what products turned out to weigh."""

from __future__ import annotations

from typing import Any

from edge_agent.shelf.books import Counts, Disagreement, Recount
from edge_agent.shelf.comparing import residual_g
from edge_agent.shelf.learning import is_for
from edge_agent.shelf.lessons import suggestions
from edge_agent.shelf.shortages import shortage_of
from edge_agent.shelf.state import Output, ShelfState
from edge_agent.shelf.stock import standing
from edge_agent.times import rfc3339

Payload = dict[str, Any]


def stock_output(state: ShelfState, at: float) -> Output:
    """Tell what stands on every plate: by the count of changes, and by its weight.

    `empty` and `low` are the SKUs that have run out or run low there (`shortages`); null where the
    plate is not counted.
    """
    payload: Payload = {"plates": [_plate(state, plate, at) for plate in state.catalogue.plates]}
    products = _products(state)
    if products:
        payload["products"] = products
    return Output("stock", "shelf.stock", "stock", at, payload, retain=True)


def _plate(state: ShelfState, plate: str, at: float) -> Payload:
    book, counts = state.books.get(plate), state.stock.get(plate, {})
    short = shortage_of(state, plate, at)
    found = book.disagreement if book else None
    told: Payload = {
        "plate": plate,
        "level_g": round(state.levels_g[plate], 1) if plate in state.levels_g else None,
        "counted": plate in state.counted,
        "items": [{"sku": sku, "quantity": max(0, count)} for sku, count in sorted(counts.items())],
        "empty": list(short.empty) if short is not None else None,
        "low": list(short.low) if short is not None else None,
        "by_weight": None,
        "residual_g": None,
        "sigma_g": None,
        "disagreement": _disagreement(found),
        "recounted": _recounted(book.recounted) if book and book.recounted else None,
    }
    if book is None:
        return told
    if plate in state.counted and (found is None or found.apart):
        told["by_weight"] = _items(tuple(sorted(standing(state, plate).items())))
    told["residual_g"] = round(residual_g(state, plate), 1)
    told["sigma_g"] = None if book.sigma_g is None else round(book.sigma_g, 2)
    return told


def _disagreement(found: Disagreement | None) -> Payload | None:
    if found is None:
        return None
    return {
        "reason": found.reason,
        "since": rfc3339(found.since),
        "explanation": found.explanation,
        "off_g": round(found.off_g, 1),
        "apart": _items(found.apart),
    }


def _recounted(entry: Recount) -> Payload:
    return {
        "at": rfc3339(entry.at),
        "by": entry.by,
        "before": _items(entry.before),
        "after": _items(entry.after),
    }


def _items(counts: Counts) -> list[Payload]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in counts]


def _products(state: ShelfState) -> list[Payload]:
    """The products of which the shelf knows more than its catalogue."""
    suggested = suggestions(state)
    told: list[Payload] = []
    for sku, product in state.catalogue.products.items():
        known, suggestion = state.learned.get(sku), suggested.get(sku)
        if known is not None and not is_for(known, product):
            known = None
        if known is None and suggestion is None:
            continue
        entry: Payload = {"sku": sku, "weight_g": product.weight_g}
        if known is not None:
            entry |= {
                "learned_g": round(known.weight_g, 2),
                "learned_sd_g": round(known.sd_g, 2),
                "units": known.units,
            }
        if suggestion is not None:
            entry["suggested"] = {
                "weight_g": suggestion.weight_g,
                "weight_sd_g": suggestion.sd_g,
                "explanation": (
                    f"The last {suggestion.units} odd units of {product.name} weigh "
                    f"{suggestion.weight_g:g} g each, not {product.weight_g:g} g: a new package "
                    f"size? `edge-agent products learn {sku}` weighs them."
                ),
            }
        told.append(entry)
    return told
