"""Whether whole actions weigh right, and whether double picks are told as two. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from edge_agent.reported import ReportedChange
from edge_agent.scoring_pairs import SETTLES_WITHIN_S, is_right_weight
from edge_agent.tallies import Share
from edge_agent.truth import TrueChange

ONE_ACTION_S = 2.5
"""True changes on one plate that follow within this are one action."""

DOUBLE_GAPS_S = ((0.3, 0.6), (0.6, 0.9), (0.9, 1.2))
"""How far apart the two picks of a double are; the last bound is included."""


@dataclass(slots=True)
class Action:
    """True changes on one plate in quick succession, and what was told of them."""

    true: list[TrueChange]
    told: list[ReportedChange] = field(default_factory=list)
    told_late: list[ReportedChange] = field(default_factory=list)

    @property
    def grams(self) -> float | None:
        """What the plate's weight changed by; None where truth does not know it."""
        grams = [t.grams for t in self.true if t.grams is not None]
        return sum(grams) if len(grams) == len(self.true) else None

    @property
    def told_g(self) -> float:
        """The sum of what settled within 2 s or, with nothing there, before the next action."""
        return sum(c.delta_g for c in self.told or self.told_late)

    def distance_s(self, at: float) -> float:
        """How far a time is from the action; 0 within."""
        return max(self.true[0].at - at, at - self.true[-1].at, 0.0)

    def words(self) -> str:
        """What was told and what was true, for whoever tunes the agent."""
        told = ", ".join(f"{c.delta_g:+.1f}" for c in self.told or self.told_late)
        first = self.true[0]
        return f"{first.at:.3f} {first.plate} {self.grams or 0:+.1f} g: told {told or 'nothing'}"


def actions(true: Sequence[TrueChange], reported: Sequence[ReportedChange]) -> list[Action]:
    """Group true changes, in order of time, into actions, each with what was reported of it."""
    on_plate: dict[str, list[Action]] = defaultdict(list)
    for t in true:
        before = on_plate[t.plate]
        if before and t.at - before[-1].true[-1].at <= ONE_ACTION_S:
            before[-1].true.append(t)
        else:
            before.append(Action([t]))
    for change in sorted(reported, key=lambda c: c.settled_at):
        _hand_over(change, on_plate.get(change.plate, ()))
    return [action for of_plate in on_plate.values() for action in of_plate]


def right_actions(done: Sequence[Action]) -> tuple[Share, tuple[str, ...]]:
    """Count the actions whose whole weight was told right, and tell the wrong ones in words."""
    right, wrong = 0, []
    for action in done:
        if action.grams is None:
            continue
        if is_right_weight(action.told_g, action.grams):
            right += 1
        else:
            wrong.append(action.words())
    return Share(right, right + len(wrong)), tuple(wrong)


def last_of_each(done: Sequence[Action]) -> frozenset[int]:
    """The true changes, by `id`, after which no further one of their action came.

    Only then has the hand gone: the first pick of a double has no such moment.
    """
    return frozenset(id(action.true[-1]) for action in done)


def split_doubles(
    done: Sequence[Action], found: Sequence[TrueChange]
) -> tuple[dict[str, Share], tuple[str, ...]]:
    """Count the double picks of which both are among `found`, by the gap between them."""
    known = {id(t) for t in found}
    split = {_gap_name(*gap): Share() for gap in DOUBLE_GAPS_S}
    merged = []
    for action in done:
        for name, first, second in _doubles(action):
            both = id(first) in known and id(second) in known
            split[name] += Share(int(both), 1)
            if not both:
                merged.append(f"{action.words()}, {second.at - first.at:.2f} s apart")
    return split, tuple(merged)


def _doubles(action: Action) -> Iterator[tuple[str, TrueChange, TrueChange]]:
    last = DOUBLE_GAPS_S[-1][1]
    for first, second in pairwise(action.true):
        gap_s = round(second.at - first.at, 4)
        for low, high in DOUBLE_GAPS_S:
            if low <= gap_s < high or gap_s == high == last:
                yield _gap_name(low, high), first, second


def _gap_name(low: float, high: float) -> str:
    return f"{low:.1f}-{high:.1f}"


def _hand_over(change: ReportedChange, of_plate: Sequence[Action]) -> None:
    """Give a reported change to the action it tells: the nearest, or late the one before it."""
    at = change.settled_at
    nearest = min(of_plate, key=lambda action: action.distance_s(at), default=None)
    if nearest is not None and nearest.distance_s(at) <= SETTLES_WITHIN_S:
        nearest.told.append(change)
        return
    before = [action for action in of_plate if action.true[-1].at < at]
    if before:
        before[-1].told_late.append(change)
