"""What happens in a demo, in words: products by name, money as people write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from edge_agent.cli.console import amount
from edge_agent.settings import Settings
from edge_agent.simulation.script import Action
from edge_agent.told_changes import step_in_words

# What shoppers of each plot do (simulation/plots.py).
DOES = {
    "before": "pays, then takes",
    "during": "opens an order, takes, pays",
    "after": "takes, then pays",
    "late": "takes, pays much later",
    "two payments": "takes, pays in two orders",
    "coupon": "takes, pays with a coupon or gets a gift",
    "put back": "takes, puts one back",
    "given back": "takes, pays, brings it back for a refund",
    "goodwill": "takes, pays, is refunded for bad quality",
    "colleagues": "two at once, each pays",
    "browse": "touches things and goes",
    "unpaid": "takes and walks away",
    "feigned": "pretends to pay, takes and goes",
    "underpaid": "takes several, leaves one off the order",
    "substituted": "takes a dear one, pays a cheap one",
    "refunded": "takes, pays, has it refunded, keeps it",
    "restock": "the operator fills the shelf",
}
_SIZE = re.compile(r" \d+ (g|ml)$")
CHANNELS = {"wechat": "WeChat", "alipay": "Alipay", "unionpay": "UnionPay"}


def stopwatch(seconds: float) -> str:
    """Seconds as `m:ss`, or `h:mm:ss` from an hour up."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}"


class Words:
    """Speaks of one shelf's products in its currency."""

    def __init__(self, settings: Settings) -> None:
        self.currency = settings.currency
        self._names = {product.sku: product.name for product in settings.product}

    def name(self, sku: str | None) -> str:
        """A product's name; what no product explains has none."""
        return "something unknown" if sku is None else self._names.get(sku, sku)

    def short_name(self, sku: str, width: int) -> str:
        """A product's name, without its size where both do not fit into `width`."""
        name = self.name(sku)
        return name if len(name) <= width else _SIZE.sub("", name)

    def money(self, minor_units: int) -> str:
        """Money such as `3.50 CNY`."""
        return amount(minor_units, self.currency)

    def moved(self, sku: str | None, quantity: int) -> str:
        """Units with a sign: `−2 Chewing gum` left, `+1 Chewing gum` came."""
        sign = "−" if quantity < 0 else "+"
        return f"{sign}{abs(quantity)} {self.name(sku)}"

    def items(self, items: Iterable[Mapping[str, Any]]) -> str:
        """The items of a change."""
        return ", ".join(self.moved(i["sku"], i["quantity"]) for i in items)

    def hand(self, action: Action) -> str:
        """What a hand did."""
        if action.sku is None:
            return "leans on it" if action.manner == "lean" else "touches it"
        return self.moved(action.sku, action.quantity)

    def change(self, change: Mapping[str, Any]) -> str:
        """What the agent made of a weight."""
        if change["kind"] == "withdrawn":
            return "took it back: nothing was moved"
        if not change["items"]:
            return f"{step_in_words(change)}: not sure what"
        return self.items(change["items"])

    def order(self, order: Mapping[str, Any]) -> str:
        """How a payment stands."""
        if order["refunds"]:
            last = order["refunds"][-1]
            return f"refunded {self.money(last['amount'])} ({last['reason']})"
        if order["state"] == "paid":
            channel = CHANNELS.get(order["channel"], order["channel"])
            goods = ", ".join(f"{x['quantity']} {self.name(x['sku'])}" for x in order["lines"])
            return f"paid {self.money(order['paid'])} by {channel}: {goods}"
        return {
            "opened": "order opened",
            "pending": "wallet asked",
            "closed": "order closed without money",
            "refunded": "refunded",
        }[str(order["state"])]

    def restock(self, order: Mapping[str, Any]) -> str:
        """How a restock order stands."""
        units = sum(line["quantity"] for line in order["lines"])
        return f"restock of {units} units {order['state']}"

    def visit(self, visit: Mapping[str, Any]) -> str:
        """What the agent made of a visit."""
        taken = sum(item["quantity"] for item in visit["taken"])
        paid = sum(item["quantity"] for item in visit["paid"])
        if not taken:
            return "nothing taken"
        if visit["state"] == "settled":
            return f"settled: {taken} taken, {paid} paid"
        waiting = " so far" if visit["state"] == "provisional" else ""
        return f"short: {taken} taken, {paid} paid{waiting}"

    def line(self, line: Mapping[str, Any]) -> str:
        """A line of a case, or a true loss."""
        return (
            f"{line['kind']} {line['quantity']} {self.name(line['sku'])} "
            f"{self.money(line['value'])}"
        )

    def case(self, case: Mapping[str, Any]) -> str:
        """A case with what became of it."""
        state = case["state"]
        if state == "closed":
            state = f"closed, {case['resolution']}"
        return f"{state}: " + "; ".join(self.line(line) for line in case["lines"])
