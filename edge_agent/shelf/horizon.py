"""When the shelf must be asked again, and when it may forget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edge_agent.shelf.cases import RECONNECT_SETTLE_S
from edge_agent.shelf.state import Rules, ShelfState, Visit

# Facts stay live this long after a payment could last have mattered, for a cloud that was away.
KEEP_BEYOND_LATE_S = 86400.0
# Cases that nobody judges leave the live state by age; the store keeps them.
MAX_CASES = 1000


def next_due(state: ShelfState, rules: Rules) -> float | None:
    """The next time at which something waited for comes, or None."""
    times: list[float] = []
    for visit in state.visits.values():
        end = visit.ended_at
        times += [end + rules.visit_gap_s, end + rules.grace_s, end + rules.late_s + 1.0]
        times.append(end + _keep_s(rules))
    for payment in state.payments.values():
        if payment.paid_at is not None:
            times.append(payment.paid_at + rules.pay_ahead_s)
        times += [refund.at + rules.grace_s for refund in payment.refunds]
        times.append(payment.told_at + _keep_s(rules))
    for restock in state.restocks.values():
        if restock.finished_at is not None and not restock.reported:
            times.append(restock.finished_at + rules.visit_gap_s)
    if state.link_up:
        times.append(state.link_since + RECONNECT_SETTLE_S)
    return min((t for t in times if t > state.now), default=None)


def _keep_s(rules: Rules) -> float:
    return rules.late_s + max(rules.pay_ahead_s, rules.grace_s) + KEEP_BEYOND_LATE_S


def forget(state: ShelfState, rules: Rules) -> None:
    """Let go of what can no longer matter; the store keeps what was told of it.

    A visit and the payments that settled it go together: either alone would look like a loss, or
    like money for somebody else's goods.
    """
    horizon = state.now - _keep_s(rules)
    leaving = [v for v in state.visits.values() if v.ended_at <= horizon]
    for visit in leaving:
        del state.visits[visit.visit_id]
    still_needed = _payments_of(state.visits.values())
    spent = _payments_of(leaving) - still_needed
    _drop(
        state.payments,
        lambda p: (
            p.payment_id in spent or (p.told_at <= horizon and p.payment_id not in still_needed)
        ),
    )
    _drop(state.changes, lambda c: c.settled_at <= horizon and c.visit_id not in state.visits)
    _drop(
        state.restocks,
        lambda r: r.order.at <= horizon and (r.reported or r.order.state != "started"),
    )
    _drop(state.cases, lambda case: case.state == "closed" and case.opened_at <= horizon)
    while len(state.cases) > MAX_CASES:
        del state.cases[next(iter(state.cases))]


def _payments_of(visits: Iterable[Visit]) -> set[str]:
    return {payment_id for visit in visits for payment_id in visit.payments}


def _drop(records: dict[str, Any], outdated: Callable[[Any], bool]) -> None:
    for key in [key for key, record in records.items() if outdated(record)]:
        del records[key]
