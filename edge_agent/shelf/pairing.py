"""The whole shelf matched: first what was paid about the time of a visit, then what may be late."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from edge_agent.shelf.matching import Matching, is_at_hand, is_exact, is_in_time, match
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.reckoned import Cluster
from edge_agent.shelf.remembering import Remembering
from edge_agent.shelf.state import Rules
from edge_agent.shelf.units import Unit
from edge_agent.shelf.windows import VisitsByTime


def pair_all(
    stays: Sequence[Stay], purses: Sequence[Purse], rules: Rules, memo: Remembering
) -> tuple[Matching, list[Cluster]]:
    """Match visits with payments, both in the order of time; returns the clusters besides.

    Most visits stand alone with their payment: each such cluster is matched by itself, and only
    when something in it is new.
    """

    def is_possible(stay: Stay, purse: Purse) -> bool:
        return not stay.is_restock and is_in_time(stay.visit, purse, rules)

    found = Matching()
    clusters = list(_clusters(stays, purses, rules))
    for some_stays, some_purses in clusters:
        if not some_purses:
            continue
        label = some_stays[0].visit.visit_id
        reckon = partial(_match_likely, some_stays, some_purses, rules, memo, label)
        found.add(memo.of(("cluster", label), (*some_stays, *some_purses), reckon))
    found.add(match(stays, purses, is_possible, rules, memo, "late", beside=found))
    return _without_strangers(found, stays, rules), clusters


def _match_likely(
    stays: Sequence[Stay], purses: Sequence[Purse], rules: Rules, memo: Remembering, label: str
) -> Matching:
    """Match what was paid about the time of a visit, and late carts that equal a visit's goods.

    Such a cart was for all of those goods or for none: one that would pay for some of them, and
    for another visit's besides, is nothing to that visit.
    """
    torn: set[tuple[str, str]] = set()

    def is_likely(stay: Stay, purse: Purse) -> bool:
        if not is_in_time(stay.visit, purse, rules):
            return False
        if is_at_hand(stay.visit, purse, rules):
            return True
        is_whole = (stay.visit.visit_id, purse.payment_id) not in torn
        return is_whole and is_exact(stay.goods, purse.cart)

    while True:
        # What was remembered of pairs that are torn now is not asked for again.
        found = match(stays, purses, is_likely, rules, Remembering() if torn else memo, label)
        before = len(torn)
        torn |= _torn(found, stays, purses, rules)
        if len(torn) == before:
            return found


def _torn(
    found: Matching, stays: Sequence[Stay], purses: Sequence[Purse], rules: Rules
) -> set[tuple[str, str]]:
    """Visits and payments that were paired only because they are equal, and yet not as a whole."""
    pairs = Counter(
        (stay.visit.visit_id, found.pairs[unit.key].payment_id)
        for stay in stays
        for unit in stay.gone
        if unit.key in found.pairs
    )
    return {
        (stay.visit.visit_id, purse.payment_id)
        for stay in stays
        for purse in purses
        if 0 < pairs[stay.visit.visit_id, purse.payment_id] < len(purse.units)
        and not is_at_hand(stay.visit, purse, rules)
    }


def _clusters(stays: Sequence[Stay], purses: Sequence[Purse], rules: Rules) -> Iterator[Cluster]:
    """Yield the groups of visits and payments between which no pairs are likely.

    Those have no goods in common. A visit that no payment was near to is one, too.
    """
    groups = _Groups(len(stays) + len(purses))
    for s in range(len(stays)):
        groups.join(s, s)
    for s, p in _likely_pairs(stays, purses, rules):
        groups.join(s, len(stays) + p)
    for members in groups.joined():
        yield (
            [stays[m] for m in members if m < len(stays)],
            [purses[m - len(stays)] for m in members if m >= len(stays)],
        )


def _likely_pairs(
    stays: Sequence[Stay], purses: Sequence[Purse], rules: Rules
) -> Iterator[tuple[int, int]]:
    place = {stay.visit.visit_id: i for i, stay in enumerate(stays)}
    by_time = VisitsByTime((stay.visit for stay in stays), rules)
    alike: dict[frozenset[tuple[str, int]], list[int]] = defaultdict(list)
    for i, stay in enumerate(stays):
        if stay.goods.total() > 1:
            alike[frozenset(stay.goods.items())].append(i)
    for j, purse in enumerate(purses):
        for visit in by_time.near(purse):
            i = place[visit.visit_id]
            shared = not stays[i].goods.keys().isdisjoint(purse.cart)
            if shared and is_in_time(visit, purse, rules):
                yield i, j
        if len(purse.units) > 1:
            for i in alike.get(frozenset(purse.cart.items()), ()):
                if is_in_time(stays[i].visit, purse, rules):
                    yield i, j


class _Groups:
    """Disjoint sets of numbers below `count`."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))
        self._touched: set[int] = set()

    def join(self, a: int, b: int) -> None:
        self._touched |= {a, b}
        self._leader[self._find(a)] = self._find(b)

    def joined(self) -> list[list[int]]:
        """The sets of those joined, in a stable order."""
        found: dict[int, list[int]] = defaultdict(list)
        for member in sorted(self._touched):
            found[self._find(member)].append(member)
        return list(found.values())

    def _find(self, member: int) -> int:
        while self._leader[member] != member:
            self._leader[member] = self._leader[self._leader[member]]
            member = self._leader[member]
        return member


def _without_strangers(matching: Matching, stays: Iterable[Stay], rules: Rules) -> Matching:
    """Undo late pairs whose payment covers goods of another visit in time, and that one is short.

    Who pays for some of what he takes and for something else has put the cheap for the dear. Where
    nothing is short the payment is a late one as well, or one for two visits.
    """
    homes: dict[str, set[str]] = defaultdict(set)
    late: list[tuple[Unit, PaidUnit]] = []
    short: Counter[str] = Counter()
    for stay in stays:
        visit_id, in_time_until = stay.visit.visit_id, stay.visit.ended_at + rules.grace_s
        for unit in stay.gone:
            paid = matching.pairs.get(unit.key)
            if paid is None:
                short[visit_id] += not stay.is_restock
            elif paid.reference_at > in_time_until:
                late.append((unit, paid))
            else:
                homes[paid.payment_id].add(visit_id)
    for unit, paid in sorted(late, key=lambda pair: pair[0].key):
        for home in sorted(homes[paid.payment_id] - {unit.visit_id}):
            if short[home]:
                short[home] -= 1
                del matching.pairs[unit.key]
                break
    return matching
