"""The operator's cloud: orders, their payments and refunds, restocks, as messages (contract 3).

The network between it and the shelf delays, repeats and reorders, as MQTT at QoS 1 over mobile
networks does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from edge_agent.simulation.script import CloudMessage
from edge_agent.times import rfc3339

SOURCE = "/simulation/operator"
CHANNELS = ("wechat", "alipay", "unionpay")
USUAL_DELAY_S = 0.3
LATE_SHARE = 0.04
REPEATED_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order; `discount` and `unit_price` in minor units."""

    sku: str
    quantity: int
    unit_price: int
    discount: int = 0
    gift: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The line as a payment tells it."""
        return {
            "sku": self.sku,
            "quantity": self.quantity,
            "unit_price": self.unit_price,
            "discount": self.discount,
            "gift": self.gift,
        }


class Cashier:
    """Numbers the orders and posts the messages. `patience_s` scales how late messages come."""

    def __init__(self, currency: str, patience_s: float, rng: np.random.Generator) -> None:
        self.currency = currency
        self.rng = rng
        self._patience_s = patience_s
        self._orders = 0
        self._restocks = 0

    def next_order_id(self, at: float) -> str:
        """A fresh payment id such as `P20260302-0042`."""
        self._orders += 1
        return f"P{datetime.fromtimestamp(at, UTC):%Y%m%d}-{self._orders:04d}"

    def next_restock_id(self, at: float) -> str:
        """A fresh restock id such as `L20260302-03`."""
        self._restocks += 1
        return f"L{datetime.fromtimestamp(at, UTC):%Y%m%d}-{self._restocks:02d}"

    def post(
        self, at: float, topic: str, kind: str, name: str, content: dict[str, Any]
    ) -> list[CloudMessage]:
        """What the shelf gets of an event told at `at`: once, late, or twice."""
        event = {
            "specversion": "1.0",
            "id": name,
            "source": SOURCE,
            "type": kind,
            "time": rfc3339(at),
            "datacontenttype": "application/json",
            "data": content,
        }
        arrives = at + 0.1 + self.rng.exponential(USUAL_DELAY_S)
        late, repeated = self.rng.random(2)
        # A restock order is told by hand at the shelf, and waited for.
        if late < LATE_SHARE and topic == "payments":
            arrives += self.rng.uniform(0.02, 0.2) * self._patience_s
        messages = [CloudMessage(arrives, topic, event)]
        if repeated < REPEATED_SHARE:
            again = arrives + self.rng.uniform(0.02, 0.3) * self._patience_s
            messages.append(CloudMessage(again, topic, event))
        return messages


class Order:
    """One order from the scan of the shelf's code to its end; each step is a revision.

    `coupon` lowers what is paid and nothing else. `tell` moves it to a state and posts that.
    """

    def __init__(
        self, cashier: Cashier, at: float, lines: tuple[Line, ...], coupon: int = 0
    ) -> None:
        self.payment_id = cashier.next_order_id(at)
        self.messages: list[CloudMessage] = []
        self._cashier = cashier
        self._lines = lines
        self._total = sum(line.quantity * line.unit_price for line in lines)
        self._discount = min(self._total, coupon + sum(line.discount for line in lines))
        self._refunds: list[dict[str, Any]] = []
        self._times: dict[str, float] = {"opened": at}
        self._channel = CHANNELS[int(cashier.rng.integers(len(CHANNELS)))]
        self._payer = f"u-{int(cashier.rng.integers(16**6)):06x}"
        self._revision = 0
        # Some open the order first and put goods into the cart afterwards.
        self._opens_empty = bool(cashier.rng.random() < 0.3)

    def tell(self, at: float, state: str) -> None:
        """The order is in `state` from `at` on."""
        self._revision += 1
        self._times.setdefault(state, at)
        name = f"{self.payment_id}-{self._revision}"
        content = self._content(state)
        self.messages += self._cashier.post(at, "payments", "shelf.payment", name, content)

    def refund(self, at: float, sku: str, quantity: int, reason: str) -> None:
        """Give the money for some units back; `refunded` when nothing of the order is left."""
        price = next(line.unit_price for line in self._lines if line.sku == sku)
        given_back = sum(refund["amount"] for refund in self._refunds)
        amount = min(price * quantity, self._paid() - given_back)
        self._refunds.append(
            {
                "refund_id": f"R{self.payment_id[1:]}-{len(self._refunds) + 1}",
                "at": rfc3339(at),
                "amount": amount,
                "reason": reason,
                "lines": [{"sku": sku, "quantity": quantity}],
            }
        )
        self.tell(at, "refunded" if given_back + amount == self._paid() else "paid")

    def refund_all(self, at: float, reason: str) -> None:
        """Give all of the money back."""
        self._refunds.append(
            {
                "refund_id": f"R{self.payment_id[1:]}-{len(self._refunds) + 1}",
                "at": rfc3339(at),
                "amount": self._paid() - sum(refund["amount"] for refund in self._refunds),
                "reason": reason,
                "lines": [{"sku": line.sku, "quantity": line.quantity} for line in self._lines],
            }
        )
        self.tell(at, "refunded")

    def _paid(self) -> int:
        return self._total - self._discount

    def _at(self, state: str) -> str | None:
        return rfc3339(self._times[state]) if state in self._times else None

    def _content(self, state: str) -> dict[str, Any]:
        is_empty = state == "opened" and self._opens_empty
        return {
            "payment_id": self.payment_id,
            "revision": self._revision,
            "state": state,
            "channel": self._channel,
            "session_id": f"s-{self.payment_id[1:]}",
            "payer": self._payer,
            "opened_at": self._at("opened"),
            "paid_at": self._at("paid"),
            "closed_at": self._at("closed"),
            "lines": [] if is_empty else [line.as_dict() for line in self._lines],
            "currency": self._cashier.currency,
            "total": 0 if is_empty else self._total,
            "discount": 0 if is_empty else self._discount,
            "paid": self._paid() if "paid" in self._times and state != "closed" else 0,
            "refunds": list(self._refunds),
        }
