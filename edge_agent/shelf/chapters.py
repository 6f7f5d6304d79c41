"""Visits of which nothing is open, with their payments: left alone until something is new.

Most of what a shelf remembers is over: taken, paid, no question open; or missing, told, and waiting
(`waiting`). Such chapters leave the reckoning, and come back with the first fact that touches them.
An account reckoned with them and one reckoned without are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.findings import Finding
from edge_agent.shelf.matching import is_at_hand, is_exact, is_in_time
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import Payment, paid_units
from edge_agent.shelf.reckoned import Account, Shop
from edge_agent.shelf.state import Change, Rules, ShelfState, Visit
from edge_agent.shelf.waiting import Claims, Hope, hope_of
from edge_agent.shelf.windows import VisitsByTime

# A chapter is closed so long after everything that the rules wait for.
MARGIN_S = 60.0

ChangesByVisit = Mapping[str, tuple[Change, ...]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Visits and the payments that paid for what they took.

    At `late_at` the next of them can be learned from.
    """

    accounts: dict[str, Account]
    payments: tuple[str, ...]
    late_at: float


@dataclass(slots=True)
class Library:
    """The closed chapters, by visit and by payment, and what they were closed upon.

    `accounts` and `hopes` are those of closed visits; the latter of those that are short.
    """

    of_visit: dict[str, Chapter] = field(default_factory=dict)
    of_payment: dict[str, Chapter] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    hopes: dict[str, Hope] = field(default_factory=dict)
    changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    # Payments of closed chapters were for visits that began before this.
    closed_until: float = 0.0
    catalogue: Catalogue | None = None
    dismissed: frozenset[str] = frozenset()

    def open_touched(self, state: ShelfState, changes: ChangesByVisit, rules: Rules) -> None:
        """Open every chapter that something new may be about."""
        for visit_id in [v for v in self.of_visit if v not in changes]:
            self.open_visit(visit_id)
        for payment_id in [p for p in self.of_payment if p not in state.payments]:
            self._open(self.of_payment.get(payment_id))
        for visit_id, some in changes.items():
            if self.changes.get(visit_id) is not some:
                self.open_visit(visit_id)
                self._open_beside(state.visits[visit_id], rules)
        self._open_told(state)
        fresh = [p for p in state.payments.values() if self.payments.get(p.payment_id) is not p]
        for payment in fresh:
            self._open(self.of_payment.get(payment.payment_id))
        self._open_near([p for p in fresh if p.has_paid], rules)
        for visit_id, chapter in list(self.of_visit.items()):
            if state.now > chapter.late_at:
                self.open_visit(visit_id)
        self.changes, self.payments = dict(changes), dict(state.payments)

    def open_with(self, skus: set[str], since: float) -> list[str]:
        """Open the chapters of visits since a time that took one of these; returns their visits."""
        found = [
            visit_id
            for visit_id, chapter in self.of_visit.items()
            if chapter.accounts[visit_id].visit.ended_at >= since
            and any(u.sku in skus for u in chapter.accounts[visit_id].gone)
        ]
        opened: list[str] = []
        for visit_id in found:
            chapter = self.of_visit.get(visit_id)
            if chapter is not None:
                opened += chapter.accounts
                self._open(chapter)
        return opened

    def open_visit(self, visit_id: str) -> None:
        """Open the chapter of a visit, if it is in one."""
        self._open(self.of_visit.get(visit_id))

    def close(
        self, shop: Shop, findings: Mapping[str, Finding], state: ShelfState, rules: Rules
    ) -> None:
        """Close the clusters in which nothing is left open."""
        claims = Claims(shop, rules)
        for stays, purses in shop.clusters:
            some = {s.visit.visit_id: shop.accounts.get(s.visit.visit_id) for s in stays}
            found = {v: account for v, account in some.items() if account is not None}
            if len(found) < len(stays) or not _is_over(found, purses, state.now, rules):
                continue
            hopes = [
                hope_of(account, findings[visit_id], purses, shop, state)
                for visit_id, account in found.items()
                if account.unpaid
            ]
            waiting = [hope for hope in hopes if hope is not None and not claims.concern(hope)]
            if len(waiting) == len(hopes) and not any(a.doubtful for a in found.values()):
                self._close(found, purses, waiting, state.now, rules)

    def open_wanted(self, shop: Shop, rules: Rules) -> bool:
        """Open the chapters that something loose may belong to; whether there are any."""
        claims = Claims(shop, rules)
        homes = (*shop.homes, *shop.doubtful)
        found = {visit_id for _, visit_id in homes if visit_id in self.of_visit}
        found |= {visit_id for visit_id, hope in self.hopes.items() if claims.concern(hope)}
        for visit_id in found:
            self.open_visit(visit_id)
        return bool(found)

    def _close(
        self,
        found: dict[str, Account],
        purses: Sequence[Purse],
        hopes: Sequence[Hope],
        now: float,
        rules: Rules,
    ) -> None:
        late = [a.visit.ended_at + rules.late_s for a in found.values()]
        late_at = min((at for at in late if now <= at), default=math.inf)
        payments = tuple(p.payment_id for p in purses)
        chapter = Chapter(found, payments, late_at)
        self.of_visit |= dict.fromkeys(found, chapter)
        self.accounts |= found
        self.hopes |= {hope.visit.visit_id: hope for hope in hopes}
        self.of_payment |= dict.fromkeys(payments, chapter)
        latest = max((p.paid_at + rules.pay_ahead_s for p in purses), default=0.0)
        self.closed_until = max(self.closed_until, latest)

    def _open_told(self, state: ShelfState) -> None:
        """Open what waits and of which more has been said, or may be said otherwise."""
        dismissed = frozenset(c.case_id for c in state.cases.values() if c.verdict == "dismissed")
        is_other = self.catalogue is not state.catalogue or self.dismissed != dismissed
        self.catalogue, self.dismissed = state.catalogue, dismissed
        for visit_id, hope in list(self.hopes.items()):
            if is_other or not hope.is_as_left(state):
                self.open_visit(visit_id)

    def _open_near(self, fresh: Sequence[Payment], rules: Rules) -> None:
        """Open what a payment that is new may be for."""
        if not fresh or not self.of_visit:
            return
        by_time = VisitsByTime((a.visit for a in self.accounts.values()), rules)
        for payment in fresh:
            units = paid_units(payment)
            if not units:
                continue
            purse = Purse.of(payment.payment_id, units)
            for visit in by_time.near(purse):
                self.open_visit(visit.visit_id)
            if len(units) > 1:
                self._open_exact(purse, rules)

    def _open_exact(self, purse: Purse, rules: Rules) -> None:
        """Open the chapters of visits whose goods equal a payment's to the last unit."""
        for visit_id, chapter in list(self.of_visit.items()):
            account = chapter.accounts[visit_id]
            goods = Stay.of(account.visit, account.gone).goods
            if is_in_time(account.visit, purse, rules) and is_exact(goods, purse.cart):
                self.open_visit(visit_id)

    def _open_beside(self, visit: Visit, rules: Rules) -> None:
        """Open what a visit that is new, or another one now, stands beside."""
        if visit.started_at > self.closed_until:
            return
        for payment_id in list(self.of_payment):
            paid = paid_units(self.payments[payment_id])
            if paid and is_at_hand(visit, paid[0], rules):
                self._open(self.of_payment.get(payment_id))

    def _open(self, chapter: Chapter | None) -> None:
        if chapter is not None:
            for visit_id in chapter.accounts:
                del self.of_visit[visit_id], self.accounts[visit_id]
                self.hopes.pop(visit_id, None)
            for payment_id in chapter.payments:
                del self.of_payment[payment_id]


def _is_over(
    accounts: Mapping[str, Account], purses: Sequence[Purse], now: float, rules: Rules
) -> bool:
    """Whether all that is paid is paid by a payment of its time, and nothing but short visits'
    goods is left."""
    if any(now < p.paid_at + rules.pay_ahead_s + MARGIN_S for p in purses):
        return False
    if not all(_is_quiet(account, now, rules) for account in accounts.values()):
        return False
    paid = sum(len(account.paid) for account in accounts.values())
    return paid == sum(len(p.units) for p in purses)


def _is_quiet(account: Account, now: float, rules: Rules) -> bool:
    """Whether a visit is past its grace, and nothing of it is open but what it still owes."""
    visit, taken = account.visit, account.taken
    if now < visit.ended_at + rules.grace_s + MARGIN_S or visit.unobserved:
        return False
    if account.surplus or account.came_back_later or account.ties:
        return False
    if taken.brought or taken.foreign:
        return False
    if any(c.change_id in account.readings or c.settled is not None for c in account.changes):
        return False
    return all(p.refunded_at is None and is_at_hand(visit, p, rules) for p in account.paid.values())
