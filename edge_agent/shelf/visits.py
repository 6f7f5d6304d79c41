"""Which visit a change belongs to."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.shelf.facts import ChangeFact
from edge_agent.shelf.interpreting import START_SPREAD_S, interpret
from edge_agent.shelf.restocks import RESTOCK_AT_MOST_S
from edge_agent.shelf.state import Change, Restock, Rules, ShelfState, Visit
from edge_agent.weighing.change import WeightChange


def record_change(
    state: ShelfState, fact: ChangeFact, rules: Rules
) -> tuple[Change | None, Change]:
    """Identify a weight change and file it; returns the change before and after."""
    weight = fact.change
    before = state.changes.get(weight.change_id)
    if weight.withdrawn:
        after = _withdrawn(before, weight)
    else:
        restock_id = before.restock_id if before else _running_restock(state, weight, rules)
        visit_id = before.visit_id if before else None
        if before is None and restock_id is None:
            visit_id = _join_visit(state, weight, rules)
        after = interpret(state, weight, restock_id, visit_id, rules)
    state.changes[after.change_id] = after
    if after.visit_id is not None:
        _stretch(state, after.visit_id)
    return before, after


def _withdrawn(before: Change | None, weight: WeightChange) -> Change:
    visit_id = before.visit_id if before else None
    return Change(
        change_id=weight.change_id,
        revision=before.revision + 1 if before else 1,
        plate=weight.plate,
        started_at=weight.started_at,
        settled_at=weight.settled_at,
        delta_g=0.0,
        sigma_g=weight.sigma_g,
        level_g=weight.level_g,
        kind="withdrawn",
        hypotheses=(),
        accepted=False,
        unobserved=weight.unobserved,
        visit_id=visit_id,
        restock_id=before.restock_id if before else None,
        prices={},
        evidence=before.evidence if before else (),
    )


def _running_restock(state: ShelfState, weight: WeightChange, rules: Rules) -> str | None:
    for restock_id, restock in state.restocks.items():
        tail_s = rules.visit_gap_s if weight.delta_g > 0 else 0.0
        if _runs(restock, weight.started_at, tail_s):
            return restock_id
    return None


def _runs(restock: Restock, at: float, tail_s: float) -> bool:
    """Whether a change at `at` belongs to it; goods may be set down `tail_s` after its end."""
    if restock.started_at is None or at < restock.started_at:
        return False
    if restock.finished_at is not None:
        return at <= restock.finished_at + tail_s
    return at <= restock.started_at + RESTOCK_AT_MOST_S


def _join_visit(state: ShelfState, weight: WeightChange, rules: Rules) -> str:
    visit = state.visits.get(state.current_visit or "")
    if visit is not None and visit.unobserved == weight.unobserved:
        gap_s = weight.started_at - visit.ended_at
        if weight.unobserved:
            gap_s = weight.settled_at - visit.ended_at - START_SPREAD_S + rules.visit_gap_s
        if gap_s <= rules.visit_gap_s:
            return visit.visit_id
    visit_id = f"V{round(weight.started_at * 1000)}"
    while visit_id in state.visits:
        visit_id += "b"
    state.visits[visit_id] = Visit(
        visit_id, weight.started_at, weight.settled_at, weight.unobserved
    )
    state.current_visit = visit_id
    return visit_id


def _stretch(state: ShelfState, visit_id: str) -> None:
    """Let the visit span its changes."""
    visit = state.visits[visit_id]
    changes = state.changes_of(visit_id)
    if changes:
        state.visits[visit_id] = replace(
            visit,
            started_at=min(c.started_at for c in changes),
            ended_at=max(c.settled_at for c in changes),
        )
