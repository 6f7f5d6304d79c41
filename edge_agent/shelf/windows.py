"""Visits found by time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from edge_agent.shelf.parties import Purse
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.state import Rules, Visit


class VisitsByTime:
    """Answers quickly which visits touch a span of time, and which a payment may be about."""

    def __init__(self, visits: Iterable[Visit], rules: Rules) -> None:
        self._rules = rules
        self._visits = sorted(visits, key=lambda v: (v.started_at, v.visit_id))
        self._starts = [v.started_at for v in self._visits]
        # The latest end of all up to here: further back none can touch the span any more.
        self._ends = list(accumulate((v.ended_at for v in self._visits), max))
        self._near: dict[tuple[float, float], tuple[Visit, ...]] = {}

    def touching(self, since: float, until: float) -> Iterator[Visit]:
        """Yield the visits that began by `until` and ended at `since` or later, the last first."""
        place = bisect_right(self._starts, until) - 1
        while place >= 0 and self._ends[place] >= since:
            if self._visits[place].ended_at >= since:
                yield self._visits[place]
            place -= 1

    def about(self, at: float) -> Iterator[Visit]:
        """Yield the visits at which a payment of some time may have been under way."""
        return self.touching(at - self._rules.grace_s, at + self._rules.pay_ahead_s)

    def near(self, paid: PaidUnit | Purse) -> tuple[Visit, ...]:
        """The visits that `is_at_hand` says a payment was about, once each."""
        key = paid.reference_at, paid.paid_at
        if key not in self._near:
            self._near[key] = self._about_either(*key)
        return self._near[key]

    def _about_either(self, one_at: float, other_at: float) -> tuple[Visit, ...]:
        first_at, last_at = min(one_at, other_at), max(one_at, other_at)
        if last_at - first_at <= self._rules.grace_s + self._rules.pay_ahead_s:
            # The two spans are one.
            since, until = first_at - self._rules.grace_s, last_at + self._rules.pay_ahead_s
            return tuple(self.touching(since, until))
        found = {v.visit_id: v for at in (first_at, last_at) for v in self.about(at)}
        return tuple(found.values())
