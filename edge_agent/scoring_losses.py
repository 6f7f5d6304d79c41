"""Compare the losses that were told with those that were, and who was told of wrongly. Pure.

By kind: a line of the same kind, SKU and quantity (contract, section 4). By product and visit:
units of one SKU in one visit, whatever the kind, for which of two identical units went unpaid is
unknowable. Against the honest: a case that stands against a visit that was paid in full.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from edge_agent.reported import OpenLine, ToldCase
from edge_agent.tallies import Share, Tally, rounded
from edge_agent.truth import TrueLoss, TrueVisit

NEAR_VISIT_S = 900.0
"""How far from a visit a loss may be and still be meant by its case: one may be decided later."""

IN_VISIT_S = 30.0
"""How far outside a visit's reported times its losses may lie: hands are seen late."""

AT_ANY_TIME = frozenset({"refunded", "unobserved", "restock_shortfall"})
"""Kinds that show long after the goods left, or that belong to no visit."""


@dataclass(frozen=True, slots=True)
class LossFigures:
    """What was told of losses, beside their kinds.

    `by_product` counts units; values are in minor units, `value_told` of the lines that stand at
    the end. `honest` counts the visits paid in full that no case stands against, of how many, where
    the truth tells visits; `passing_cases` were open against such a visit and closed again. `words`
    tell the wrong ones, for whoever tunes the agent.
    """

    by_product: Tally = field(default_factory=Tally)
    value_true: int = 0
    value_told: int = 0
    honest: Share = field(default_factory=Share)
    passing_cases: int = 0
    words: tuple[str, ...] = ()

    def __add__(self, other: LossFigures) -> LossFigures:
        return LossFigures(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )

    @property
    def accused(self) -> int:
        """How many visits paid in full a case stands against."""
        return self.honest.of - self.honest.right

    @property
    def value_error(self) -> float | None:
        """By what part of the true value the told one is too high; None where nothing was lost."""
        return self.value_told / self.value_true - 1.0 if self.value_true else None

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON values."""
        return {
            "by_product": {**self.by_product.as_dict(), **self.by_product.intervals()},
            "value": {
                "true": self.value_true,
                "told": self.value_told,
                "error": rounded(self.value_error),
            },
            "honest_visits": {
                "visits": self.honest.of,
                "with_a_case": self.accused,
                "clear": self.honest.as_dict()["share"],
                "clear_interval": self.honest.interval(),
                "cases_closed_again": self.passing_cases,
            },
        }


def loss_figures(
    true: Sequence[TrueLoss],
    visits: Sequence[TrueVisit],
    lines: Sequence[OpenLine],
    cases: Sequence[ToldCase],
) -> LossFigures:
    """Figures of one recording; `lines` are those that stand at the end, `cases` all ever told."""
    accused, passing = _against_honest(visits, cases)
    honest = sum(visit.honest for visit in visits)
    by_product, words = _by_product(true, lines)
    words += [f"{v.at:.3f} honest visit ({v.kind}), {case.case_id}" for v, case in accused]
    return LossFigures(
        by_product=by_product,
        value_true=sum(t.value or 0 for t in true),
        value_told=sum(line.value for line in lines),
        honest=Share(honest - len({id(v) for v, _ in accused}), honest),
        passing_cases=passing,
        words=tuple(words),
    )


def match_losses(true: Sequence[TrueLoss], lines: Sequence[OpenLine]) -> dict[int, int]:
    """Pair losses with case lines of the same kind, SKU and quantity, the nearest visits first."""
    candidates = []
    for n, t in enumerate(true):
        for m, line in enumerate(lines):
            same = (t.kind, t.sku, t.quantity) == (line.kind, line.sku, line.quantity)
            far = line.distance_s(t.at)
            if same and (far <= NEAR_VISIT_S or t.kind in AT_ANY_TIME):
                candidates.append((far, abs(line.ended_at - t.at), n, m))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, n, m in sorted(candidates):
        if n not in pairs and m not in taken:
            pairs[n] = m
            taken.add(m)
    return pairs


def _by_product(true: Sequence[TrueLoss], lines: Sequence[OpenLine]) -> tuple[Tally, list[str]]:
    """Pair units of the same SKU in the same visit, whatever their kind."""
    candidates = []
    for n, t in enumerate(true):
        for m, line in enumerate(lines):
            far = line.distance_s(t.at)
            anywhen = t.kind in AT_ANY_TIME and line.kind == t.kind
            if t.sku == line.sku and (far <= IN_VISIT_S or anywhen):
                candidates.append((t.kind != line.kind, far, n, m))
    owed = [t.quantity for t in true]
    spare = [line.quantity for line in lines]
    found = 0
    for _, _, n, m in sorted(candidates):
        units = min(owed[n], spare[m])
        owed[n] -= units
        spare[m] -= units
        found += units
    words = [
        f"{t.at:.3f} missed {units} × {t.sku} ({t.kind})"
        for t, units in zip(true, owed, strict=True)
        if units
    ]
    words += [
        f"{line.ended_at:.3f} false {units} × {line.sku} ({line.kind}, {line.case_id})"
        for line, units in zip(lines, spare, strict=True)
        if units
    ]
    return Tally(found, sum(owed), sum(spare)), words


def _against_honest(
    visits: Sequence[TrueVisit], cases: Sequence[ToldCase]
) -> tuple[list[tuple[TrueVisit, ToldCase]], int]:
    """The cases that stand against visits paid in full, and how many did for a while."""
    standing: list[tuple[TrueVisit, ToldCase]] = []
    passing = 0
    for case in cases:
        if case.visit_id is None:
            continue
        place = place_of(visits, case.started_at, case.ended_at)
        if place < 0 or not visits[place].honest:
            continue
        if case.stands:
            standing.append((visits[place], case))
        elif case.was_open:
            passing += 1
    return standing, passing


def place_of(visits: Sequence[TrueVisit], started_at: float, ended_at: float) -> int:
    """Where among the true visits the one is that these times are about; -1 for none."""
    far_s = [visit.distance_s(started_at, ended_at) for visit in visits]
    nearest_s = min(far_s, default=math.inf)
    return far_s.index(nearest_s) if nearest_s <= IN_VISIT_S else -1


def against_paid(
    true: Sequence[TrueLoss], lines: Sequence[OpenLine], pairs: Mapping[int, int]
) -> set[str]:
    """Name the cases against visits in which nothing was lost at all, by the losses alone."""
    matched = set(pairs.values())
    true_cases = {lines[m].case_id for m in matched}
    return {
        line.case_id
        for m, line in enumerate(lines)
        if m not in matched
        and line.visit_id is not None
        and line.case_id not in true_cases
        and not any(line.distance_s(t.at) <= IN_VISIT_S for t in true)
    }
