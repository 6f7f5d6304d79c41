"""A weight change as the shelf files it, before it is read."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.shelf.state import Change, ShelfState
from edge_agent.weighing.change import WeightChange


def record_weight(state: ShelfState, weight: WeightChange) -> Change | None:
    """File a change's newest weight, with what it was taken for so far; returns it as it was."""
    before = state.changes.get(weight.change_id)
    known = before or _unread(weight)
    state.changes[weight.change_id] = replace(
        known,
        revision=known.revision + 1,
        started_at=weight.started_at,
        settled_at=weight.settled_at,
        delta_g=0.0 if weight.withdrawn else weight.delta_g,
        sigma_g=weight.sigma_g,
        level_g=weight.level_g,
        level_sigma_g=weight.level_sigma_g,
        beside=weight.beside,
        unobserved=weight.unobserved,
        kind="unidentified" if known.kind == "withdrawn" else known.kind,
    )
    if weight.withdrawn:
        state.origins.pop(weight.change_id, None)
        state.changes[weight.change_id] = _withdrawn(state.changes[weight.change_id])
    return before


def _unread(weight: WeightChange) -> Change:
    return Change(
        change_id=weight.change_id,
        revision=0,
        plate=weight.plate,
        started_at=weight.started_at,
        settled_at=weight.settled_at,
        delta_g=weight.delta_g,
        sigma_g=weight.sigma_g,
        level_g=weight.level_g,
        kind="unidentified",
        hypotheses=(),
        accepted=False,
        unobserved=weight.unobserved,
        by_sight=weight.by_sight,
        visit_id=None,
        restock_id=None,
        prices={},
        first_at=weight.started_at,
    )


def _withdrawn(change: Change) -> Change:
    return replace(
        change,
        kind="withdrawn",
        hypotheses=(),
        accepted=False,
        prices={},
        settled=None,
        level_sigma_g=0.0,
        is_strange=False,
        is_seen=False,
    )
