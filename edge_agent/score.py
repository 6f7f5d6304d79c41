"""The figures of `edge-agent score`, of one recording or of several added up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from edge_agent.scoring_identities import Identities
from edge_agent.scoring_losses import LossFigures
from edge_agent.tallies import Share, Tally, quantile, rounded

__all__ = ["Score", "Share", "Tally", "quantile", "total"]

FIRST_SPLIT_GAP = "0.6"


@dataclass(frozen=True, slots=True)
class Score:
    """What was found, of how many, how exactly and how soon.

    `changes` counts those told with the very items, `weights` those whose weight is right (within
    3 g or 3 %) whatever items were told, `steps` those told at all; `abstained` are reported
    changes that name no items. `actions` are changes in quick succession on one plate whose sum is
    right; `doubles`, by the gap between two picks, those of which both were found by weight.
    `weight_errors_g` are |reported - true| of the changes found by weight; `weights_expected` of
    the true ones had no grams of their own and were held against their products' weights.
    `delays_s` run from a true change until it was first published, of the changes found;
    `early_delays_s` of those found by weight, `gone_delays_s` of these only the last of each
    action, after which the hand has gone. `cpu_s` is processor time that the replays took,
    `plate_s` the recordings' seconds times their plates. What was missed, false or wrong is told in
    words, for whoever tunes the agent.
    """

    changes: Tally = field(default_factory=Tally)
    weights: Tally = field(default_factory=Tally)
    steps: Tally = field(default_factory=Tally)
    losses: Tally = field(default_factory=Tally)
    losses_by_kind: Mapping[str, Tally] = field(default_factory=dict)
    loss_figures: LossFigures = field(default_factory=LossFigures)
    abstained: int = 0
    actions: Share = field(default_factory=Share)
    doubles: Mapping[str, Share] = field(default_factory=dict)
    identities: Identities = field(default_factory=Identities)
    cases_against_paid_visits: int = 0
    recordings: int = 0
    duration_s: float = 0.0
    weight_errors_g: tuple[float, ...] = ()
    weights_expected: int = 0
    delays_s: tuple[float, ...] = ()
    early_delays_s: tuple[float, ...] = ()
    gone_delays_s: tuple[float, ...] = ()
    cpu_s: float = 0.0
    plate_s: float = 0.0
    missed_changes: tuple[str, ...] = ()
    false_changes: tuple[str, ...] = ()
    missed_weights: tuple[str, ...] = ()
    false_weights: tuple[str, ...] = ()
    wrong_actions: tuple[str, ...] = ()
    merged_doubles: tuple[str, ...] = ()
    missed_losses: tuple[str, ...] = ()
    false_losses: tuple[str, ...] = ()

    def __add__(self, other: Score) -> Score:
        apart = ("losses_by_kind", "doubles")
        sums = {
            f.name: getattr(self, f.name) + getattr(other, f.name)
            for f in fields(self)
            if f.name not in apart
        }
        by_kind = {
            kind: self.losses_by_kind.get(kind, Tally()) + other.losses_by_kind.get(kind, Tally())
            for kind in sorted({*self.losses_by_kind, *other.losses_by_kind})
        }
        doubles = {
            gap: self.doubles.get(gap, Share()) + other.doubles.get(gap, Share())
            for gap in sorted({*self.doubles, *other.doubles})
        }
        return Score(losses_by_kind=by_kind, doubles=doubles, **sums)

    def per_hour(self, count: int) -> float | None:
        """So many by hours of recording; None for a recording of no length."""
        return count / (self.duration_s / 3600) if self.duration_s > 0 else None

    @property
    def false_changes_per_hour(self) -> float | None:
        """Changes told that were none, by hours of recording; None for a recording of no length."""
        return self.per_hour(self.changes.false)

    @property
    def core_percent(self) -> float | None:
        """The share of a core that replaying takes at the recordings' own pace, in percent."""
        return 100 * self.cpu_s / self.duration_s if self.duration_s > 0 else None

    @property
    def plates(self) -> float | None:
        """How many plates the recordings have, on average over their time."""
        return self.plate_s / self.duration_s if self.duration_s > 0 else None

    @property
    def split_doubles(self) -> Share:
        """The double picks of any gap that were told as two."""
        return sum(self.doubles.values(), Share())

    @property
    def clear_doubles(self) -> Share:
        """Those of which the picks were 0.6 s apart or more."""
        return sum((s for gap, s in self.doubles.items() if gap >= FIRST_SPLIT_GAP), Share())

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON values: grams to 0.001, seconds to 0.001, shares to 0.0001."""
        return {
            "recordings": self.recordings,
            "hours": round(self.duration_s / 3600, 4),
            "changes": {**self._told(self.changes), "abstained": self.abstained},
            "weights": self._told(self.weights),
            "steps": self._told(self.steps),
            "losses": {
                **self.losses.as_dict(),
                "by_kind": {kind: t.as_dict() for kind, t in self.losses_by_kind.items()},
            },
            "losses_interval": self.losses.intervals(),
            "loss_figures": self.loss_figures.as_dict(),
            "cases_against_paid_visits": self.cases_against_paid_visits,
            "actions": self.actions.as_dict(),
            "doubles_split": {
                **{gap: split.as_dict() for gap, split in self.doubles.items()},
                "all": self.split_doubles.as_dict(),
                "from_0.6": self.clear_doubles.as_dict(),
            },
            "weight_error_g": {
                "median": rounded(quantile(self.weight_errors_g, 0.5), 3),
                "p95": rounded(quantile(self.weight_errors_g, 0.95), 3),
            },
            "weights_expected": self.weights_expected,
            "delay_s": _delay(self.delays_s),
            "early_delay_s": _delay(self.early_delays_s),
            "hand_gone_delay_s": _delay(self.gone_delays_s),
            "identities": self.identities.as_dict(),
            "calibration": self.identities.calibration(),
            "replay": {
                "cpu_s": round(self.cpu_s, 3),
                "core_percent": rounded(self.core_percent, 3),
                "plates": rounded(self.plates, 1),
            },
            **self._words(),
        }

    def _words(self) -> dict[str, list[str]]:
        return {
            "missed_changes": list(self.missed_changes),
            "false_changes": list(self.false_changes),
            "missed_weights": list(self.missed_weights),
            "false_weights": list(self.false_weights),
            "wrong_actions": list(self.wrong_actions),
            "merged_doubles": list(self.merged_doubles),
            "wrong_identities": list(self.identities.wrong),
            "missed_losses": list(self.missed_losses),
            "false_losses": list(self.false_losses),
            "wrong_losses": list(self.loss_figures.words),
        }

    def _told(self, tally: Tally) -> dict[str, Any]:
        return {**tally.as_dict(), "false_per_hour": rounded(self.per_hour(tally.false))}


def total(scores: Iterable[Score]) -> Score:
    """Add up the scores of several recordings."""
    return sum(scores, Score())


def _delay(delays_s: Sequence[float]) -> dict[str, float | None]:
    return {
        "p50": rounded(quantile(delays_s, 0.5), 3),
        "p99": rounded(quantile(delays_s, 0.99), 3),
    }
