"""Visits found by time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from edge_agent.shelf.state import Visit


class VisitsByTime:
    """Answers quickly which visits touch a span of time."""

    def __init__(self, visits: Iterable[Visit]) -> None:
        self._visits = sorted(visits, key=lambda v: (v.started_at, v.visit_id))
        self._starts = [v.started_at for v in self._visits]
        # The latest end of all up to here: further back none can touch the span any more.
        self._ends = list(accumulate((v.ended_at for v in self._visits), max))

    def touching(self, since: float, until: float) -> Iterator[Visit]:
        """Yield the visits that began by `until` and ended at `since` or later, the last first."""
        place = bisect_right(self._starts, until) - 1
        while place >= 0 and self._ends[place] >= since:
            if self._visits[place].ended_at >= since:
                yield self._visits[place]
            place -= 1

    def about(self, times: Iterable[float], before_s: float, after_s: float) -> Iterator[Visit]:
        """Yield the visits, once each, that touch a span around any of some times."""
        found: dict[str, Visit] = {}
        for at in times:
            for visit in self.touching(at - before_s, at + after_s):
                found[visit.visit_id] = visit
        yield from found.values()
