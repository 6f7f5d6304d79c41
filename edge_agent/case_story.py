"""A case in the order of time, and in words: what the terminal and the page both show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edge_agent.case_file import CaseFile
from edge_agent.shelf.phrases import money
from edge_agent.times import parse_time
from edge_agent.told_changes import has_left

Payload = dict[str, Any]

PRICE_PARTS = ("time", "late", "misfit", "exact", "refunded")
"""The parts of a price as they are shown (`shelf.price_parts`)."""

_CLOCK = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d"
_UTC_TIMES = re.compile(rf"({_CLOCK})(?: and ({_CLOCK}))? UTC\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at `at` (Unix seconds), where (a plate, a payment), and what."""

    at: float
    where: str
    what: str


def in_local_time(sentence: str, near: str | None) -> str:
    """A case's sentence with its times in this machine's zone; `near` is when, RFC 3339."""
    if near is None:
        return sentence
    day = datetime.fromisoformat(near)

    def local(text: str) -> str:
        if " " in text:
            moment = datetime.fromisoformat(f"{text}+00:00").astimezone()
            return f"{moment:%Y-%m-%d %H:%M}"
        hours, minutes = (int(part) for part in text.split(":"))
        at = day.astimezone(UTC).replace(hour=hours, minute=minutes)
        return f"{at.astimezone():%H:%M}"

    def both(found: re.Match[str]) -> str:
        first, second = found.groups()
        if f"{day.astimezone():%z}" == "+0000":
            return found[0]
        return f"{local(first)} and {local(second)}" if second else local(first)

    return _UTC_TIMES.sub(both, sentence)


def goods(items: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """`2 × Cola, 1 × Nuts`, signs aside; empty for none."""
    counts: Counter[str] = Counter()
    for item in items:
        counts[item["sku"]] += abs(item["quantity"])
    return ", ".join(f"{count} × {names.get(sku, sku)}" for sku, count in counts.items())


def said_of(change: Payload, names: Mapping[str, str]) -> str:
    """What a change was taken for, and how sure."""
    verb = "taken" if has_left(change) else "put"
    read_as = change.get("read_as")
    if read_as:
        return f"{goods(read_as, names)} {verb}, as a payment says"
    if change["items"]:
        sure = min(99.9, 100 * (change["confidence"] or 0.0))
        return f"{goods(change['items'], names)} {verb}, {sure:.3g} % sure"
    if not change["alternatives"]:
        return f"something {verb} that fits no product"
    maybe = [
        f"{goods(a['items'], names)} ({100 * a['confidence']:.0f} %)"
        for a in change["alternatives"][:3]
    ]
    return f"something {verb}, perhaps {' or '.join(maybe)}"


def grams(change: Payload) -> str:
    """`−346.2 ± 0.1 g`."""
    if change["delta_g"] is None:
        return "seen, not weighed"
    sign = "−" if change["delta_g"] < 0 else "+"
    return f"{sign}{abs(change['delta_g']):.1f} ± {change['sigma_g']:.1f} g"


def timeline(file: CaseFile) -> list[Moment]:
    """Changes, payments and the case's own edges, by their time."""
    moments = [
        Moment(
            parse_time(change["settled_at"]),
            f"plate {change['plate']}",
            f"{grams(change)}: {said_of(change, file.names)}",
        )
        for change in file.changes
    ]
    for payment in file.payments:
        moments += _of_payment(payment, file)
    case = file.case
    if case["ended_at"] is not None:
        what = "the restock ended" if _is_restock(file) else "the visit ended"
        moments.append(Moment(parse_time(case["ended_at"]), "", what))
    moments.append(Moment(parse_time(case["opened_at"]), "", "the case was opened"))
    return sorted(moments, key=lambda moment: moment.at)


def _is_restock(file: CaseFile) -> bool:
    return any(line["kind"] == "restock_shortfall" for line in file.case["lines"])


def _of_payment(payment: Payload, file: CaseFile) -> Iterator[Moment]:
    where = f"payment {payment['payment_id']}"
    cart = goods(payment["lines"], file.names) or "an empty cart"
    if payment["opened_at"]:
        yield Moment(parse_time(payment["opened_at"]), where, "begun")
    if payment["paid_at"]:
        value = money(payment["paid"], file.currency)
        yield Moment(parse_time(payment["paid_at"]), where, f"paid: {cart}, {value}")
    if payment["closed_at"]:
        yield Moment(parse_time(payment["closed_at"]), where, "ended without money")
    if payment["state"] in ("opened", "pending"):
        yield Moment(parse_time(payment["told_at"]), where, f"{payment['state']}: {cart}")
    for refund in payment["refunds"]:
        back = goods(refund["lines"], file.names)
        value = money(refund["amount"], file.currency)
        said = f"refunded ({refund['reason']}): {value}{f', {back}' if back else ''}"
        yield Moment(parse_time(refund["at"]), where, said)


def alike(units: Iterable[Payload]) -> list[tuple[int, Payload]]:
    """Units that left together and became the same, as one of them and their number."""
    found: list[tuple[int, Payload]] = []
    for unit in units:
        for place, (count, other) in enumerate(found):
            if unit == other:
                found[place] = (count + 1, other)
                break
        else:
            found.append((1, unit))
    return found


def outcome_of(unit: Payload, file: CaseFile) -> str:
    """What became of one unit that left: one cell of the match."""
    if unit["outcome"] == "paid":
        return f"paid ({unit['paid_by']})"
    if unit["outcome"] != "missing":
        return str(unit["outcome"])
    said = str(unit["kind"])
    if unit["paid_as"]:
        name = file.names.get(unit["paid_as"], unit["paid_as"])
        return f"{said}: paid as {name} ({unit['payment_id']})"
    by = unit["payment_id"] or unit["paid_by"]
    return f"{said} ({by})" if by else said


def thing_of(unit: Payload, file: CaseFile) -> str:
    """A unit's name, or its weight."""
    if unit["sku"] is None:
        if unit["delta_g"] is None:
            return "something seen"
        return f"something of {abs(unit['delta_g']):.1f} g"
    return str(file.names.get(unit["sku"], unit["sku"]))
