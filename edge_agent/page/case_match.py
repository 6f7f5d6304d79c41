"""The sections of a case's page about time, payments and how the two were matched."""

from __future__ import annotations

from typing import Any

from edge_agent.case_file import CaseFile
from edge_agent.case_story import PRICE_PARTS, alike, goods, outcome_of, thing_of, timeline
from edge_agent.page.markup import (
    Html,
    grouped_table,
    joined,
    moment,
    table,
    table_body,
    tag,
    zone_of,
)
from edge_agent.plot.svg import to_svg
from edge_agent.plot.visit_plot import Event, Lane, VisitPlot, draw_visit
from edge_agent.shelf.phrases import duration, money
from edge_agent.times import parse_time
from edge_agent.told_changes import has_left, weight_in_words

Payload = dict[str, Any]

_COLUMNS = ("payment~", "price>", *(f"{part}>" for part in PRICE_PARTS), "why~")
MOST_LANES = 14


def visit_section(file: CaseFile) -> list[Html]:
    """The visit and its payments on one axis of time; nothing for a restock or without reasons."""
    if file.reason is None or "limits" not in file.reason or not file.changes:
        return []
    started_at, ended_at = (
        parse_time(file.reason["started_at"]),
        parse_time(file.reason["ended_at"]),
    )
    lanes = [*_plates(file), *_payments(file)]
    plot = VisitPlot(
        title=f"Visit and payments of case {file.case_id}",
        started_at=started_at,
        ended_at=ended_at,
        grace_s=file.reason["limits"]["grace_s"],
        lanes=tuple(lanes[:MOST_LANES]),
    )
    drawn = Html(to_svg(draw_visit(plot)))
    caption = tag("figcaption", "Seconds since the visit began, at ", moment(started_at))
    return [tag("h2", "Visit and payments"), tag("figure", drawn, caption)]


def _plates(file: CaseFile) -> list[Lane]:
    lanes: dict[str, list[Event]] = {}
    for change in file.changes:
        items = change.get("read_as") or change["items"]
        what = goods(items, file.names) or weight_in_words(change)
        is_taken = has_left(change)
        event = Event(parse_time(change["settled_at"]), what, "taken" if is_taken else "put")
        lanes.setdefault(change["plate"], []).append(event)
    return [Lane(f"plate {plate}", tuple(events)) for plate, events in lanes.items()]


def _payments(file: CaseFile) -> list[Lane]:
    lanes: list[Lane] = []
    for payment in file.payments:
        cart = goods(payment["lines"], file.names)
        events: list[Event] = []
        if payment["opened_at"]:
            events.append(Event(parse_time(payment["opened_at"]), "begun", "begun"))
        if payment["paid_at"]:
            events.append(Event(parse_time(payment["paid_at"]), f"paid: {cart}", "paid"))
        if payment["closed_at"]:
            events.append(Event(parse_time(payment["closed_at"]), "ended without money", "ended"))
        events += [Event(parse_time(r["at"]), "refunded", "refunded") for r in payment["refunds"]]
        events.sort(key=lambda event: event.at)
        lanes.append(Lane(payment["payment_id"], tuple(events)))
    return lanes


def timeline_section(file: CaseFile) -> list[Html]:
    """All that happened, line by line."""
    rows = []
    last: float | None = None
    for happened in timeline(file):
        # The date stands where it changes: most cases are over in minutes.
        rows.append((moment(happened.at, day_of=last or 0.0), happened.where, happened.what))
        last = happened.at
    columns = (f"when{_zone(last)}", "where~", "what~")
    return [tag("h2", "What happened"), table(columns, rows)]


def _zone(at: float | None) -> str:
    return "" if at is None else f", {zone_of(at)}"


def payments_section(file: CaseFile) -> list[Html]:
    """All payments that were involved or considered."""
    if not file.payments:
        return []
    day = parse_time(file.case["started_at"] or file.case["opened_at"])
    rows = [
        (
            payment["payment_id"],
            str(payment["revision"]),
            payment["state"],
            moment(payment["opened_at"], day_of=day),
            moment(payment["paid_at"], day_of=day),
            _cart(payment, file),
            money(payment["paid"], file.currency),
        )
        for payment in file.payments
    ]
    zone = _zone(day)
    columns = ("payment~", "revision>", "state", f"begun{zone}", f"paid{zone}", "goods~", "amount>")
    return [tag("h2", "Payments that were considered"), table(columns, rows)]


def _cart(payment: Payload, file: CaseFile) -> str:
    parts = [goods(payment["lines"], file.names)]
    if payment["discount"]:
        parts.append(f"{money(payment['discount'], file.currency)} off")
    for refund in payment["refunds"]:
        parts.append(f"{money(refund['amount'], file.currency)} refunded ({refund['reason']})")
    return ", ".join(part for part in parts if part)


def match_section(file: CaseFile) -> list[Html]:
    """Each unit that left, with the payments it could have belonged to and their prices."""
    if file.reason is None:
        said = "Why it was found so is not kept: that is so for cases of an older agent."
        return [tag("h2", "The match"), tag("p", said)]
    if "ordered" in file.reason:
        return _order(file, file.reason)
    if not file.reason["units"]:
        return []
    limits = file.reason["limits"]
    said = (
        "For each unit that left, the payments that have its product, with their prices: the "
        f"higher, the less likely. Leaving it unpaid costs {file.reason['unpaid_price']:.2f}. A "
        f"payment may come {duration(limits['pay_ahead_s'])} before and "
        f"{duration(limits['late_s'])} after the visit; it is late from "
        f"{duration(limits['grace_s'])} after it."
    )
    bodies = [_unit(count, unit, file) for count, unit in alike(file.reason["units"])]
    prices = grouped_table(_COLUMNS, bodies)
    return [tag("h2", "The match"), tag("p", said, class_="soft"), prices]


def _unit(count: int, unit: Payload, file: CaseFile) -> Html:
    title = joined(
        [
            f"{count} × {thing_of(unit, file)}, from plate {unit['plate']} at ",
            moment(unit["taken_at"], day_of=parse_time(unit["taken_at"])),
            f": {outcome_of(unit, file)}",
        ]
    )
    rows = [_considered(told) for told in unit["considered"]]
    none = ("", *[""] * (1 + len(PRICE_PARTS)), "no payment has it, or is near enough in time")
    return table_body(_COLUMNS, rows or [none], title)


def _considered(told: Payload) -> tuple[str, ...]:
    price = told["price"]
    why = tag("strong", told["why"]) if told["verdict"] in ("chosen", "instead") else told["why"]
    if price is None:
        return (told["payment_id"], *[""] * (1 + len(PRICE_PARTS)), why)
    parts = [f"{price[part]:+.2f}" if price[part] else "" for part in PRICE_PARTS]
    return (told["payment_id"], f"{price['total']:.2f}", *parts, why)


def _order(file: CaseFile, reason: Payload) -> list[Html]:
    rows = [
        (
            file.names.get(line["sku"], ""),
            line["sku"],
            line["plate"] or "",
            str(line["quantity"]),
        )
        for line in reason["ordered"]
    ]
    by = joined([f"Restock {reason['restock_id']} by {reason['operator']}."])
    columns = ("product~", "sku~", "plate~", "ordered>")
    return [tag("h2", "What was ordered"), tag("p", by), table(columns, rows)]
