"""The report's sections that only count: late payments, costs, refunds, restocks. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from edge_agent.report.figures import CountRow, LatePayments, RestockRow
from edge_agent.report.sheet import Sheet
from edge_agent.report.tallying import DELAY_STEPS

COSTS = {
    "all": "below list price, in all",
    "order": "coupons and red packets on orders",
    "line": "discounts on lines",
    "gift": "gift lines",
    "free": "orders with nothing left to pay",
}
REFUNDS = {"returned": "goods returned", "quality": "quality", "goodwill": "goodwill"}


def late_payments(sheet: Sheet) -> LatePayments:
    """Cases closed by a payment; the median is the lower one, within a step of the true delay."""
    paid = sheet.get("outcome", "paid", "case")
    steps = sorted(int(step) for step in sheet.keys("delay"))
    left = sheet.all("delay", "late").events / 2
    for step in steps:
        left -= sheet.get("delay", str(step), "late").events
        if left <= 0:
            return LatePayments(paid.events, paid.value, 2 ** (step / DELAY_STEPS))
    return LatePayments(paid.events, paid.value, None)


def _count(sheet: Sheet, axis: str, key: str, name: str, measure: str) -> CountRow:
    sums = sheet.get(axis, key, measure)
    return CountRow(key, name, sums.events, sums.units, sums.value)


def named_counts(
    sheet: Sheet, axis: str, names: Mapping[str, str], measure: str
) -> tuple[CountRow, ...]:
    """A row for each of these keys of an axis, zero where there was none."""
    return tuple(_count(sheet, axis, key, name, measure) for key, name in names.items())


def refunds_due(sheet: Sheet, names: Mapping[str, str]) -> tuple[CountRow, ...]:
    """Paid and not taken, by product, at the product's average list price in the span."""
    rows = []
    for sku in sheet.keys("product"):
        due = sheet.get("product", sku, "refund due")
        sold = sheet.get("product", sku, "sold")
        if due.units:
            value = round(due.units * sold.value / sold.units) if sold.units else None
            rows.append(CountRow(sku, names.get(sku, sku), due.events, due.units, value))
    return tuple(rows)


def restocks(sheet: Sheet, names: Mapping[str, str]) -> tuple[RestockRow, ...]:
    """Ordered against weighed, by product; what came without an order is surplus."""
    rows = []
    for sku in sheet.keys("product"):
        ordered, weighed, short, surplus = (
            sheet.get("product", sku, f"restock {measure}")
            for measure in ("ordered", "weighed", "short", "surplus")
        )
        if ordered.events:
            rows.append(
                RestockRow(
                    sku,
                    names.get(sku, sku),
                    ordered.events,
                    ordered.units,
                    weighed.units,
                    short.units,
                    surplus.units,
                )
            )
    return tuple(rows)
