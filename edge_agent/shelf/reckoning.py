"""The whole shelf reckoned anew from its facts: per visit, what is gone, paid, and missing.

Nothing here remembers: the same facts give the same account, in whatever order they came.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.matching import Matching, is_at_hand, is_in_time, match
from edge_agent.shelf.payments import PaidUnit, paid_units
from edge_agent.shelf.readings import settle_by_payment
from edge_agent.shelf.state import Change, Rules, ShelfState, Visit
from edge_agent.shelf.units import Taken, Unit, take_stock, weigh_alike

# Who pays has mostly taken already: a visit to come is as far away as one this much longer ago.
AHEAD_IS_FARTHER = 3.0


@dataclass(slots=True)
class Account:
    """One visit: units gone for good, what paid for them, and what is left over on either side.

    `ties` are the changes by which goods went from one visit to another: such visits are reckoned,
    and forgotten, together. `readings` holds what payments say of the changes that they settle.
    """

    visit: Visit
    changes: tuple[Change, ...]
    gone: tuple[Unit, ...]
    paid: dict[tuple[str, int], PaidUnit] = field(default_factory=dict)
    unpaid: list[Unit] = field(default_factory=list)
    surplus: list[PaidUnit] = field(default_factory=list)
    came_back_later: bool = False
    ties: set[str] = field(default_factory=set)
    readings: Mapping[str, Hypothesis] = field(default_factory=dict)


def reckon(state: ShelfState, rules: Rules) -> dict[str, Account]:
    """Return the account of every live visit, by its id."""
    paid = [unit for payment in state.payments.values() for unit in paid_units(payment)]
    readings: dict[str, Hypothesis] = {}
    changes = _changes_by_visit(state)
    taken, matching = _match_all(state, changes, paid, rules, readings)
    readings = settle_by_payment(state, taken, matching, paid, rules)
    if readings:
        taken, matching = _match_all(state, changes, paid, rules, readings)
    accounts = _accounts(state, changes, taken, matching, readings)
    _lift_foreign_things(accounts, taken, rules)
    _bring_back(accounts, taken, rules)
    _hand_out_surplus(accounts, paid, rules)
    return accounts


def _changes_by_visit(state: ShelfState) -> dict[str, list[Change]]:
    """Each visit's changes that still count, in the order of time.

    What changed while nobody watched has no order: what left comes first, for it may be what came.
    """

    def order(change: Change) -> tuple[bool, float, str]:
        return change.unobserved and change.delta_g > 0, change.started_at, change.change_id

    by_visit: dict[str, list[Change]] = {visit_id: [] for visit_id in state.visits}
    for change in sorted(state.changes.values(), key=order):
        if change.visit_id is not None and change.kind != "withdrawn":
            by_visit[change.visit_id].append(change)
    return by_visit


def _match_all(
    state: ShelfState,
    changes: Mapping[str, list[Change]],
    paid: list[PaidUnit],
    rules: Rules,
    readings: Mapping[str, Hypothesis],
) -> tuple[dict[str, Taken], Matching]:
    taken = {v: take_stock(changes[v], readings) for v in state.visits}
    gone = [unit for t in taken.values() for unit in t.gone]
    matching = match(gone, paid, state.visits, rules)
    return taken, _without_strangers(matching, gone, state.visits, rules)


def _without_strangers(
    matching: Matching, gone: list[Unit], visits: Mapping[str, Visit], rules: Rules
) -> Matching:
    """Undo late pairs whose payment covers goods of another visit in time, and that one is short.

    Who pays for some of what he takes and for something else has put the cheap for the dear. Where
    nothing is short the payment is a late one as well, or one for two visits.
    """
    homes: dict[str, set[str]] = defaultdict(set)
    late: list[Unit] = []
    short: Counter[str] = Counter()
    for unit in gone:
        paid = matching.pairs.get(unit.key)
        if paid is None:
            short[unit.visit_id] += 1
        elif paid.reference_at > visits[unit.visit_id].ended_at + rules.grace_s:
            late.append(unit)
        else:
            homes[paid.payment_id].add(unit.visit_id)
    kept = dict(matching.pairs)
    for unit in sorted(late, key=lambda u: u.key):
        for home in sorted(homes[kept[unit.key].payment_id] - {unit.visit_id}):
            if short[home]:
                short[home] -= 1
                del kept[unit.key]
                break
    return Matching(kept)


def _accounts(
    state: ShelfState,
    changes: Mapping[str, list[Change]],
    taken: Mapping[str, Taken],
    matching: Matching,
    readings: Mapping[str, Hypothesis],
) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for visit_id, visit in state.visits.items():
        account = Account(visit, tuple(changes[visit_id]), taken[visit_id].gone, readings=readings)
        for unit in account.gone:
            paid = matching.pairs.get(unit.key)
            if paid is None:
                account.unpaid.append(unit)
            else:
                account.paid[unit.key] = paid
        accounts[visit_id] = account
    return accounts


def _lift_foreign_things(
    accounts: dict[str, Account], taken: Mapping[str, Taken], rules: Rules
) -> None:
    """Let an unknown thing that came in one visit and left in another, or the other way round,
    undo itself: a mug, a bag, a plate that was out for cleaning."""
    came = [unit for t in taken.values() for unit in t.foreign]
    for account in accounts.values():
        for unit in [u for u in account.unpaid if u.sku is None]:
            for other in came:
                near = abs(other.taken_at - unit.taken_at) <= rules.late_s
                if near and other.plate == unit.plate and weigh_alike(other, unit):
                    came.remove(other)
                    _give_back(account, unit, other.change_id, accounts.get(other.visit_id))
                    break


def _bring_back(accounts: dict[str, Account], taken: Mapping[str, Taken], rules: Rules) -> None:
    """Let goods brought in a later visit cancel what an earlier one took: unpaid units first,
    then those refunded as returned, then paid ones (a refund is due then)."""
    brought = sorted(
        (unit for t in taken.values() for unit in t.brought), key=lambda u: (u.taken_at, u.key)
    )
    for unit in brought:
        best: tuple[int, float, str, Unit] | None = None
        for account in accounts.values():
            if not 0 <= unit.taken_at - account.visit.ended_at <= rules.late_s:
                continue
            for gone in account.gone:
                if gone.sku == unit.sku:
                    candidate = (_owed(account, gone), gone.taken_at, gone.visit_id, gone)
                    if best is None or candidate[:3] > best[:3]:
                        best = candidate
        if best is not None:
            _give_back(accounts[best[2]], best[3], unit.change_id, accounts.get(unit.visit_id))


def _owed(account: Account, unit: Unit) -> int:
    paid = account.paid.get(unit.key)
    if paid is None:
        return 2
    return 1 if paid.refunded_at is not None else 0


def _give_back(account: Account, unit: Unit, by_change: str, giver: Account | None) -> None:
    account.gone = tuple(u for u in account.gone if u.key != unit.key)
    account.came_back_later = True
    account.ties.add(by_change)
    if giver is not None:
        giver.ties.add(by_change)
    if unit.key in account.paid:
        del account.paid[unit.key]
    else:
        account.unpaid.remove(unit)


def _hand_out_surplus(accounts: dict[str, Account], paid: list[PaidUnit], rules: Rules) -> None:
    """Give each paid unit that found no goods to the visit it was most likely made in."""
    homes: dict[str, list[str]] = defaultdict(list)
    used: set[tuple[str, int]] = set()
    for visit_id, account in accounts.items():
        for unit in account.paid.values():
            homes[unit.payment_id].append(visit_id)
            used.add((unit.payment_id, unit.number))
    for unit in paid:
        if (unit.payment_id, unit.number) in used:
            continue
        own = homes.get(unit.payment_id)
        home = max(own, key=own.count) if own else _home(accounts, unit, rules)
        if home is not None:
            accounts[home].surplus.append(unit)


def _home(accounts: Mapping[str, Account], unit: PaidUnit, rules: Rules) -> str | None:
    """The visit nearest to a payment among those it may be for; those still short go first."""
    best: tuple[bool, float, str] | None = None
    for visit_id, account in accounts.items():
        visit = account.visit
        if not (is_in_time(visit, unit, rules) and is_at_hand(visit, unit, rules)):
            continue
        ahead_s = visit.started_at - unit.reference_at
        away_s = max(AHEAD_IS_FARTHER * ahead_s, unit.reference_at - visit.ended_at, 0.0)
        is_full = len(account.surplus) >= len(account.unpaid)
        candidate = (is_full, away_s, visit_id)
        if best is None or candidate < best:
            best = candidate
    return best[2] if best else None
