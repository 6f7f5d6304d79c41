"""This agent's own weighing, fed as a live scale feeds it: a tenth of a second at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge_agent.reported import ReportedChange
from edge_agent.weighing.weigher import Weigher
from scripts.bench.signals import Signal

FEED_S = 0.1


@dataclass(frozen=True, slots=True)
class AgentWeigher:
    """The same for every scene: it has no constants to tune."""

    def detect(self, signal: Signal) -> list[ReportedChange]:
        """Tell what stands in the end, each change as of when it was first told."""
        weigher = Weigher(signal.plates)
        block = max(1, round(FEED_S * signal.rate_hz))
        standing: dict[str, ReportedChange] = {}
        times = signal.times
        for start in [*range(0, len(times), block), len(times)]:
            part = slice(start, start + block)
            told = (
                weigher.feed(times[part], signal.grams[part])
                if start < len(times)
                else weigher.finish()
            )
            now = float(times[min(start + block, len(times)) - 1])
            for change in told:
                known = standing.pop(change.change_id, None)
                if change.withdrawn:
                    continue
                fresh = ReportedChange(
                    change.change_id, change.plate, change.settled_at, change.delta_g, (), now
                )
                standing[change.change_id] = (
                    replace(fresh, told_at=known.told_at) if known else fresh
                )
        return list(standing.values())
