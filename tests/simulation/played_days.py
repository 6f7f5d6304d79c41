"""Days of simulated visits, and what moved, was paid and was lost in each of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from edge_agent.simulation.recording import MIDNIGHT_AT
from edge_agent.simulation.script import Visit
from edge_agent.simulation.shop import demo_settings
from edge_agent.simulation.shoppers import Shoppers

START_AT = MIDNIGHT_AT
DAY_S = 86400.0


def visits_of_a_day(
    seed: int, visits_per_hour: float = 10.0, adversarial: float | None = None
) -> list[Visit]:
    """Every visit of one day at the demonstration's shelf."""
    shoppers = Shoppers(
        seed, demo_settings(), START_AT, visits_per_hour,
        last_hand_at=START_AT + DAY_S - 300, end_at=START_AT + DAY_S, adversarial=adversarial,
    )  # fmt: skip
    return list(iter(shoppers.next_visit, None))


def last_revisions(visit: Visit) -> list[dict[str, Any]]:
    """The final state of each payment of a visit, whatever the order of arrival."""
    latest: dict[str, dict[str, Any]] = {}
    for message in visit.messages:
        if message.topic == "payments":
            told = message.event["data"]
            known = latest.setdefault(told["payment_id"], told)
            if told["revision"] > known["revision"]:
                latest[told["payment_id"]] = told
    return list(latest.values())


def taken(visit: Visit) -> Counter[str]:
    """Units that left, by SKU; what came is below 0."""
    goods: Counter[str] = Counter()
    for change in visit.changes:
        for sku, quantity in change.items:
            goods[sku] -= quantity
    return goods


def paid(visit: Visit) -> Counter[str]:
    """Units on the orders that were paid, given back or not."""
    goods: Counter[str] = Counter()
    for payment in last_revisions(visit):
        if payment["state"] in ("paid", "refunded"):
            for line in payment["lines"]:
                goods[line["sku"]] += line["quantity"]
    return goods


def returned_for_refund(visit: Visit) -> Counter[str]:
    """Units whose money was given back because they came back."""
    goods: Counter[str] = Counter()
    for payment in last_revisions(visit):
        for refund in payment["refunds"]:
            for line in refund["lines"] if refund["reason"] == "returned" else ():
                goods[line["sku"]] += line["quantity"]
    return goods


def covered(visit: Visit) -> Counter[str]:
    """Units that there is money for in the end; below 0 where a visit before paid for them."""
    goods = paid(visit)
    goods.subtract(returned_for_refund(visit))
    return goods


def lost(visit: Visit) -> Counter[str | None]:
    """Units that its truth says are lost, by SKU."""
    goods: Counter[str | None] = Counter()
    for loss in visit.losses:
        goods[loss.sku] += loss.quantity
    return goods
