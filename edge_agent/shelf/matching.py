"""Which paid unit belongs to which unit that left: assignments of the smallest price.

The price of a pair grows with the time between taking and paying, and with how badly the rest of
the payment fits the rest of the visit, so that one payment's goods come from one visit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from edge_agent.shelf.assignment import assign
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.remembering import Remembering
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
# Two and more units that equal a visit's to the last one are seldom a coincidence; that a visit has
# all of them, and others, is less often one than that it has some.
EXACT, CONTAINED = 4.0, 2.5
TIME_SCALE_S = 10.0
TIME_WEIGHT = 0.4
# A refunded unit covers goods only if no better one does.
REFUNDED = 1.0
# What left in a restock was mostly not bought.
RESTOCKER = 4.0

UnitKey = tuple[str, int]
PaidKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Rivals:
    """Units of other visits against which one was left unpaid, by what they were paid with.

    `odds` that one of those is the unpaid one.
    """

    odds: float
    payments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs by unit; what is missing in them is unpaid, or paid and not taken.

    `rivals` holds those of units left unpaid.
    """

    pairs: dict[UnitKey, PaidUnit] = field(default_factory=dict)
    rivals: dict[UnitKey, Rivals] = field(default_factory=dict)

    def used(self) -> set[PaidKey]:
        """The paid units that found their goods."""
        return {paid.key for paid in self.pairs.values()}

    def add(self, other: Matching) -> None:
        """Take another one's pairs in."""
        self.pairs.update(other.pairs)
        self.rivals.update(other.rivals)


Row = tuple[Stay, Unit]
Column = tuple[Purse, PaidUnit]


def match(
    stays: Sequence[Stay],
    purses: Sequence[Purse],
    may_pair: Callable[[Stay, Purse], bool],
    rules: Rules,
    memo: Remembering,
    label: str,
    beside: Matching | None = None,
) -> Matching:
    """Match the goods of some visits with the units of some payments, SKU by SKU.

    Only goods of a visit and a payment that `may_pair` are considered, and what is not in the pairs
    of `beside` already; what was refunded because it came back pays for nothing beside. `label`
    names the group to the memo.
    """
    paired = beside.pairs if beside is not None else {}
    used = beside.used() if beside is not None else set()
    rows: dict[str, list[Row]] = defaultdict(list)
    for stay in stays:
        for unit in stay.gone:
            if unit.sku is not None and unit.key not in paired:
                rows[unit.sku].append((stay, unit))
    columns: dict[str, list[Column]] = defaultdict(list)
    for purse in purses:
        for paid in purse.units:
            spent = beside is not None and paid.refunded_at is not None
            if paid.sku in rows and paid.key not in used and not spent:
                columns[paid.sku].append((purse, paid))
    prices = _Prices(may_pair, rules)
    found = Matching()
    for sku, some in sorted(columns.items()):
        members = (*(x for row in rows[sku] for x in row), *(x for column in some for x in column))
        found.add(
            memo.of(("sku", label, sku), members, partial(_match_sku, rows[sku], some, prices))
        )
    return found


def _match_sku(rows: Sequence[Row], columns: Sequence[Column], prices: _Prices) -> Matching:
    costs = [[prices.of(*row, *column) for column in columns] for row in rows]
    gains = [[cost - UNMATCHED for cost in row] for row in costs]
    chosen = assign(gains, UNMATCHED)
    found = Matching()
    for (_, unit), column in zip(rows, chosen, strict=True):
        if column is not None:
            found.pairs[unit.key] = columns[column][1]
    _note_rivals(rows, columns, costs, chosen, found)
    return found


def _note_rivals(
    rows: Sequence[Row],
    columns: Sequence[Column],
    costs: Sequence[Sequence[float]],
    chosen: Sequence[int | None],
    found: Matching,
) -> None:
    """Note how likely it is that the payment of another visit's unit was for one left unpaid.

    If both exchange, the prices differ by so much; odds are their exponential.
    """
    for i, (stay, unit) in enumerate(rows):
        if chosen[i] is not None or stay.is_restock:
            continue
        odds: dict[str, float] = {}
        payments: set[str] = set()
        for k, (other, _) in enumerate(rows):
            column = chosen[k]
            if column is None or other.visit is stay.visit or costs[i][column] == math.inf:
                continue
            payments.add(columns[column][0].payment_id)
            dearer = costs[i][column] - costs[k][column]
            odds[other.visit.visit_id] = max(
                odds.get(other.visit.visit_id, 0.0), math.exp(-max(0.0, dearer))
            )
        if odds:
            found.rivals[unit.key] = Rivals(sum(odds.values()), frozenset(payments))


class _Prices:
    """The price of each pair; infinite where the two may not be paired."""

    def __init__(self, may_pair: Callable[[Stay, Purse], bool], rules: Rules) -> None:
        self._rules = rules
        self._fits: dict[tuple[str, str], float | None] = {}
        self._may_pair = may_pair

    def of(self, stay: Stay, unit: Unit, purse: Purse, paid: PaidUnit) -> float:
        """The pair's price, in units of log likelihood."""
        key = (stay.visit.visit_id, purse.payment_id)
        if key not in self._fits:
            self._fits[key] = price_of_fit(stay, purse) if self._may_pair(stay, purse) else None
        fit = self._fits[key]
        if fit is None:
            return math.inf
        extra = REFUNDED if paid.refunded_at is not None else 0.0
        if stay.is_restock:
            extra += RESTOCKER
        return time_cost(unit, stay.visit, paid, self._rules) + fit + extra


def price_of_fit(stay: Stay, purse: Purse) -> float:
    """The price of a payment and a visit having only a part in common; below 0 for an exact one."""
    return MISFIT * (1.0 - fit_of(stay.goods, purse.cart)) - surprise(stay.goods, purse.cart)


def surprise(goods: Mapping[str, int], cart: Mapping[str, int]) -> float:
    """How little several units of a cart would be among a visit's by chance: of log likelihood."""
    if is_exact(goods, cart):
        return EXACT
    if sum(cart.values()) < 2:
        return 0.0
    return CONTAINED if all(goods.get(sku, 0) >= n for sku, n in cart.items()) else 0.0


def fit_of(goods: Mapping[str, int], cart: Mapping[str, int]) -> float:
    """How well goods and cart equal each other, 0 to 1: the Jaccard index of multisets."""
    common = sum(min(count, goods.get(sku, 0)) for sku, count in cart.items())
    whole = sum(cart.values()) + sum(goods.values()) - common
    return common / whole if whole else 0.0


def is_exact(goods: Mapping[str, int], cart: Mapping[str, int]) -> bool:
    """Whether several goods equal a cart to the last one."""
    return sum(cart.values()) > 1 and goods == cart


def is_in_time(visit: Visit, paid: PaidUnit | Purse, rules: Rules) -> bool:
    """Whether a payment may be for this visit: not too far ahead of it, not too late."""
    return visit.started_at - rules.pay_ahead_s <= paid.paid_at <= visit.ended_at + rules.late_s


def is_at_hand(visit: Visit, paid: PaidUnit | Purse, rules: Rules) -> bool:
    """Whether a payment was begun, or paid, about when the visit was.

    One that was begun and paid an hour later belongs to either end, hardly to what lies between.
    """
    return any(
        visit.started_at <= at + rules.pay_ahead_s and visit.ended_at >= at - rules.grace_s
        for at in (paid.reference_at, paid.paid_at)
    )


def time_cost(unit: Unit, visit: Visit, paid: PaidUnit, rules: Rules) -> float:
    """Price of the time between goods and payment; 0 where they coincide."""
    if paid.paid_at < unit.taken_from:
        ahead_s = unit.taken_from - paid.paid_at
        share = min(1.0, ahead_s / max(rules.pay_ahead_s, 1.0))
        return AHEAD + (AHEAD_FULL - AHEAD) * share
    after_s = max(0.0, paid.reference_at - unit.taken_at)
    late = LATE if paid.reference_at > visit.ended_at + rules.grace_s else 0.0
    return late + TIME_WEIGHT * math.log1p(after_s / TIME_SCALE_S)
