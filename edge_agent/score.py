"""The figures of `edge-agent score`, of one recording or of several added up. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were found, missed, and told although they were not so."""

    found: int = 0
    missed: int = 0
    false: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.found + other.found, self.missed + other.missed, self.false + other.false)

    @property
    def precision(self) -> float | None:
        """The share of what was told that is true; None where nothing was told."""
        told = self.found + self.false
        return self.found / told if told else None

    @property
    def recall(self) -> float | None:
        """The share of what is true that was told; None where there was nothing to tell."""
        true = self.found + self.missed
        return self.found / true if true else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where nothing was true or told."""
        both = 2 * self.found + self.missed + self.false
        return 2 * self.found / both if both else None

    def as_dict(self) -> dict[str, Any]:
        """Give counts and shares as JSON values, shares to four decimals."""
        return {
            "found": self.found,
            "missed": self.missed,
            "false": self.false,
            "precision": _rounded(self.precision),
            "recall": _rounded(self.recall),
            "f1": _rounded(self.f1),
        }


@dataclass(frozen=True, slots=True)
class Score:
    """What was found, of how many, how exactly and how soon.

    `steps` counts changes whatever items were told; `abstained` are reported changes that name no
    items; `weight_errors_g` are |reported - true| of the steps found, where truth knows the grams;
    `delays_s` run from the true time of a change found until it was first published. What was
    missed or false is told in words, for whoever tunes the agent.
    """

    changes: Tally = Tally()
    steps: Tally = Tally()
    losses: Tally = Tally()
    losses_by_kind: Mapping[str, Tally] = field(default_factory=dict)
    abstained: int = 0
    cases_against_paid_visits: int = 0
    recordings: int = 0
    duration_s: float = 0.0
    weight_errors_g: tuple[float, ...] = ()
    delays_s: tuple[float, ...] = ()
    missed_changes: tuple[str, ...] = ()
    false_changes: tuple[str, ...] = ()
    missed_losses: tuple[str, ...] = ()
    false_losses: tuple[str, ...] = ()

    def __add__(self, other: Score) -> Score:
        sums = {
            f.name: getattr(self, f.name) + getattr(other, f.name)
            for f in fields(self)
            if f.name != "losses_by_kind"
        }
        kinds = sorted({*self.losses_by_kind, *other.losses_by_kind})
        by_kind = {
            kind: self.losses_by_kind.get(kind, Tally()) + other.losses_by_kind.get(kind, Tally())
            for kind in kinds
        }
        return Score(losses_by_kind=by_kind, **sums)

    @property
    def false_changes_per_hour(self) -> float | None:
        """Changes told that were none, by hours of recording; None for a recording of no length."""
        return self.changes.false / (self.duration_s / 3600) if self.duration_s > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON values: grams to 0.001, seconds to 0.001, shares to 0.0001."""
        return {
            "recordings": self.recordings,
            "hours": round(self.duration_s / 3600, 4),
            "changes": {
                **self.changes.as_dict(),
                "abstained": self.abstained,
                "false_per_hour": _rounded(self.false_changes_per_hour),
            },
            "steps": self.steps.as_dict(),
            "losses": {
                **self.losses.as_dict(),
                "by_kind": {kind: t.as_dict() for kind, t in self.losses_by_kind.items()},
            },
            "cases_against_paid_visits": self.cases_against_paid_visits,
            "weight_error_g": {
                "median": _rounded(quantile(self.weight_errors_g, 0.5), 3),
                "p95": _rounded(quantile(self.weight_errors_g, 0.95), 3),
            },
            "delay_s": {
                "p50": _rounded(quantile(self.delays_s, 0.5), 3),
                "p99": _rounded(quantile(self.delays_s, 0.99), 3),
            },
            "missed_changes": list(self.missed_changes),
            "false_changes": list(self.false_changes),
            "missed_losses": list(self.missed_losses),
            "false_losses": list(self.false_losses),
        }


def total(scores: Iterable[Score]) -> Score:
    """Add up the scores of several recordings."""
    return sum(scores, Score())


def quantile(values: Sequence[float], share: float) -> float | None:
    """Give the smallest value that at least `share` of all do not exceed; None for no values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
