"""Payments that found no goods, each given to the visit in which it was most likely made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from edge_agent.shelf.matching import is_in_time
from edge_agent.shelf.payments import PaidUnit, Payment
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import Rules
from edge_agent.shelf.units import Unit
from edge_agent.shelf.windows import VisitsByTime

# Who pays has mostly taken already: a visit to come is as far away as one this much longer ago.
AHEAD_IS_FARTHER = 3.0
# So many of the gaps that end a visit, somebody stands at the shelf after his last hand.
STANDS_GAPS = 3.0

Accounts = Mapping[str, Account]


class Homes:
    """Finds homes among all visits, those that are over as well."""

    def __init__(self, accounts: Accounts, rules: Rules) -> None:
        self._accounts = accounts
        self._rules = rules
        self._handled: dict[str, set[str]] = {}
        self._short = VisitsByTime((a.visit for a in accounts.values() if a.unpaid), rules)

    def of_spare(self, spare: Iterable[PaidUnit], live: Accounts) -> list[tuple[PaidUnit, str]]:
        """Each paid unit that found no goods, with the visit that it goes to, if any.

        A payment's other goods are in `live` visits; their home is its own.
        """
        homes: dict[str, list[str]] = defaultdict(list)
        for visit_id, account in live.items():
            for used in account.paid.values():
                homes[used.payment_id].append(visit_id)
        by_time = VisitsByTime((a.visit for a in self._accounts.values()), self._rules)
        given: Counter[str] = Counter()
        found: list[tuple[PaidUnit, str]] = []
        for paid in spare:
            own = homes.get(paid.payment_id)
            home = max(sorted(set(own)), key=own.count) if own else None
            home = home or self._nearest(paid, by_time, given)
            if home is not None:
                given[home] += 1
                found.append((paid, home))
        return found

    def _nearest(self, paid: PaidUnit, by_time: VisitsByTime, given: Counter[str]) -> str | None:
        """The visit nearest to a payment among those it may be for.

        First where such goods were in somebody's hand and put back, then those still short of more
        than was `given` to them.
        """
        best: tuple[bool, bool, float, str] | None = None
        for visit in by_time.near(paid):
            if not is_in_time(visit, paid, self._rules):
                continue
            visit_id = visit.visit_id
            ahead_s = visit.started_at - paid.reference_at
            away_s = max(AHEAD_IS_FARTHER * ahead_s, paid.reference_at - visit.ended_at, 0.0)
            is_full = given[visit_id] >= len(self._accounts[visit_id].unpaid)
            candidate = (paid.sku not in self._in_hand(visit_id), is_full, away_s, visit_id)
            if best is None or candidate < best:
                best = candidate
        return best[3] if best else None

    def _in_hand(self, visit_id: str) -> set[str]:
        """What moved in a visit."""
        if visit_id not in self._handled:
            changes = self._accounts[visit_id].changes
            self._handled[visit_id] = {sku for c in changes for sku, _ in c.items}
        return self._handled[visit_id]

    def of_late(
        self, late: Iterable[PaidUnit], spare: Iterable[tuple[PaidUnit, str]]
    ) -> list[tuple[PaidUnit, str]]:
        """Money that paid for goods long gone, and was begun while somebody stood at the shelf with
        dearer goods that nobody paid: each such paid unit with that visit.

        Nobody can say which of the two it was meant for. `spare` is what visits have besides.
        """
        given = Counter(visit_id for _, visit_id in spare)
        found: list[tuple[PaidUnit, str]] = []
        for paid in sorted(late, key=lambda p: (p.reference_at, p.payment_id, p.number)):
            at = paid.reference_at
            visits = self._short.touching(at - STANDS_GAPS * self._rules.visit_gap_s, at)
            dearer = [v for v in visits if self._owes_more(v.visit_id, paid, given)]
            if dearer:
                home = min(dearer, key=lambda v: (max(0.0, at - v.ended_at), v.visit_id)).visit_id
                given[home] += 1
                found.append((paid, home))
        return found

    def _owes_more(self, visit_id: str, paid: PaidUnit, given: Counter[str]) -> bool:
        """Whether more units than were `given` money are dearer than a paid one."""
        prices = (unit.price for unit in self._accounts[visit_id].unpaid)
        return sum(price > paid.unit_price for price in prices) > given[visit_id]

    def of_unfinished(self, payments: Iterable[Payment]) -> dict[str, list[Payment]]:
        """Give each payment without money to the short visit in which it was begun."""
        found: dict[str, list[Payment]] = {}
        for payment in sorted(payments, key=lambda p: p.payment_id):
            if payment.has_paid:
                continue
            best: tuple[int, float, str] | None = None
            at, cart = payment.reference_at, cart_of(payment)
            for visit in self._short.about(at):
                away_s = max(visit.started_at - at, at - visit.ended_at, 0.0)
                common = _common(cart, self._accounts[visit.visit_id].unpaid)
                candidate = (-common, away_s, visit.visit_id)
                if best is None or candidate < best:
                    best = candidate
            if best is not None:
                found.setdefault(best[2], []).append(payment)
        return found


def cart_of(payment: Payment) -> Counter[str]:
    """Units by SKU that a payment names."""
    cart: Counter[str] = Counter()
    for line in payment.lines:
        cart[line.sku] += line.quantity
    return cart


def _common(cart: Mapping[str, int], unpaid: Iterable[Unit]) -> int:
    """How many units of a cart are among those unpaid."""
    short = Counter(unit.sku for unit in unpaid if unit.sku in cart)
    return sum(min(cart[sku], units) for sku, units in short.items() if sku is not None)
