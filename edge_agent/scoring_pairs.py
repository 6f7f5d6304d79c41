"""Which reported change tells which true one (contract, section 4). Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

from edge_agent.reported import ReportedChange
from edge_agent.truth import TrueChange

SETTLES_WITHIN_S = 2.0
"""How far from a change's true time it may settle (contract, section 4)."""

RIGHT_WITHIN_G = 3.0
RIGHT_WITHIN_SHARE = 0.03
"""A weight is right within 3 g or 3 % of the true one, whichever is more."""

Pair = tuple[TrueChange, ReportedChange]
Fits = Callable[[TrueChange, ReportedChange], bool]


def same_items(true: TrueChange, reported: ReportedChange) -> bool:
    """Whether the very items were told that moved."""
    return true.items == reported.items


def same_weight(true: TrueChange, reported: ReportedChange) -> bool:
    """Whether the weight is right, whatever items were told; any is where truth knows none."""
    return true.grams is None or is_right_weight(reported.delta_g, true.grams)


def any_change(true: TrueChange, reported: ReportedChange) -> bool:
    """Whether anything was told at all."""
    return True


def is_right_weight(told_g: float, true_g: float) -> bool:
    """Whether a weight is near enough to the true one to name the goods by."""
    return abs(told_g - true_g) <= max(RIGHT_WITHIN_G, RIGHT_WITHIN_SHARE * abs(true_g)) + 1e-9


def pair_changes(
    true: Sequence[TrueChange], reported: Sequence[ReportedChange], fits: Fits
) -> list[Pair]:
    """Pair true changes, in order of time, with reported ones: as many as can be, near ones first.

    A pair is on one plate, fits, and settles within 2 s or, for a slow hand, before the next true
    change on that plate.
    """
    on_plate: dict[str, list[ReportedChange]] = defaultdict(list)
    for change in reported:
        on_plate[change.plate].append(change)
    pairing = _Pairing()
    for t, until in zip(true, _windows(true), strict=True):
        near = [
            c
            for c in on_plate[t.plate]
            if t.at - SETTLES_WITHIN_S <= c.settled_at <= until and fits(t, c)
        ]
        pairing.add(t, sorted(near, key=lambda c: abs(c.settled_at - t.at)))
    return pairing.pairs()


class _Pairing:
    """A largest set of pairs, grown one true change at a time (Kuhn's augmenting paths)."""

    def __init__(self) -> None:
        self._true: list[TrueChange] = []
        self._fitting: list[list[ReportedChange]] = []
        self._owner: dict[int, int] = {}
        self._reported: dict[int, ReportedChange] = {}

    def add(self, true: TrueChange, fitting: list[ReportedChange]) -> None:
        """Find this one a partner among `fitting`, best first, moving others where need be."""
        self._true.append(true)
        self._fitting.append(fitting)
        self._reported |= {id(change): change for change in fitting}
        self._place(len(self._true) - 1, set())

    def _place(self, n: int, tried: set[int]) -> bool:
        free = [c for c in self._fitting[n] if id(c) not in self._owner]
        for change in free[:1] or self._fitting[n]:
            key = id(change)
            if key in tried:
                continue
            tried.add(key)
            if key not in self._owner or self._place(self._owner[key], tried):
                self._owner[key] = n
                return True
        return False

    def pairs(self) -> list[Pair]:
        """The pairs, in order of the true changes."""
        by_true = {n: self._reported[key] for key, n in self._owner.items()}
        return [(self._true[n], by_true[n]) for n in sorted(by_true)]


def _windows(true: Sequence[TrueChange]) -> list[float]:
    """Until when each true change may be told: for 2 s, or until the next one on its plate."""
    until = [math.inf] * len(true)
    latest: dict[str, int] = {}
    for n, t in enumerate(true):
        if t.plate in latest:
            before = latest[t.plate]
            until[before] = max(true[before].at + SETTLES_WITHIN_S, t.at)
        latest[t.plate] = n
    return until
