"""Which ways to pay and not to pay were judged wrongly, and how: for whoever tunes the matching."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge_agent.reported import OpenLine, Report, open_lines
from edge_agent.scoring_losses import match_losses, place_of
from edge_agent.truth import TrueLoss, TrueVisit, Truth

NOBODY = "nobody there"


@dataclass(frozen=True, slots=True)
class Cause:
    """Visits of one plot that were judged wrongly in one way: `missed` and `false` kinds."""

    plot: str
    missed: tuple[str, ...]
    false: tuple[str, ...]

    @property
    def words(self) -> str:
        """The cause as a line says it."""
        parts = [f"missed {' + '.join(self.missed)}"] if self.missed else []
        parts += [f"false {' + '.join(self.false)}"] if self.false else []
        return f"{self.plot}: {', '.join(parts)}"


@dataclass(slots=True)
class Causes:
    """Wrong visits of several days by their cause: `count`, worth what, and examples.

    `visits` counts all that were played, right or wrong, by plot.
    """

    visits: Counter[str] = field(default_factory=Counter)
    count: Counter[Cause] = field(default_factory=Counter)
    value: Counter[Cause] = field(default_factory=Counter)
    examples: dict[Cause, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, truth: Sequence[Truth], reports: Iterable[Report]) -> None:
        """Take the day `name` in."""
        visits = [t for t in truth if isinstance(t, TrueVisit)]
        losses = [t for t in truth if isinstance(t, TrueLoss)]
        lines = open_lines(reports)
        pairs = match_losses(losses, lines)
        found = set(pairs.values())
        missed: dict[int, list[TrueLoss]] = defaultdict(list)
        false: dict[int, list[OpenLine]] = defaultdict(list)
        for n, loss in enumerate(losses):
            if n not in pairs:
                missed[_of_loss(visits, loss)].append(loss)
        for m, line in enumerate(lines):
            if m not in found:
                false[place_of(visits, line.started_at, line.ended_at)].append(line)
        self.visits.update(visit.kind for visit in visits)
        for place in sorted({*missed, *false}):
            plot = visits[place].kind if place >= 0 else NOBODY
            cause = Cause(
                plot,
                tuple(sorted(x.kind for x in missed[place])),
                tuple(sorted(x.kind for x in false[place])),
            )
            self.count[cause] += 1
            self.value[cause] += sum(x.value or 0 for x in missed[place])
            self.value[cause] += sum(x.value for x in false[place])
            self.examples[cause].append(_example(name, missed[place], false[place]))

    def worst(self, most: int) -> list[Cause]:
        """The most frequent causes; of equally frequent ones the dearest first."""
        order = sorted(self.count, key=lambda c: (-self.count[c], -self.value[c], c.words))
        return order[:most]


def _of_loss(visits: Sequence[TrueVisit], loss: TrueLoss) -> int:
    """The place of the visit in which a loss was, or -1."""
    if loss.kind == "refunded":
        before = [
            n for n, v in enumerate(visits) if v.kind.startswith("refunded") and v.at <= loss.at
        ]
        return before[-1] if before else -1
    return place_of(visits, loss.at, loss.at)


def _example(name: str, missed: Sequence[TrueLoss], false: Sequence[OpenLine]) -> str:
    words = [f"{x.at:.1f} missed {x.kind} {x.quantity} × {x.sku}" for x in missed]
    words += [f"false {x.kind} {x.quantity} × {x.sku} ({x.case_id})" for x in false]
    return f"{name}: {'; '.join(words)}"
