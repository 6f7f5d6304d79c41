"""What the doctor says of the ledger of units: whether it is whole, and fits the stock told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from edge_agent.doctor_finding import Finding
from edge_agent.doctor_ledgers import readable_store
from edge_agent.errors import StoreError
from edge_agent.store import Store
from edge_agent.store.stock_chain import Broken, Whole, check_chain
from edge_agent.store.stock_ledger import Balances

_NAME = "stock ledger"
_REMEDY = (
    "Keep a copy for support (edge-agent bundle), then restore a backup: edge-agent restore; "
    "what is counted on the plates is not affected"
)


def check_stock_ledger(state: Path) -> Iterator[Finding]:
    """Follow the chain of entries from the first to the last, and compare it with the stock.

    Silent where no agent has counted yet, or its database cannot be read: other checks tell that.
    """
    store = readable_store(state)
    if store is None:
        return
    with closing(store):
        try:
            # One moment of a ledger that may be growing.
            with store.atomic():
                yield from _check(store)
        except StoreError as error:
            yield Finding("fail", _NAME, str(error), _REMEDY)


def _check(store: Store) -> Iterator[Finding]:
    found = check_chain(store.stock_ledger)
    if isinstance(found, Broken):
        detail = f"not as it was written: {found.found}"
        yield Finding("fail", _NAME, detail, _REMEDY, {"row": found.number})
        return
    if found.ever == 0:
        return
    stock = store.views.get("stock", "stock")
    apart = _apart(stock["plates"] if stock else [], store.stock_ledger.balances())
    if apart:
        detail = f"whole, but it does not have what the stock tells of plate {', '.join(apart)}"
        remedy = "Count them: edge-agent restock count PLATE SKU=N …"
        yield Finding("fail", _NAME, detail, remedy, {"plates": apart})
        return
    yield Finding("ok", _NAME, _whole(found))


def _whole(found: Whole) -> str:
    folded = found.ever - found.rows
    older = f", {folded} older ones folded into the opening balance" if folded else ""
    return f"{found.rows} entries, each as it was written{older}"


def _apart(plates: list[dict[str, Any]], units: Balances) -> list[str]:
    """The counted plates of which the stock tells something else than the ledger."""
    apart: list[str] = []
    for plate in plates:
        if not plate["counted"]:
            continue
        account = f"plate:{plate['plate']}"
        told = {i["sku"]: i["quantity"] for i in plate["items"] if i["quantity"]}
        if told != {sku: n for (sku, a), n in units.items() if a == account and n > 0}:
            apart.append(plate["plate"])
    return apart
