"""What changes were taken for: each weight read in its surroundings, in the order of time.

A reading follows from the changes before it, the orders and the catalogue of its time, never from
payments and never from when something became known. So what is learned late is the same as what
was known from the start: everything from there on is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from edge_agent.shelf.identify import (
    Hypothesis,
    Reading,
    Step,
    identify_seen,
    identify_together,
    read,
)
from edge_agent.shelf.state import Change, ChangeKind, Rules, ShelfState
from edge_agent.shelf.surroundings import CHAINED_S, START_SPREAD_S, Past, surroundings

# A level that two steps share is doubtful where it is known this badly.
DOUBTFUL_G = 0.5
# What settled so long before a new change may have shared its level.
BACK_S = 10.0


def read_again(
    state: ShelfState,
    since: float,
    rules: Rules,
    filed: Mapping[str, Change | None] = MappingProxyType({}),
) -> list[tuple[Change, Change]]:
    """Read every change that settled after `since` again; returns those that are told anew.

    Each as it was and as it is. `filed` are changes that are new or revised themselves, as they
    were before; others get a new revision where their items or kind are different.
    """
    former = dict(state.changes)
    past = Past.of(state, filed)
    own = set(filed)
    anew = sorted(
        (c for c in past.changes if order_of(c)[0] >= since - BACK_S or c.change_id in own),
        key=order_of,
    )
    for change in anew:
        current = state.changes[change.change_id]
        read = _read(state, past, current, rules)
        _put(state, past, read)
        partner = _partner(past, read)
        if partner is not None:
            _read_both(state, past, partner, read, rules)
    touched = {c.change_id for c in anew} | {p for p in past.touched if p in former}
    return _told_anew(state, former, touched, own)


def order_of(change: Change) -> tuple[float, str]:
    """By when changes are read: what came unobserved after what left at the same start."""
    late = START_SPREAD_S if change.unobserved and change.delta_g > 0 else 0.0
    return change.settled_at + late, change.change_id


def _put(state: ShelfState, past: Past, change: Change) -> None:
    state.changes[change.change_id] = change
    past.put(change)


def _told_anew(
    state: ShelfState, former: dict[str, Change], touched: set[str], own: set[str]
) -> list[tuple[Change, Change]]:
    found: list[tuple[Change, Change]] = []
    for change_id in sorted(touched - own, key=lambda i: order_of(state.changes[i])):
        before, after = former[change_id], state.changes[change_id]
        if (before.items, before.kind) != (after.items, after.kind):
            after = replace(after, revision=before.revision + 1)
            state.changes[change_id] = after
            found.append((before, after))
    return found


def _read(state: ShelfState, past: Past, change: Change, rules: Rules) -> Change:
    around = surroundings(state, past, change, rules)
    if change.by_sight:
        reading = Reading(identify_seen(round(change.delta_g), around))
    else:
        reading = read(change.delta_g, change.sigma_g, around)
    catalogue = state.assortment.at(change.started_at)
    skus = {sku for h in reading.hypotheses for sku, _ in h.items}
    prices = {sku: catalogue.price(sku) for sku in sorted(skus)}
    is_seen = around.sight is not None
    state.origins.pop(change.change_id, None)
    if reading.origins:
        state.origins[change.change_id] = reading.origins
    change = replace(change, prices=prices)
    return _read_as(change, reading.hypotheses, rules, is_seen=is_seen)


def _read_both(state: ShelfState, past: Past, first: Change, second: Change, rules: Rules) -> None:
    """Read two changes of one plate that share a doubtful level together."""
    steps = [
        Step(c.delta_g, c.sigma_g, c.level_sigma_g, surroundings(state, past, c, rules))
        for c in (first, second)
    ]
    for change, hypotheses in zip((first, second), identify_together(*steps), strict=True):
        is_seen = change.change_id in state.sights
        _put(state, past, _read_as(change, hypotheses, rules, is_seen=is_seen))
        past.touched.add(change.change_id)


def _read_as(
    change: Change, hypotheses: Sequence[Hypothesis], rules: Rules, *, is_seen: bool
) -> Change:
    accepted = bool(hypotheses) and hypotheses[0].confidence >= rules.min_confidence
    return replace(
        change,
        hypotheses=tuple(hypotheses),
        accepted=accepted,
        is_seen=is_seen,
        is_strange=is_seen and 1.0 - sum(h.confidence for h in hypotheses) >= rules.min_confidence,
        kind=_kind(change, accepted),
    )


def _kind(change: Change, accepted: bool) -> ChangeKind:
    if change.unobserved:
        return "unobserved"
    if change.restock_id is not None:
        return "restocked"
    if not accepted:
        return "unidentified"
    return "removed" if change.delta_g < 0 else "returned"


def _partner(past: Past, change: Change) -> Change | None:
    """Find the change of this plate, before it, that ends on a level that both know badly."""
    if change.unobserved or change.by_sight:
        return None
    for other in past.of_plate(change.plate):
        if other.visit_id != change.visit_id or other.restock_id != change.restock_id:
            continue
        if other.unobserved or other.by_sight or order_of(other) >= order_of(change):
            continue
        apart_g = abs(change.level_g - change.delta_g - other.level_g)
        soon = change.started_at - other.settled_at <= CHAINED_S
        if soon and other.level_sigma_g >= DOUBTFUL_G and apart_g <= other.level_sigma_g:
            return other
    return None
