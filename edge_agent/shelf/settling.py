"""What visits settle among each other: goods brought back later, and left-over money."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from edge_agent.shelf.homes import Accounts, Homes
from edge_agent.shelf.matching import is_at_hand, is_exact, is_in_time, time_cost
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.parties import Stay
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.reckoned import Account, Shop
from edge_agent.shelf.reckoning import match_shelf
from edge_agent.shelf.state import Rules, ShelfState
from edge_agent.shelf.units import Likeness, Unit, likeness, misfit, weigh_alike
from edge_agent.shelf.waiting import nameless_things

# That somebody brings back what he paid for is so much rarer than that he brings back what he did
# not pay for: units of log likelihood.
PAID_COMES_BACK = 4.0
# Who is given his money back for goods that he returns brings them more often than who walked off
# without paying; either comes soon, if at all: units of log likelihood, and seconds.
UNPAID_COMES_BACK = 0.5
SOON_S = 1800.0

_Rank = tuple[int, int, float, float, str, str, int]
_Freed = tuple[Unit, PaidUnit, float]
_ANOTHER, _PAID_FOR, _EXPECTED = range(3)


def reckon(state: ShelfState, rules: Rules, memo: Memo) -> Shop:
    """Return the account of every live visit, and what customers bought during restocks."""
    memo.next_round()
    shop = _matched(state, rules, memo)
    while memo.library.open_wanted(shop, rules):
        shop = _matched(state, rules, memo)
    for paid, visit_id in shop.homes:
        shop.accounts[visit_id].surplus.append(paid)
    for paid, visit_id in shop.doubtful:
        shop.accounts[visit_id].doubtful.append(paid)
    return shop


def _matched(state: ShelfState, rules: Rules, memo: Memo) -> Shop:
    shop = match_shelf(state, rules, memo)
    _lift_foreign_things(shop.accounts, rules)
    freed = _bring_back(shop.accounts, rules)
    _bring_back_unnamed(shop.accounts, rules)
    _spend(freed, shop, rules)
    _find_homes(shop, state, memo.library.accounts | shop.accounts, rules)
    # A visit that waits may be the one that it paid for.
    shop.loose += [paid for _, paid, _ in freed]
    return shop


def _find_homes(shop: Shop, state: ShelfState, accounts: Accounts, rules: Rules) -> None:
    """Note what is left over, and to which of all visits it belongs."""
    used = set(shop.bought)
    late: list[PaidUnit] = []
    doubted: list[PaidUnit] = []
    carts = {purse.payment_id: purse.cart for purse in shop.purses}
    for account in shop.accounts.values():
        used |= {paid.key for paid in account.paid.values()}
        afterwards = [p for p in account.paid.values() if not is_at_hand(account.visit, p, rules)]
        late += afterwards
        goods = Stay.of(account.visit, account.gone).goods if afterwards else Counter[str]()
        # A cart that is all that a visit took can hardly have been meant for another one.
        doubted += [p for p in afterwards if not is_exact(goods, carts[p.payment_id])]
    units = [paid for purse in shop.purses for paid in purse.units]
    spare = [paid for paid in units if paid.key not in used]
    homes = Homes(accounts, rules)
    shop.loose = [*spare, *late]
    shop.things = [thing for a in shop.accounts.values() for thing in nameless_things(a)]
    shop.homes = homes.of_spare(spare, shop.accounts)
    shop.doubtful = homes.of_late(doubted, shop.homes)
    shop.unfinished = homes.of_unfinished(state.payments.values())


def _lift_foreign_things(accounts: Accounts, rules: Rules) -> None:
    """Let an unknown thing that came in one visit and left in another, or the other way round,
    undo itself: a mug, a bag, a plate that was out for cleaning."""
    came = [unit for account in accounts.values() for unit in account.taken.foreign]
    for account in accounts.values() if came else ():
        for unit in [u for u in account.unpaid if u.sku is None]:
            for other in came:
                near = abs(other.taken_at - unit.taken_at) <= rules.late_s
                if near and other.plate == unit.plate and weigh_alike(other, unit):
                    came.remove(other)
                    _give_back(accounts, unit, other)
                    break


def _bring_back(accounts: Accounts, rules: Rules) -> list[_Freed]:
    """Let goods brought in a later visit cancel what an earlier one took: the likeliest of those
    that are unpaid or were refunded as returned, then paid ones (a refund is due then); of several
    that one which weighs the same. Returns what was paid for those last."""
    brought = sorted(
        (unit for account in accounts.values() for unit in account.taken.brought),
        key=lambda u: (u.taken_at, u.key),
    )
    gone: dict[str | None, list[tuple[Account, Unit]]] = defaultdict(list)
    for account in accounts.values() if brought else ():
        for unit in account.gone:
            gone[unit.sku].append((account, unit))
    freed: list[_Freed] = []
    for unit in brought:
        ranked = {
            rank: other
            for account, other in gone[unit.sku]
            if (rank := _rank(account, other, unit, rules)) is not None
        }
        if not ranked:
            continue
        back = ranked[max(ranked)]
        paid = accounts[back.visit_id].paid.get(back.key)
        if paid is not None and paid.refunded_at is None:
            freed.append((back, paid, time_cost(back, accounts[back.visit_id].visit, paid, rules)))
        _give_back(accounts, back, unit)
    return freed


def _spend(freed: Iterable[_Freed], shop: Shop, rules: Rules) -> None:
    """Let what was paid for goods that are back pay for equal ones that it fits nearly as well:
    it was for those, and what came back had not been paid."""
    for back, paid, cost in freed:
        others = [
            (time_cost(unit, account.visit, paid, rules), visit_id, unit.key)
            for visit_id, account in shop.accounts.items()
            if visit_id != back.visit_id and is_in_time(account.visit, paid, rules)
            for unit in account.unpaid
            if unit.sku == back.sku
        ]
        other, visit_id, key = min(others, default=(math.inf, "", back.key))
        if other <= cost + PAID_COMES_BACK:
            account = shop.accounts[visit_id]
            account.unpaid = [unit for unit in account.unpaid if unit.key != key]
            account.paid[key] = paid


def _bring_back_unnamed(accounts: Accounts, rules: Rules) -> None:
    """Let a thing that came and could not be named be what an earlier visit owes and weighs the
    same, unless a picture says that it is something else."""
    for account in accounts.values():
        for thing in nameless_things(account):
            ranked = {
                rank: other
                for earlier in accounts.values()
                if earlier is not account and _may_come_back(earlier, thing, rules)
                for other in earlier.gone
                if other.sku is not None
                and (rank := _rank(earlier, other, thing, rules)) is not None
                and rank[:2] == (_EXPECTED, Likeness.ALIKE)
            }
            if ranked:
                _give_back(accounts, ranked[max(ranked)], thing)


def _rank(account: Account, unit: Unit, back: Unit, rules: Rules) -> _Rank | None:
    """How likely a unit of a visit is what came back, to be compared; None where it cannot be."""
    if not _may_come_back(account, back, rules) or unit not in account.gone:
        return None
    paid, alike = account.paid.get(unit.key), likeness(unit, back)
    # That paid goods come back is rare: only where no others can be meant.
    likely = _PAID_FOR if paid is not None and paid.refunded_at is None else _EXPECTED
    return (
        (_ANOTHER if alike is Likeness.ANOTHER else likely),
        alike,
        _log_likelihood(unit, paid, back),
        unit.taken_at,
        unit.visit_id,
        *unit.key,
    )


def _may_come_back(account: Account, back: Unit, rules: Rules) -> bool:
    """Whether something came back while a visit's goods still may."""
    return 0 <= back.taken_at - account.visit.ended_at <= rules.late_s


def _log_likelihood(unit: Unit, paid: PaidUnit | None, back: Unit) -> float:
    """How likely a unit comes back just then, and weighs what came; up to a constant."""
    refunded_at = paid.refunded_at if paid is not None else None
    since = unit.taken_at if refunded_at is None else refunded_at
    late = math.log1p(abs(back.taken_at - since) / SOON_S)
    rare = UNPAID_COMES_BACK if refunded_at is None else 0.0
    return -rare - late - 0.5 * misfit(unit, back) ** 2


def _give_back(accounts: Accounts, unit: Unit, by: Unit) -> None:
    accounts[unit.visit_id].give_back(unit, by.change_id)
    giver = accounts.get(by.visit_id)
    if giver is not None:
        giver.ties.add(by.change_id)
