"""What a change was taken for: its weight read in its surroundings, anew where more is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from edge_agent.shelf.identify import Hypothesis, Step, Surroundings, identify, identify_together
from edge_agent.shelf.learning import all_as_learned
from edge_agent.shelf.state import Change, ChangeKind, Rules, ShelfState
from edge_agent.weighing.change import WeightChange

# Changes found at one start belong together, though plates settle one after the other.
START_SPREAD_S = 60.0
# Two steps share a level where the second began so soon, from there, and it is known this badly.
CHAINED_S, DOUBTFUL_G = 3.0, 0.5
# Goods that left may come back for so long.
AWAY_S = 3600.0


def interpret(
    state: ShelfState,
    weight: WeightChange,
    restock_id: str | None,
    visit_id: str | None,
    rules: Rules,
) -> Change:
    """Read a weight change, together with the one it shares a doubtful level with, if any."""
    change = replace(_identified(state, weight, restock_id, rules), visit_id=visit_id)
    before = state.changes.get(weight.change_id)
    if before is not None:
        # What a payment has settled stays so until it is reckoned anew.
        change = replace(change, settled=before.settled, taught=before.taught)
    partner = _partner(state, change)
    if partner is None:
        return change
    return _read_as(change, _together(state, change, partner, rules)[0], rules)


def reconsider(state: ShelfState, after: Change, rules: Rules) -> list[tuple[Change, Change]]:
    """Read other changes anew for what a change tells of them; returns each before and after."""
    if after.kind == "withdrawn":
        return []
    if after.unobserved:
        return _reconsider_found(state, after, rules)
    partner = _partner(state, after)
    if partner is None:
        return []
    anew = _read_as(partner, _together(state, after, partner, rules)[1], rules)
    if anew.items == partner.items:
        return []
    anew = replace(anew, revision=partner.revision + 1)
    state.changes[anew.change_id] = anew
    return [(partner, anew)]


def _partner(state: ShelfState, change: Change) -> Change | None:
    """Find the change of this plate that ends, or begins, on a level that both know badly."""
    if change.unobserved:
        return None
    for other in state.changes.values():
        same = other.plate == change.plate and other.visit_id == change.visit_id
        if not same or other.change_id == change.change_id or other.kind == "withdrawn":
            continue
        first, second = sorted((change, other), key=lambda c: c.started_at)
        apart_g = abs(second.level_g - second.delta_g - first.level_g)
        soon = second.started_at - first.settled_at <= CHAINED_S
        if soon and first.level_sigma_g >= DOUBTFUL_G and apart_g <= first.level_sigma_g:
            return other
    return None


def _together(
    state: ShelfState, change: Change, partner: Change, rules: Rules
) -> tuple[tuple[Hypothesis, ...], tuple[Hypothesis, ...]]:
    """Return the explanations of a change and of its partner."""
    first, second = sorted((change, partner), key=lambda c: c.started_at)
    steps = [
        Step(
            c.delta_g,
            c.sigma_g,
            c.level_sigma_g,
            _surroundings(state, _weight_of(c), c.restock_id, rules),
        )
        for c in (first, second)
    ]
    of_first, of_second = identify_together(*steps)
    return (of_first, of_second) if change is first else (of_second, of_first)


def _read_as(change: Change, hypotheses: tuple[Hypothesis, ...], rules: Rules) -> Change:
    accepted = bool(hypotheses) and hypotheses[0].confidence >= rules.min_confidence
    weight = _weight_of(change)
    return replace(
        change,
        hypotheses=hypotheses,
        accepted=accepted,
        kind=_kind(weight, accepted, change.restock_id),
    )


def _reconsider_found(
    state: ShelfState, found: Change, rules: Rules
) -> list[tuple[Change, Change]]:
    """Identify what came unobserved again, now that it is known what left, at the same start.

    Plates settle one after the other then, so goods may be found on their new plate before they
    are missed on their old one. Returns the changes that are something else now, before and after.
    """
    if found.delta_g > 0 or found.visit_id is None:
        return []
    reconsidered: list[tuple[Change, Change]] = []
    for before in state.changes_of(found.visit_id):
        if not before.unobserved or before.delta_g < 0:
            continue
        after = _identified(state, _weight_of(before), None, rules)
        after = replace(after, visit_id=before.visit_id)
        if after.items != before.items:
            state.changes[after.change_id] = after
            reconsidered.append((before, after))
    return reconsidered


def _weight_of(change: Change) -> WeightChange:
    return WeightChange(
        change.change_id,
        change.revision,
        change.plate,
        change.started_at,
        change.settled_at,
        change.delta_g,
        change.sigma_g,
        change.level_g,
        level_sigma_g=change.level_sigma_g,
        unobserved=change.unobserved,
    )


def _identified(
    state: ShelfState,
    weight: WeightChange,
    restock_id: str | None,
    rules: Rules,
) -> Change:
    before = state.changes.get(weight.change_id)
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
        level_sigma_g=weight.level_sigma_g,
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
    products = all_as_learned(state.catalogue.products, state.learned)
    planogram = state.catalogue.plates.get(weight.plate, ())
    counts = dict(state.stock.get(weight.plate, {}))
    before = state.changes.get(weight.change_id)
    if before is not None:
        for sku, quantity in before.counted:
            counts[sku] = counts.get(sku, 0) - quantity
    if weight.plate not in state.counted:
        # Counted from zero: what stands there may be more, never less.
        counts = {s: n for s, n in counts.items() if n > 0 and s not in planogram}
    return Surroundings(
        planogram=[products[s] for s in planogram if s in products],
        elsewhere=[p for s, p in products.items() if s not in planogram and p.weight_g],
        stock=counts,
        just_left=_left(state, weight, 3 * rules.visit_gap_s),
        away=_left(state, weight, AWAY_S),
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


def _left(state: ShelfState, weight: WeightChange, within_s: float) -> dict[str, int]:
    """Units that left any plate within some time before this change and have not come back."""
    since = weight.started_at - within_s
    # What is found at a start has no order.
    until = weight.settled_at + (START_SPREAD_S if weight.unobserved else 0.0)
    left: Counter[str] = Counter()
    for change in state.changes.values():
        if change.change_id == weight.change_id or change.kind == "withdrawn":
            continue
        if since <= change.settled_at <= until:
            for sku, quantity in change.items:
                left[sku] -= quantity
    return {sku: count for sku, count in left.items() if count > 0}
