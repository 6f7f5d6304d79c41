"""When the shelf must be asked again, and when it may forget."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edge_agent.shelf.cases import RECONNECT_SETTLE_S
from edge_agent.shelf.orders import end_of
from edge_agent.shelf.state import Change, Restock, Rules, ShelfState

# Facts stay live this long after a payment could last have mattered, for a cloud that was away.
KEEP_BEYOND_LATE_S = 86400.0
# A visit whose case is open stays live for longer: its payment may be told days late.
KEEP_OPEN_S = 3 * 86400.0
# Cases that nobody judges leave the live state by age; the store keeps them.
MAX_CASES = 1000


def next_due(state: ShelfState, rules: Rules) -> float | None:
    """The next time at which something waited for comes, or None."""
    now, keep_s = state.now, _keep_s(rules)
    ends_s = (keep_s, keep_s + KEEP_OPEN_S)
    stages = sorted((rules.visit_gap_s, rules.grace_s, rules.late_s + 1.0, *ends_s))
    times = [_next_stage(visit.ended_at, stages, now) for visit in state.visits.values()]
    for payment in state.payments.values():
        if payment.paid_at is not None:
            times.append(payment.paid_at + rules.pay_ahead_s)
        if payment.refunds:
            times += [refund.at + rules.grace_s for refund in payment.refunds]
        times.append(payment.told_at + keep_s)
    restock_stages = sorted((rules.visit_gap_s, rules.late_s + 1.0, keep_s))
    for restock in state.restocks.values():
        ended_at = end_of(restock)
        if ended_at is not None:
            times.append(_next_stage(ended_at, restock_stages, now))
    for book in state.books.values():
        times += [oddment.at + rules.grace_s for oddment in book.oddments if book.due]
    if state.link_up:
        times += [state.link_since + RECONNECT_SETTLE_S, state.link_since + KEEP_BEYOND_LATE_S]
    return min((t for t in times if t > now), default=None)


def _next_stage(ended_at: float, stages: Sequence[float], now: float) -> float:
    """The first of some times after an end that is still to come; else one long gone."""
    for stage_s in stages:
        if ended_at + stage_s > now:
            return ended_at + stage_s
    return ended_at


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
    changes = state.changes_by_restock()
    _drop(state.restocks, lambda r: _last_of(r, changes[r.order.restock_id]) <= horizon)
    needed = {tie for visit in state.visits.values() for tie in visit.ties}
    needed |= {tie for restock in state.restocks.values() for tie in restock.ties}
    _drop(
        state.payments,
        lambda p: p.payment_id in spent or (p.told_at <= horizon and p.payment_id not in needed),
    )
    _drop(
        state.changes,
        lambda c: (
            c.settled_at <= horizon
            and c.visit_id not in state.visits
            and c.restock_id not in state.restocks
        ),
    )
    _forget_seen(state, horizon)
    _keep_only(state.origins, state.changes)
    state.assortment.forget(horizon)
    live = {visit.case_id for visit in state.visits.values()}
    live |= {restock.case_id for restock in state.restocks.values()}
    _drop(
        state.cases,
        lambda c: c.state == "closed" and c.opened_at <= horizon and c.case_id not in live,
    )
    while len(state.cases) > MAX_CASES:
        del state.cases[next(iter(state.cases))]


def _forget_seen(state: ShelfState, horizon: float) -> None:
    """Let go of what pictures told of changes that are gone, and of who was there then."""
    for change_id in [c for c, s in state.sights.items() if s.at <= horizon]:
        if change_id not in state.changes:
            del state.sights[change_id]
    del state.motions[: bisect_left(state.motions, horizon)]


def _last_of(restock: Restock, changes: Sequence[Change]) -> float:
    return max(_over_at(restock), *(change.settled_at for change in changes), -math.inf)


def _over_at(restock: Restock) -> float:
    end = end_of(restock)
    return restock.order.told_at if end is None else end


def _leaving(state: ShelfState, horizon: float) -> set[str]:
    """Visits that are old enough, and tied to none that is not."""
    waits = not state.link_up or state.now < state.link_since + KEEP_BEYOND_LATE_S
    unsure = {c.visit_id for c in state.cases.values() if c.state == "provisional" and waits}
    hoping = {c.visit_id for c in state.cases.values() if c.state == "open"}
    leaving = {
        v.visit_id
        for v in state.visits.values()
        if v.ended_at <= horizon - (KEEP_OPEN_S if v.visit_id in hoping else 0.0)
    } - unsure
    while True:
        held = {t for v in state.visits.values() if v.visit_id not in leaving for t in v.ties}
        held |= {t for r in state.restocks.values() if _over_at(r) > horizon for t in r.ties}
        tied = {v for v in leaving if not held.isdisjoint(state.visits[v].ties)}
        if not tied:
            return leaving
        leaving -= tied


def _keep_only(notes: dict[str, Any], changes: Mapping[str, Change]) -> None:
    """Drop notes of changes that are not known any more."""
    for change_id in notes.keys() - changes.keys():
        del notes[change_id]


def _drop(records: dict[str, Any], outdated: Callable[[Any], bool]) -> None:
    for key in [key for key, record in records.items() if outdated(record)]:
        del records[key]
