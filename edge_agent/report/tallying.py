"""From one stored thing (case, visit, change, payment, restock report) to its cells. Pure.

The payloads are those of the contract, section 3. A thing belongs to the local day and hour in
which it happened: a case and a visit to their start, a change to when it settled, a payment to when
it was paid, a restock to its end.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from edge_agent.report.cells import Cell, Cells, Sums, Uncountable, add
from edge_agent.times import parse_time

Payload = Mapping[str, Any]

DAY_S = 86400.0
# Per doubling of the delay: a median read from these steps is within 2.2 % of the true one.
DELAY_STEPS = 16

# A revision that comes later than this after the thing itself changes no tally. Nothing of the
# shelf's own is revised that late (`shelf/horizon`); the wallets refund orders for a year.
COUNTED_DAYS = {"visit": 60, "change": 60, "restock": 60, "payment": 400, "case": 1100}


def tally(kind: str, payload: Payload, told_at: float, zone: tzinfo | None) -> Cells:
    """Give the cells of one thing in its newest revision, told at `told_at`.

    Empty for what does not count. `zone` is the shelf's time zone, None the machine's own. Raises
    Uncountable where the payload lacks something.
    """
    try:
        moment = _MOMENTS[kind](payload, told_at)
        if told_at - moment > COUNTED_DAYS[kind] * DAY_S:
            return {}
        day, hour = local_hour(moment, zone)
        return _TALLIES[kind](_Page(day, hour), payload, told_at)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise Uncountable(
            f"A stored {kind} cannot be counted in reports ({type(error).__name__}: {error})."
        ) from error


def local_hour(at: float, zone: tzinfo | None) -> tuple[int, str]:
    """The local day as an ordinal, and the hour of the day as two digits."""
    local = datetime.fromtimestamp(at, zone)
    return local.toordinal(), f"{local.hour:02d}"


def observed_cells(at: float, seconds: float, zone: tzinfo | None) -> Cells:
    """Time in which the scales were watched, ending at `at`; short enough to lie in one hour."""
    day, hour = local_hour(at, zone)
    return {Cell(day, "hour", hour, "observed"): Sums(units=round(seconds))}


class _Page:
    """The cells of one thing as they are written down."""

    def __init__(self, day: int, hour: str) -> None:
        self._day = day
        self.hour = hour
        self.cells: Cells = {}

    def note(self, axis: str, key: str, measure: str, sums: Sums) -> None:
        add(self.cells, {Cell(self._day, axis, key, measure): sums})


def _case_moment(case: Payload, told_at: float) -> float:
    return parse_time(case["started_at"] or case["opened_at"])


def _payment_moment(payment: Payload, told_at: float) -> float:
    when = payment["paid_at"] or payment["opened_at"] or payment["closed_at"]
    return parse_time(when) if when else told_at


def _restock_moment(report: Payload, told_at: float) -> float:
    when = report["finished_at"] or report["started_at"]
    return parse_time(when) if when else told_at


def outcome_of(case: Payload) -> str:
    """How a case stands: its state, or once closed its resolution."""
    return str(case["resolution"] if case["state"] == "closed" else case["state"])


def _class_of(line: Payload) -> str:
    if line["kind"] == "restock_shortfall":
        return "shortfall"
    return "unidentified" if line["kind"] == "unidentified" else "lost"


def _tally_case(page: _Page, case: Payload, told_at: float) -> Cells:
    outcome = outcome_of(case)
    lines = case["lines"]
    page.note("outcome", outcome, "case", _event(lines))
    _note_each(page, "hour", lines, outcome, lambda line: page.hour)
    _note_each(page, "product", lines, outcome, lambda line: line["sku"] or "")
    _note_each(page, "plate", lines, outcome, lambda line: line["plate"] or "")
    _note_each(page, "kind", lines, outcome, lambda line: line["kind"])
    for line in lines:
        # Nobody's visit tells of these units; the plates' changes do.
        if line["kind"] == "unobserved" and outcome not in ("dismissed", "returned"):
            page.note("hour", page.hour, "taken", Sums(units=line["quantity"]))
            page.note("product", line["sku"], "taken", Sums(units=line["quantity"]))
    if outcome == "paid" and case["ended_at"]:
        delay_s = max(1.0, told_at - parse_time(case["ended_at"]))
        step = str(round(DELAY_STEPS * math.log2(delay_s)))
        page.note("delay", step, "late", _event(lines))
    return page.cells


def _note_each(
    page: _Page, axis: str, lines: Iterable[Payload], outcome: str, key: Callable[[Payload], str]
) -> None:
    """Note a case along one axis: what it took on each key is one event."""
    parts: defaultdict[tuple[str, str], list[Payload]] = defaultdict(list)
    for line in lines:
        parts[key(line), f"{_class_of(line)} {outcome}"].append(line)
    for (name, measure), some in parts.items():
        page.note(axis, name, measure, _event(some))


def _event(lines: Iterable[Payload]) -> Sums:
    found = [(line["quantity"], line["value"]) for line in lines]
    return Sums.of_event(sum(q for q, _ in found), sum(v for _, v in found))


def _tally_visit(page: _Page, visit: Payload, told_at: float) -> Cells:
    if not visit["changes"]:
        # It was joined to another one, or its goods turned out to be a restock's.
        return {}
    # Whoever pays is a visitor; whoever does not cannot be told from a companion.
    visitors = max(1, len({paid["payment_id"] for paid in visit["paid"]}))
    page.note("hour", page.hour, "visit", Sums(events=1, units=visitors))
    for item in visit["taken"]:
        page.note("hour", page.hour, "taken", Sums(units=item["quantity"]))
        page.note("product", item["sku"], "taken", Sums(units=item["quantity"]))
    for due in visit["paid_not_taken"]:
        page.note("product", due["sku"], "refund due", Sums(1, due["quantity"]))
    return page.cells


def _tally_change(page: _Page, change: Payload, told_at: float) -> Cells:
    if change["kind"] in ("removed", "returned", "unobserved"):
        for item in change["items"]:
            page.note("plate", change["plate"], "taken", Sums(units=-item["quantity"]))
    return page.cells


def _tally_payment(page: _Page, payment: Payload, told_at: float) -> Cells:
    if payment["state"] not in ("paid", "refunded"):
        return {}
    lines = payment["lines"]
    value = sum(line["quantity"] * line["unit_price"] for line in lines)
    units = sum(line["quantity"] for line in lines)
    page.note("hour", page.hour, "sold", Sums(1, units, value))
    for line in lines:
        listed = line["quantity"] * line["unit_price"]
        page.note("product", line["sku"], "sold", Sums(1, line["quantity"], listed))
        if line["gift"]:
            page.note("cost", "gift", "margin", Sums(1, line["quantity"], listed))
        elif line["discount"]:
            page.note("cost", "line", "margin", Sums(1, line["quantity"], line["discount"]))
    if payment["discount"]:
        page.note("cost", "order", "margin", Sums(1, 0, payment["discount"]))
    if value > payment["paid"]:
        page.note("cost", "all", "margin", Sums(1, 0, value - payment["paid"]))
    if payment["paid"] == 0 and value:
        page.note("cost", "free", "margin", Sums(1, units, value))
    for refund in payment["refunds"]:
        count = sum(line["quantity"] for line in refund["lines"])
        page.note("reason", refund["reason"], "refunded", Sums(1, count, refund["amount"]))
    return page.cells


def _tally_restock(page: _Page, report: Payload, told_at: float) -> Cells:
    for line in report["lines"]:
        difference = line["difference"]
        for measure, units in (
            ("ordered", line["ordered"]),
            ("weighed", line["weighed"]),
            ("short", max(0, -difference)),
            ("surplus", max(0, difference)),
        ):
            page.note("product", line["sku"], f"restock {measure}", Sums(1, units))
    return page.cells


_MOMENTS: dict[str, Callable[[Payload, float], float]] = {
    "case": _case_moment,
    "visit": lambda visit, _: parse_time(visit["started_at"]),
    "change": lambda change, _: parse_time(change["settled_at"]),
    "payment": _payment_moment,
    "restock": _restock_moment,
}
_TALLIES: dict[str, Callable[[_Page, Payload, float], Cells]] = {
    "case": _tally_case,
    "visit": _tally_visit,
    "change": _tally_change,
    "payment": _tally_payment,
    "restock": _tally_restock,
}
