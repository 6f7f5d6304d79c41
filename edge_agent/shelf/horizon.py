"""When the shelf must be asked again, and when it may forget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge_agent.shelf.cases import RECONNECT_SETTLE_S
from edge_agent.shelf.restocks import end_of
from edge_agent.shelf.state import Rules, ShelfState

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
        ended_at = end_of(restock)
        if ended_at is not None:
            times += [ended_at + rules.visit_gap_s, ended_at + rules.late_s + 1.0]
            times.append(ended_at + _keep_s(rules))
    for book in state.books.values():
        times += [oddment.at + rules.grace_s for oddment in book.oddments if book.due]
    if state.link_up:
        times += [state.link_since + RECONNECT_SETTLE_S, state.link_since + KEEP_BEYOND_LATE_S]
    return min((t for t in times if t > state.now), default=None)


def _keep_s(rules: Rules) -> float:
    return rules.late_s + max(rules.pay_ahead_s, rules.grace_s) + KEEP_BEYOND_LATE_S


def forget(state: ShelfState, rules: Rules) -> None:
    """Let go of what can no longer matter; the store keeps what was told of it.

    Visits that share a payment, or goods put back, go together with it: any one alone would look
    like a loss, or like money for somebody else's goods. What is provisional waits for the cloud.
    """
    horizon = state.now - _keep_s(rules)
    leaving = _leaving(state, horizon)
    spent = {tie for visit_id in leaving for tie in state.visits[visit_id].ties}
    for visit_id in leaving:
        del state.visits[visit_id]
    needed = {tie for visit in state.visits.values() for tie in visit.ties}
    _drop(
        state.payments,
        lambda p: p.payment_id in spent or (p.told_at <= horizon and p.payment_id not in needed),
    )
    _drop(state.restocks, lambda r: (end_of(r) or r.order.told_at) <= horizon)
    _drop(
        state.changes,
        lambda c: (
            c.settled_at <= horizon
            and c.visit_id not in state.visits
            and c.restock_id not in state.restocks
        ),
    )
    state.assortment.forget(horizon)
    _drop(state.cases, lambda case: case.state == "closed" and case.opened_at <= horizon)
    while len(state.cases) > MAX_CASES:
        del state.cases[next(iter(state.cases))]


def _leaving(state: ShelfState, horizon: float) -> set[str]:
    """Visits that are old enough, and tied to none that is not."""
    waits = not state.link_up or state.now < state.link_since + KEEP_BEYOND_LATE_S
    unsure = {c.visit_id for c in state.cases.values() if c.state == "provisional" and waits}
    leaving = {v.visit_id for v in state.visits.values() if v.ended_at <= horizon} - unsure
    while True:
        held = {t for v in state.visits.values() if v.visit_id not in leaving for t in v.ties}
        tied = {v for v in leaving if not held.isdisjoint(state.visits[v].ties)}
        if not tied:
            return leaving
        leaving -= tied


def _drop(records: dict[str, Any], outdated: Callable[[Any], bool]) -> None:
    for key in [key for key, record in records.items() if outdated(record)]:
        del records[key]
