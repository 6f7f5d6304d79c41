"""Which visit a change belongs to, and what a change was taken for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from edge_agent.shelf.facts import ChangeFact
from edge_agent.shelf.identify import Surroundings, identify
from edge_agent.shelf.restocks import RESTOCK_AT_MOST_S
from edge_agent.shelf.state import Change, ChangeKind, Restock, Rules, ShelfState, Visit
from edge_agent.weighing.change import WeightChange

# Changes found at one start belong together, though plates settle one after the other.
START_SPREAD_S = 60.0


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
        after = _identified(state, weight, restock_id, before, rules)
        if restock_id is None:
            visit_id = before.visit_id if before else _join_visit(state, weight, rules)
            after = replace(after, visit_id=visit_id)
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


def _identified(
    state: ShelfState,
    weight: WeightChange,
    restock_id: str | None,
    before: Change | None,
    rules: Rules,
) -> Change:
    hypotheses = identify(
        weight.delta_g, weight.sigma_g, _surroundings(state, weight, restock_id, rules)
    )
    accepted = bool(hypotheses) and hypotheses[0].confidence >= rules.min_confidence
    skus = {sku for h in hypotheses for sku, _ in h.items}
    return Change(
        change_id=weight.change_id,
        revision=before.revision + 1 if before else 1,
        plate=weight.plate,
        started_at=weight.started_at,
        settled_at=weight.settled_at,
        delta_g=weight.delta_g,
        sigma_g=weight.sigma_g,
        level_g=weight.level_g,
        kind=_kind(weight, accepted, restock_id),
        hypotheses=hypotheses,
        accepted=accepted,
        unobserved=weight.unobserved,
        visit_id=None,
        restock_id=restock_id,
        prices={sku: state.catalogue.price(sku) for sku in sorted(skus)},
        evidence=before.evidence if before else (),
    )


def _kind(weight: WeightChange, accepted: bool, restock_id: str | None) -> ChangeKind:
    if weight.unobserved:
        return "unobserved"
    if restock_id is not None:
        return "restocked"
    if not accepted:
        return "unidentified"
    return "removed" if weight.delta_g < 0 else "returned"


def _surroundings(
    state: ShelfState, weight: WeightChange, restock_id: str | None, rules: Rules
) -> Surroundings:
    products = state.catalogue.products
    planogram = state.catalogue.plates.get(weight.plate, ())
    counts = dict(state.stock.get(weight.plate, {}))
    before = state.changes.get(weight.change_id)
    if before is not None:
        for sku, quantity in before.items:
            counts[sku] = counts.get(sku, 0) - quantity
    if weight.plate not in state.counted:
        # Counted from zero: what stands there may be more, never less.
        counts = {s: n for s, n in counts.items() if n > 0 and s not in planogram}
    return Surroundings(
        planogram=[products[s] for s in planogram if s in products],
        elsewhere=[p for s, p in products.items() if s not in planogram and p.weight_g],
        stock=counts,
        just_left=_just_left(state, weight, rules),
        restocking=restock_id is not None or weight.unobserved,
        expected=_expected(state, restock_id, weight.plate),
    )


def _expected(state: ShelfState, restock_id: str | None, plate: str) -> dict[str, int]:
    """Units by SKU that the running order brings to a plate, or to no plate in particular."""
    expected: Counter[str] = Counter()
    if restock_id is not None:
        for line in state.restocks[restock_id].order.lines:
            if line.quantity > 0 and line.plate in (None, plate):
                expected[line.sku] += line.quantity
    return dict(expected)


def _just_left(state: ShelfState, weight: WeightChange, rules: Rules) -> dict[str, int]:
    """Units that left within a visit's reach before this change and have not come back."""
    since = weight.started_at - 3 * rules.visit_gap_s
    left: Counter[str] = Counter()
    for change in state.changes.values():
        if change.change_id == weight.change_id or change.kind == "withdrawn":
            continue
        if since <= change.settled_at <= weight.settled_at:
            for sku, quantity in change.items:
                left[sku] -= quantity
    return {sku: count for sku, count in left.items() if count > 0}


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
