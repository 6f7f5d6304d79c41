"""Which paid unit belongs to which unit that left: one assignment over the whole shelf.

The price of a pair grows with the time between taking and paying, and with how badly the rest of
the payment fits the rest of the visit, so that one payment's goods come from one visit.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
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
# Two and more units that equal a visit's to the last one are seldom a coincidence.
EXACT = 4.0
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
    """Match units that left with paid units of the same SKU.

    First what was paid about the time of the visit, then, among what is left, what may have been
    paid late. Only equal SKUs can be paired, and only what is near in time, so the one assignment
    falls apart into many small ones.
    """
    fit = _Fit(gone, paid)
    prices = _Prices(visits, fit, rules)
    pairs: dict[UnitKey, PaidUnit] = {}
    for is_candidate in (prices.is_likely, prices.is_possible):
        used = {(p.payment_id, p.number) for p in pairs.values()}
        rows = [u for u in gone if u.sku is not None and u.key not in pairs]
        columns = [p for p in paid if (p.payment_id, p.number) not in used]
        for some_rows, some_columns in _clusters(rows, columns, is_candidate):
            for row, column in _assign(some_rows, some_columns, prices):
                pairs[row.key] = column
    return Matching(pairs)


def _clusters(
    rows: Sequence[Unit],
    columns: Sequence[PaidUnit],
    is_candidate: Callable[[Unit, PaidUnit], bool],
) -> Iterator[tuple[list[Unit], list[PaidUnit]]]:
    """Yield the groups of units within which, and between which no, pairs are possible."""
    by_sku: dict[str | None, list[int]] = defaultdict(list)
    for j, column in enumerate(columns):
        by_sku[column.sku].append(j)
    groups = _Groups(len(rows) + len(columns))
    for i, row in enumerate(rows):
        for j in by_sku.get(row.sku, ()):
            if is_candidate(row, columns[j]):
                groups.join(i, len(rows) + j)
    for members in groups.joined():
        yield (
            [rows[m] for m in members if m < len(rows)],
            [columns[m - len(rows)] for m in members if m >= len(rows)],
        )


class _Groups:
    """Disjoint sets of numbers below `count`."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))
        self._touched: set[int] = set()

    def join(self, a: int, b: int) -> None:
        self._touched |= {a, b}
        self._leader[self._find(a)] = self._find(b)

    def joined(self) -> list[list[int]]:
        """The sets of two and more, in a stable order."""
        found: dict[int, list[int]] = defaultdict(list)
        for member in sorted(self._touched):
            found[self._find(member)].append(member)
        return list(found.values())

    def _find(self, member: int) -> int:
        while self._leader[member] != member:
            self._leader[member] = self._leader[self._leader[member]]
            member = self._leader[member]
        return member


def _assign(
    rows: Sequence[Unit], columns: Sequence[PaidUnit], prices: _Prices
) -> list[tuple[Unit, PaidUnit]]:
    if len(rows) == len(columns) == 1:
        return [(rows[0], columns[0])]
    costs = np.array([[prices.of(row, column) for column in columns] for row in rows])
    chosen = assign(costs, UNMATCHED)
    return [(rows[i], columns[j]) for i, j in enumerate(chosen) if j is not None]


class _Prices:
    """The price of each pair; infinite where the rules do not allow it."""

    def __init__(self, visits: Mapping[str, Visit], fit: _Fit, rules: Rules) -> None:
        self._visits = visits
        self._fit = fit
        self._rules = rules

    def is_likely(self, unit: Unit, paid: PaidUnit) -> bool:
        """Whether the payment was made about the time of the visit, or for exactly its goods."""
        visit = self._visits[unit.visit_id]
        if not is_in_time(visit, paid, self._rules):
            return False
        return is_at_hand(visit, paid, self._rules) or self._is_exact(unit, paid)

    def is_possible(self, unit: Unit, paid: PaidUnit) -> bool:
        """Whether the rules allow the pair at all."""
        return is_in_time(self._visits[unit.visit_id], paid, self._rules)

    def _is_exact(self, unit: Unit, paid: PaidUnit) -> bool:
        return self._fit.is_exact(paid.payment_id, unit.visit_id)

    def of(self, unit: Unit, paid: PaidUnit) -> float:
        """The pair's cost, lowered by what leaving both alone would cost."""
        visit = self._visits[unit.visit_id]
        if not is_in_time(visit, paid, self._rules):
            return math.inf
        misfit = 1.0 - self._fit.of(paid.payment_id, unit.visit_id)
        extra = REFUNDED if paid.refunded_at is not None else 0.0
        if self._is_exact(unit, paid):
            extra -= EXACT
        return _time_cost(unit, visit, paid, self._rules) + MISFIT * misfit + extra - UNMATCHED


def is_in_time(visit: Visit, paid: PaidUnit, rules: Rules) -> bool:
    """Whether a payment may be for this visit: not too far ahead of it, not too late."""
    return visit.started_at - rules.pay_ahead_s <= paid.paid_at <= visit.ended_at + rules.late_s


def is_at_hand(visit: Visit, paid: PaidUnit, rules: Rules) -> bool:
    """Whether a payment was under way about when the visit was: not one made up later."""
    return (
        paid.paid_at >= visit.started_at - rules.pay_ahead_s
        and paid.reference_at <= visit.ended_at + rules.grace_s
    )


def _time_cost(unit: Unit, visit: Visit, paid: PaidUnit, rules: Rules) -> float:
    """Price of the time between goods and payment; 0 where they coincide."""
    if paid.paid_at < unit.taken_from:
        ahead_s = unit.taken_from - paid.paid_at
        share = min(1.0, ahead_s / max(rules.pay_ahead_s, 1.0))
        return AHEAD + (AHEAD_FULL - AHEAD) * share
    after_s = max(0.0, paid.reference_at - unit.taken_at)
    late = LATE if paid.reference_at > visit.ended_at + rules.grace_s else 0.0
    return late + TIME_WEIGHT * math.log1p(after_s / TIME_SCALE_S)


class _Fit:
    """How well each payment's goods equal each visit's, 0 to 1 (Jaccard index of multisets)."""

    def __init__(self, gone: Sequence[Unit], paid: Sequence[PaidUnit]) -> None:
        self._goods: dict[str, Counter[str]] = defaultdict(Counter)
        for unit in gone:
            if unit.sku is not None:
                self._goods[unit.visit_id][unit.sku] += 1
        self._cart: dict[str, Counter[str]] = defaultdict(Counter)
        for paid_unit in paid:
            self._cart[paid_unit.payment_id][paid_unit.sku] += 1
        self._known: dict[tuple[str, str], float] = {}

    def of(self, payment_id: str, visit_id: str) -> float:
        """The share that a payment and a visit have in common."""
        key = (payment_id, visit_id)
        if key not in self._known:
            cart, goods = self._cart[payment_id], self._goods[visit_id]
            common = sum(min(count, goods.get(sku, 0)) for sku, count in cart.items())
            self._known[key] = common / (cart.total() + goods.total() - common)
        return self._known[key]

    def is_exact(self, payment_id: str, visit_id: str) -> bool:
        """Whether a payment of several units equals the visit's goods to the last one."""
        return self._cart[payment_id].total() > 1 and self.of(payment_id, visit_id) == 1.0
