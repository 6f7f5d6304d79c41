"""`products list --learned`: what units of the products turned out to weigh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_agent.cli.console import local_time, print_json, print_table, say
from edge_agent.cli.shop_commands import open_store

REASONS = {
    "confirmed": "paid or ordered units",
    "taught": "weighed by hand",
    "catalogue": "the catalogue has new figures",
    "reset": "forgotten by request",
}


def show_learned(names: dict[str, str], state: Path | None, as_json: bool) -> None:
    """Print the history of what was learned, and what the shelf suggests."""
    with open_store(state) as store:
        history = store.views.lessons()
        stock = store.views.get("stock", "stock")
    known: list[dict[str, Any]] = stock.get("products", []) if stock else []
    if as_json:
        print_json({"products": known, "history": history})
        return
    print_table(
        ("when", "sku", "name", "weight g>", "± g>", "units>", "catalogue g>", "why"),
        [
            (
                local_time(lesson["at"]),
                lesson["sku"],
                names.get(lesson["sku"], ""),
                f"{lesson['weight_g']:.2f}",
                f"{lesson['sd_g']:.2f}",
                lesson["units"],
                f"{lesson['catalogue_g']:g}",
                REASONS.get(lesson["reason"], lesson["reason"]),
            )
            for lesson in history
        ],
        "Nothing was learned yet: paid sales and finished restock orders teach what units weigh.",
    )
    for product in known:
        if "suggested" in product:
            say(product["suggested"]["explanation"])
