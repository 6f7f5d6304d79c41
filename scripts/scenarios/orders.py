"""What the operator's cloud says in a scenario: orders, restocks, catalogues, as CloudEvents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from edge_agent.times import rfc3339
from scripts.scenarios.goods import shelf_settings

PRICES = {product.sku: product.price for product in shelf_settings().product}
# What an order names and the catalogue does not know costs this.
STRANGE_PRICE = 300
USUAL_DELAY_S = 0.4
OPENED_BEFORE_S = 8.0


Post = Callable[[float, str, str, str, dict[str, Any], float | None, int], None]
"""Posts (told at, topic, type, id, data, arrives, times) to the shelf."""


def cart(goods: Mapping[str, int], prices: Mapping[str, int] = PRICES) -> list[dict[str, Any]]:
    """An order's lines at the usual prices."""
    return [
        {
            "sku": sku,
            "quantity": quantity,
            "unit_price": prices.get(sku, STRANGE_PRICE),
            "discount": 0,
            "gift": False,
        }
        for sku, quantity in goods.items()
    ]


def counted(skus: tuple[str, ...]) -> dict[str, int]:
    """Goods by SKU, of SKUs that stand there once a unit."""
    return dict(Counter(skus))


class Order:
    """One order; each step is a revision. Times are seconds of the story."""

    def __init__(self, name: str, lines: list[dict[str, Any]], post: Post, start_at: float) -> None:
        self.name = name
        self._lines = lines
        self._post = post
        self._start_at = start_at
        self._revision = 0
        self._refunds: list[dict[str, Any]] = []
        self._times: dict[str, float] = {}
        self.discount = 0
        self.cloud_ahead_s = 0.0

    def tell(self, state: str, at: float, *, arrives: float | None = None, times: int = 1) -> Order:
        """The order is in `state` from `at` on; the shelf hears of it at `arrives`."""
        self._revision += 1
        self._times.setdefault(state, at)
        name = f"{self.name}-{self._revision}"
        content = self._content(state)
        at += self.cloud_ahead_s
        arrives = at - self.cloud_ahead_s + USUAL_DELAY_S if arrives is None else arrives
        self._post(at, "payments", "shelf.payment", name, content, arrives, times)
        return self

    def refund(self, at: float, goods: Mapping[str, int], reason: str) -> Order:
        """Give the money for some goods back."""
        price = {line["sku"]: line["unit_price"] for line in self._lines}
        amount = sum(price[sku] * quantity for sku, quantity in goods.items())
        self._refunds.append(
            {
                "refund_id": f"R{len(self._refunds) + 1}",
                "at": rfc3339(self._start_at + at + self.cloud_ahead_s),
                "amount": amount,
                "reason": reason,
                "lines": [{"sku": sku, "quantity": n} for sku, n in goods.items()],
            }
        )
        whole = sum(refund["amount"] for refund in self._refunds) >= self._paid()
        return self.tell("refunded" if whole else "paid", at)

    def _total(self) -> int:
        return int(sum(line["quantity"] * line["unit_price"] for line in self._lines))

    def _paid(self) -> int:
        return max(0, self._total() - self.discount)

    def _at(self, state: str) -> str | None:
        if state not in self._times:
            return None
        return rfc3339(self._start_at + self._times[state] + self.cloud_ahead_s)

    def _content(self, state: str) -> dict[str, Any]:
        return {
            "payment_id": self.name,
            "revision": self._revision,
            "state": state,
            "channel": "wechat",
            "session_id": f"s-{self.name}",
            "payer": f"u-{self.name}",
            "opened_at": self._at("opened"),
            "paid_at": self._at("paid"),
            "closed_at": self._at("closed"),
            "lines": self._lines,
            "currency": "CNY",
            "total": self._total(),
            "discount": self.discount,
            "paid": self._paid() if "paid" in self._times else 0,
            "refunds": list(self._refunds),
        }


class RestockOrder:
    """One logistics order; each step is a revision."""

    def __init__(self, name: str, lines: list[tuple[str, int, str | None]], post: Post) -> None:
        self.name = name
        self._post = post
        self._revision = 0
        self._lines = [
            {"sku": sku, "quantity": quantity} | ({"plate": plate} if plate else {})
            for sku, quantity, plate in lines
        ]

    def tell(self, state: str, at: float, *, arrives: float | None = None) -> RestockOrder:
        """The order is in `state` from `at` on; the shelf hears of it at `arrives`."""
        self._revision += 1
        content = {
            "restock_id": self.name,
            "revision": self._revision,
            "state": state,
            "operator": "op-7",
            "lines": self._lines,
        }
        name = f"{self.name}-{self._revision}"
        arrives = at + USUAL_DELAY_S if arrives is None else arrives
        self._post(at, "restocks", "shelf.restock", name, content, arrives, 1)
        return self
