"""What a detector found, by the measures of `edge-agent score`, of one signal or of several."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_agent.reported import ReportedChange
from edge_agent.scoring_actions import actions, last_of_each, right_actions, split_doubles
from edge_agent.scoring_pairs import SETTLES_WITHIN_S, pair_changes, same_weight
from edge_agent.tallies import Share, Tally, quantile, rounded
from edge_agent.truth import TrueChange

CLEAR_GAP = "0.6"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found (weight within 3 g or 3 %, settled within 2 s) and how well.

    `delays_s` run from the last change of an action, when the hand has gone, until it was told.
    `cpu_s` of processor time went into `samples` (times plates), over `hours` of recording.
    """

    found: Tally = field(default_factory=Tally)
    actions: Share = field(default_factory=Share)
    doubles: Share = field(default_factory=Share)
    errors_g: tuple[float, ...] = ()
    delays_s: tuple[float, ...] = ()
    hours: float = 0.0
    cpu_s: float = 0.0
    samples: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.found + other.found,
            self.actions + other.actions,
            self.doubles + other.doubles,
            self.errors_g + other.errors_g,
            self.delays_s + other.delays_s,
            self.hours + other.hours,
            self.cpu_s + other.cpu_s,
            self.samples + other.samples,
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON values."""
        return {
            **self.found.as_dict(),
            "whole_action_right": self.actions.as_dict(),
            "doubles_from_0.6_s_split": self.doubles.as_dict(),
            "error_median_g": rounded(quantile(self.errors_g, 0.5), 3),
            "error_p95_g": rounded(quantile(self.errors_g, 0.95), 3),
            "delay_p50_s": rounded(quantile(self.delays_s, 0.5), 3),
            "delay_p99_s": rounded(quantile(self.delays_s, 0.99), 3),
            "false_per_hour": rounded(self.found.false / self.hours if self.hours else None, 3),
            "hours": round(self.hours, 3),
            "cpu_s_per_million_samples": rounded(self.cpu_per_million_s, 3),
        }

    @property
    def cpu_per_million_s(self) -> float | None:
        """Seconds of processor time for a million samples."""
        return 1e6 * self.cpu_s / self.samples if self.samples else None


def judge(
    true: Sequence[TrueChange],
    told: Sequence[ReportedChange],
    *,
    duration_s: float,
    cpu_s: float,
    samples: int,
) -> Outcome:
    """Compare what was told of one signal with its truth."""
    ordered = sorted(true, key=lambda t: t.at)
    pairs = pair_changes(ordered, told, _hits)
    done = actions(ordered, told)
    right, _ = right_actions(done)
    last = last_of_each(done)
    split, _ = split_doubles(done, [t for t, _ in pairs])
    return Outcome(
        found=Tally.of(len(pairs), len(ordered), len(told)),
        actions=right,
        doubles=sum((s for gap, s in split.items() if gap >= CLEAR_GAP), Share()),
        errors_g=tuple(abs(c.delta_g - t.grams) for t, c in pairs if t.grams is not None),
        delays_s=tuple(
            c.told_at - t.at for t, c in pairs if id(t) in last and math.isfinite(c.told_at)
        ),
        hours=duration_s / 3600,
        cpu_s=cpu_s,
        samples=samples,
    )


def summed(outcomes: Iterable[Outcome]) -> Outcome:
    """Add up the outcomes of several signals."""
    return sum(outcomes, Outcome())


def _hits(true: TrueChange, told: ReportedChange) -> bool:
    return same_weight(true, told) and abs(told.settled_at - true.at) <= SETTLES_WITHIN_S
