"""What the cloud may ask of the shelf with `query`, and what it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from edge_agent.cloud.command_arguments import Query, described
from edge_agent.errors import UsageError
from edge_agent.shelf.state import Restock, ShelfState
from edge_agent.shelf.telling_payments import payment_payload
from edge_agent.store.database import to_json
from edge_agent.store.views import ViewKind, Views
from edge_agent.times import rfc3339_or_none

# AWS IoT carries 128 KB a message; the envelope and the reply's other fields take little.
MOST_BYTES = 100_000

Answer = dict[str, Any]

_ONE: dict[str, ViewKind] = {"case": "case", "visit": "visit", "change": "change"}
_MANY: dict[str, ViewKind] = {
    "cases": "case",
    "visits": "visit",
    "changes": "change",
    "rejections": "rejection",
}


def answer_query(
    query: Query, state: ShelfState, views: Views, status: Callable[[], Answer]
) -> Answer:
    """Answer one query: `{"about": …, <about>: …}`; without `about`, `{"open_cases": [case_id]}`.

    Lists have the newest first and hold as many rows as fit into one message; `left_off` says how
    many more there were among those asked for. Raises UsageError where there is no such thing.
    """
    about = query.about
    if about is None:
        return {"open_cases": [c.case_id for c in state.cases.values() if c.state != "closed"]}
    if about in _ONE:
        return {"about": about, about: _one(about, query, views)}
    if about in _MANY:
        return {"about": about, **_some(about, _rows(_MANY[about], query, views))}
    answers: dict[str, Callable[[], Answer]] = {
        "stock": lambda: _stock(query, views),
        "payment": lambda: _payment(query, state),
        "payments": lambda: _payments(query, state),
        "restocks": lambda: _restocks(query, state),
        "catalogue": lambda: _catalogue(state),
        "commands": lambda: {"commands": described()},
        "status": lambda: {"status": status()},
    }
    return {"about": about, **answers[about]()}


def _one(about: str, query: Query, views: Views) -> Answer:
    name = str(getattr(query, f"{about}_id"))
    found = views.get(_ONE[about], name)
    if found is None:
        raise UsageError(f"There is no {about} {name!r} on this shelf, or it is past its time.")
    return found


def _rows(kind: ViewKind, query: Query, views: Views) -> list[Answer]:
    if query.state is None:
        return views.list(kind, since=query.since, limit=query.limit)
    found = views.list(kind, since=query.since)
    return [row for row in found if row.get("state") == query.state][: query.limit]


def _some(about: str, rows: Sequence[Answer]) -> Answer:
    kept = list(_fitting(rows))
    left_off = len(rows) - len(kept)
    return {about: kept, **({"left_off": left_off} if left_off else {})}


def _fitting(rows: Iterable[Answer]) -> Iterable[Answer]:
    size = 0
    for row in rows:
        size += len(to_json(row).encode("utf-8")) + 1
        if size > MOST_BYTES:
            return
        yield row


def _stock(query: Query, views: Views) -> Answer:
    stock = views.get("stock", "stock")
    if stock is None:
        raise UsageError("The shelf has not counted its stock yet; ask again in a minute.")
    if query.plate is None:
        return {"stock": stock}
    plates = [p for p in stock.get("plates", []) if p.get("plate") == query.plate]
    if not plates:
        raise UsageError(f"There is no plate {query.plate!r} with stock on this shelf.")
    return {"stock": {**stock, "plates": plates}}


def _payment(query: Query, state: ShelfState) -> Answer:
    found = state.payments.get(query.payment_id or "")
    if found is None:
        raise UsageError(f"The shelf knows no payment {query.payment_id!r}, or no more.")
    return {"payment": payment_payload(found)}


def _payments(query: Query, state: ShelfState) -> Answer:
    """Those whose end is not known yet, unless another state is asked for."""
    wanted = (query.state,) if query.state is not None else ("opened", "pending")
    found = [p for p in state.payments.values() if p.state in wanted]
    found.sort(key=lambda p: (-p.reference_at, p.payment_id))
    return _some("payments", [payment_payload(p) for p in found[: query.limit]])


def _restocks(query: Query, state: ShelfState) -> Answer:
    rows = [restock_row(r) for r in state.restocks.values()]
    return _some("restocks", [row for row in rows if query.state in (None, row["state"])])


def restock_row(restock: Restock) -> Answer:
    """A restock order as the shelf knows it, with when it ran."""
    return {
        "restock_id": restock.order.restock_id,
        "revision": restock.order.revision,
        "state": restock.order.state,
        "operator": restock.order.operator,
        "lines": [asdict(line) for line in restock.order.lines],
        "started_at": rfc3339_or_none(restock.started_at),
        "finished_at": rfc3339_or_none(restock.finished_at),
    }


def _catalogue(state: ShelfState) -> Answer:
    catalogue = state.catalogue
    products = [asdict(product) for product in catalogue.products.values()]
    return {
        "version": catalogue.version,
        **_some("products", products),
        "plates": [{"id": plate, "products": skus} for plate, skus in catalogue.plates.items()],
    }
