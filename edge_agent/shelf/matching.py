"""Which paid unit belongs to which unit that left: one assignment over the whole shelf.

The price of a pair grows with the time between taking and paying, and with how badly the rest of
the payment fits the rest of the visit, so that one payment's goods come from one visit.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.shelf.assignment import assign
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.state import Rules, Visit
from edge_agent.shelf.units import Unit

# In units of log likelihood: leaving a unit unpaid and a payment unused each cost this, far more
# than any pair that the rules allow, so that doubt favours the customer.
UNMATCHED = 12.0
# Most pay when they have the goods in hand: paying first is rarer, the longer before the more so.
AHEAD, AHEAD_FULL = 2.0, 3.5
# Few remember later what they forgot to pay.
LATE = 3.0
MISFIT = 2.0
TIME_SCALE_S = 10.0
TIME_WEIGHT = 0.4
# A refunded unit covers goods only if no better one does.
REFUNDED = 1.0

UnitKey = tuple[str, int]
PaidKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs by unit; what is missing in them is unpaid, or paid and not taken."""

    pairs: dict[UnitKey, PaidUnit]

    def used(self) -> set[PaidKey]:
        """The paid units that found their goods."""
        return {(paid.payment_id, paid.number) for paid in self.pairs.values()}


def match(
    gone: Sequence[Unit], paid: Sequence[PaidUnit], visits: Mapping[str, Visit], rules: Rules
) -> Matching:
    """Match units that left with paid units of the same SKU."""
    fit = _fits(gone, paid)
    by_sku: dict[str, list[PaidUnit]] = defaultdict(list)
    for unit in paid:
        by_sku[unit.sku].append(unit)
    pairs: dict[UnitKey, PaidUnit] = {}
    # Only equal SKUs can be paired, so each SKU is an assignment of its own.
    gone_by_sku: dict[str, list[Unit]] = defaultdict(list)
    for taken in gone:
        if taken.sku is not None and taken.sku in by_sku:
            gone_by_sku[taken.sku].append(taken)
    for sku, rows in gone_by_sku.items():
        for row, column in _assign_one_sku(rows, by_sku[sku], visits, fit, rules):
            pairs[row.key] = column
    return Matching(pairs)


def _assign_one_sku(
    rows: Sequence[Unit],
    columns: Sequence[PaidUnit],
    visits: Mapping[str, Visit],
    fit: Mapping[tuple[str, str], float],
    rules: Rules,
) -> list[tuple[Unit, PaidUnit]]:
    costs = np.full((len(rows), len(columns)), math.inf)
    for i, unit in enumerate(rows):
        visit = visits[unit.visit_id]
        for j, paid in enumerate(columns):
            if not is_in_time(visit, paid, rules):
                continue
            misfit = 1.0 - fit.get((paid.payment_id, unit.visit_id), 0.0)
            costs[i, j] = (
                _time_cost(unit, visit, paid, rules)
                + MISFIT * misfit
                + (REFUNDED if paid.refunded_at is not None else 0.0)
                - UNMATCHED
            )
    chosen = assign(costs, UNMATCHED)
    return [(rows[i], columns[j]) for i, j in enumerate(chosen) if j is not None]


def is_in_time(visit: Visit, paid: PaidUnit, rules: Rules) -> bool:
    """Whether a payment may be for this visit: not too far ahead of it, not too late."""
    return visit.started_at - rules.pay_ahead_s <= paid.paid_at <= visit.ended_at + rules.late_s


def is_at_hand(visit: Visit, paid: PaidUnit, rules: Rules) -> bool:
    """Whether a payment was begun about when the visit was: not one that somebody made up later."""
    return (
        visit.started_at - rules.pay_ahead_s <= paid.reference_at <= visit.ended_at + rules.grace_s
    )


def _time_cost(unit: Unit, visit: Visit, paid: PaidUnit, rules: Rules) -> float:
    """Price of the time between goods and payment; 0 where they coincide."""
    if paid.reference_at < unit.taken_from:
        ahead_s = unit.taken_from - paid.reference_at
        share = min(1.0, ahead_s / max(rules.pay_ahead_s, 1.0))
        return AHEAD + (AHEAD_FULL - AHEAD) * share
    after_s = max(0.0, paid.reference_at - unit.taken_at)
    late = LATE if paid.reference_at > visit.ended_at + rules.grace_s else 0.0
    return late + TIME_WEIGHT * math.log1p(after_s / TIME_SCALE_S)


def _fits(gone: Sequence[Unit], paid: Sequence[PaidUnit]) -> dict[tuple[str, str], float]:
    """How well each payment's goods equal each visit's, 0 to 1 (Jaccard index of multisets)."""
    by_visit: dict[str, Counter[str]] = defaultdict(Counter)
    for unit in gone:
        if unit.sku is not None:
            by_visit[unit.visit_id][unit.sku] += 1
    by_payment: dict[str, Counter[str]] = defaultdict(Counter)
    for paid_unit in paid:
        by_payment[paid_unit.payment_id][paid_unit.sku] += 1
    holders: dict[str, set[str]] = defaultdict(set)
    for visit_id, goods in by_visit.items():
        for sku in goods:
            holders[sku].add(visit_id)
    fit: dict[tuple[str, str], float] = {}
    for payment_id, goods in by_payment.items():
        for visit_id in set().union(*(holders[sku] for sku in goods)):
            common = (goods & by_visit[visit_id]).total()
            fit[payment_id, visit_id] = common / (goods | by_visit[visit_id]).total()
    return fit
