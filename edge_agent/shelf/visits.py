"""Which visit, or which restock, each change belongs to: always from all changes and all orders."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edge_agent.shelf.orders import restock_of
from edge_agent.shelf.state import Change, Rules, ShelfState, Visit
from edge_agent.shelf.surroundings import START_SPREAD_S


@dataclass(slots=True)
class _Gathering:
    """Changes that follow close upon each other."""

    members: list[Change]
    ended_at: float
    unobserved: bool

    @property
    def name(self) -> str:
        return f"V{round(self.members[0].first_at * 1000)}"


def regroup(state: ShelfState, rules: Rules, since: float = -math.inf) -> set[str]:
    """Give every live change its restock or its visit; returns those that moved, by change id.

    Order does not matter: a visit is named by the change that began it, and one that an order has
    explained away stays without changes until it is forgotten. `since` is when the first change
    began of which something is new.
    """
    since = _beginning(state, since, rules)
    moved: set[str] = set()
    recent = [c for c in state.changes.values() if c.first_at >= since]
    free: list[Change] = []
    for change in sorted(recent, key=lambda c: (c.first_at, c.change_id)):
        restock_id = restock_of(state, change, rules)
        if restock_id is None:
            free.append(change)
        elif change.restock_id != restock_id:
            moved.add(change.change_id)
            state.changes[change.change_id] = replace(change, restock_id=restock_id, visit_id=None)
    found: dict[str, Visit] = {}
    gatherings = [*_observed(free, state.motions, rules), *_unobserved(free)]
    for gathering in sorted(gatherings, key=lambda s: (s.members[0].first_at, s.unobserved)):
        visit_id = gathering.name
        while visit_id in found:
            visit_id += "b"
        found[visit_id] = _visit(state.visits.get(visit_id), visit_id, gathering)
        moved |= _join(state, gathering.members, visit_id)
    _replace_visits(state, found, {c.visit_id for c in recent})
    return moved


def _beginning(state: ShelfState, since: float, rules: Rules) -> float:
    """The time up to which nothing can be grouped anew: when everybody before had gone."""
    edge = _stay_before(state.motions, since, rules) - max(rules.visit_gap_s, START_SPREAD_S)
    changes = state.changes.values()
    touched = {c.visit_id for c in changes if c.settled_at >= edge} - {None}
    while True:
        begun = min((c.first_at for c in changes if c.visit_id in touched), default=since)
        if begun >= since:
            return since
        # Visits overlap where one was observed and another was not: no visit may be cut in two.
        since = begun
        touched = {c.visit_id for c in changes if c.first_at >= since} - {None}


def _stay_before(motions: Sequence[float], until: float, rules: Rules) -> float:
    """Since when somebody had been there who was at a time, by what moved."""
    for at in reversed(motions[: bisect_left(motions, until)]):
        if until - at > rules.visit_gap_s:
            break
        until = at
    return until


def _stay_after(motions: Sequence[float], since: float, until: float, rules: Rules) -> float:
    """How long somebody who was there at a time had been by another, by what moved."""
    for at in motions[bisect_right(motions, since) : bisect_right(motions, until)]:
        if at - since > rules.visit_gap_s:
            break
        since = at
    return since


def _observed(free: Iterable[Change], motions: Sequence[float], rules: Rules) -> list[_Gathering]:
    gatherings: list[_Gathering] = []
    for change in free:
        if change.unobserved:
            continue
        last = gatherings[-1] if gatherings else None
        seen_at = _stay_after(motions, last.ended_at, change.started_at, rules) if last else 0.0
        if last is not None and change.started_at - seen_at <= rules.visit_gap_s:
            last.members.append(change)
            last.ended_at = max(last.ended_at, change.settled_at)
        else:
            gatherings.append(_Gathering([change], change.settled_at, unobserved=False))
    return gatherings


def _unobserved(free: Iterable[Change]) -> list[_Gathering]:
    """What was found at one start belongs together, though plates settle one after the other.

    What was observed in between parts one start from the next.
    """
    gatherings: list[_Gathering] = []
    apart = True
    for change in sorted(free, key=lambda c: (c.settled_at, c.change_id)):
        if not change.unobserved:
            apart = True
        elif not apart and change.settled_at - gatherings[-1].ended_at <= START_SPREAD_S:
            gatherings[-1].members.append(change)
            gatherings[-1].ended_at = change.settled_at
        else:
            gatherings.append(_Gathering([change], change.settled_at, unobserved=True))
            apart = False
    for gathering in gatherings:
        gathering.members.sort(key=lambda c: (c.first_at, c.change_id))
    return gatherings


def _visit(known: Visit | None, visit_id: str, gathering: _Gathering) -> Visit:
    """The visit as it was, spanning its changes that still count."""
    counting = [c for c in gathering.members if c.kind != "withdrawn"] or gathering.members
    started_at = min(c.started_at for c in counting)
    ended_at = max(c.settled_at for c in counting)
    if known is None:
        return Visit(visit_id, started_at, ended_at, gathering.unobserved)
    if (known.started_at, known.ended_at) == (started_at, ended_at):
        return known
    return replace(known, started_at=started_at, ended_at=ended_at)


def _join(state: ShelfState, members: Iterable[Change], visit_id: str) -> set[str]:
    moved: set[str] = set()
    for change in members:
        if change.visit_id != visit_id or change.restock_id is not None:
            moved.add(change.change_id)
            state.changes[change.change_id] = replace(change, visit_id=visit_id, restock_id=None)
    return moved


def _replace_visits(state: ShelfState, found: dict[str, Visit], former: set[str | None]) -> None:
    """Use the visits found in place of `former` ones; what was told of those keeps them."""
    for visit_id in former - found.keys():
        visit = state.visits.get(visit_id or "")
        told = visit is not None and (visit.told is not None or visit.case_id in state.cases)
        if visit is not None and not told:
            del state.visits[visit.visit_id]
    is_new = not found.keys() <= state.visits.keys()
    state.visits.update(found)
    if is_new:
        ordered = sorted(state.visits.items(), key=lambda item: (item[1].started_at, item[0]))
        state.visits = dict(ordered)
    running = max(found, key=lambda v: found[v].ended_at, default=None)
    known = state.visits.get(state.current_visit or "")
    if running is not None and (known is None or found[running].ended_at >= known.ended_at):
        state.current_visit = running
