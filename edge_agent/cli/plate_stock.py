"""What stands on a plate by both ledgers, as the stock view tells it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge_agent.cli.change_words import goods
from edge_agent.cli.console import local_time, note

Row = Mapping[str, Any]


def stock_rows(state: Path) -> dict[str, dict[str, Any]]:
    """Each plate's part of the stock, by its id; empty where no agent has counted yet."""
    from edge_agent.errors import StoreError, UsageError
    from edge_agent.store import Store

    try:
        store = Store.read_only(state)
    except UsageError:
        # No agent has run on this state yet: the plates are as the settings say, uncounted.
        return {}
    except StoreError as error:
        note(f"warning: without stock: {error}")
        return {}
    try:
        found = store.views.get("stock", "stock")
    finally:
        store.close()
    return {row["plate"]: row for row in found["plates"]} if found else {}


def weight_g(row: Row) -> str:
    """The plate's last settled weight."""
    level_g = row.get("level_g")
    return "" if level_g is None else f"{level_g:.1f}"


def by_count(row: Row, products: Sequence[str], names: Mapping[str, str]) -> str:
    """The units counted from changes; before there are any, the products that belong here."""
    if row.get("items"):
        return goods(row["items"], names)
    listed = ", ".join(names.get(sku, sku) for sku in products)
    return f"none of {listed}" if row.get("counted") and listed else f"({listed})" if listed else ""


def by_weight(row: Row, names: Mapping[str, str]) -> str:
    """The units that the weight allows."""
    allowed = row.get("by_weight")
    if allowed is None:
        if row.get("disagreement"):
            return "fits no count"
        return "cannot tell" if row.get("counted") else ""
    same = _units(allowed) == _units(row.get("items", []))
    return "the same" if same else goods(allowed, names) or "none"


def _units(items: Sequence[Row]) -> dict[str, int]:
    return {item["sku"]: item["quantity"] for item in items if item["quantity"]}


def off_g(row: Row) -> str:
    """How far the weight is from what the counted goods weigh, with its deviation."""
    residual, sigma = row.get("residual_g"), row.get("sigma_g")
    if residual is None or not row.get("counted"):
        return ""
    return f"{residual + 0.0:+.1f}" + ("" if sigma is None else f" ± {sigma:.1f}")


def disagreement(row: Row) -> str:
    """Why counts and weight disagree, and since when."""
    found = row["disagreement"]
    return f"{found['explanation'].rstrip('.')}; since {local_time(found['since'])}."
