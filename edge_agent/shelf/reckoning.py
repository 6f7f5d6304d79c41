"""The whole shelf reckoned anew from its facts: per visit, what is gone, paid, and missing.

The same facts give the same account, in whatever order they came; what is remembered from the last
time (`Memo`) saves work and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from edge_agent.shelf.chapters import ChangesByVisit
from edge_agent.shelf.matching import Matching
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.orders import end_of
from edge_agent.shelf.pairing import pair_all
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import Payment, paid_units
from edge_agent.shelf.readings import settle_by_payment
from edge_agent.shelf.reckoned import Account, Cluster, Readings, Shop
from edge_agent.shelf.state import Change, Restock, Rules, ShelfState, Visit
from edge_agent.shelf.units import Taken, take_from_restock, take_stock


def match_shelf(state: ShelfState, rules: Rules, memo: Memo) -> Shop:
    """Match what the visits took with the payments; nothing is handed on yet.

    What is over (`chapters`) is left out.
    """
    changes = _changes_by_visit(state, memo.library.changes)
    memo.library.open_touched(state, changes, rules)
    taken = _take_live(state, changes, rules, memo)
    purses = _purses(state, memo)
    at_restocks = state.changes_by_restock()
    restocks = [
        stay
        for restock_id, restock in state.restocks.items()
        if (stay := _at_restock(restock, at_restocks[restock_id])) is not None
    ]
    matching, clusters = _match(taken, restocks, purses, rules, memo)
    readings = settle_by_payment(state, _goods(taken), matching, purses, rules)
    if readings:
        taken |= {
            visit_id: _take(state.visits[visit_id], changes[visit_id], readings, memo)
            for visit_id in {state.changes[c].visit_id or "" for c in readings}
        }
        matching, clusters = _match(taken, restocks, purses, rules, memo)
    accounts = {
        visit_id: _account(state.visits[visit_id], changes[visit_id], goods, matching, readings)
        for visit_id, (goods, _) in taken.items()
    }
    return _shop(accounts, purses, restocks, matching, clusters)


def _changes_by_visit(state: ShelfState, known: ChangesByVisit) -> dict[str, tuple[Change, ...]]:
    """Each visit's changes that still count, in the order of time; the tuple known where alike.

    What changed while nobody watched has no order: what left comes first, for it may be what came.
    """

    def order(change: Change) -> tuple[bool, float, str]:
        return change.unobserved and change.delta_g > 0, change.started_at, change.change_id

    by_visit: dict[str, list[Change]] = {visit_id: [] for visit_id in state.visits}
    for change in state.changes.values():
        if change.visit_id is not None and change.kind != "withdrawn":
            by_visit[change.visit_id].append(change)
    found: dict[str, tuple[Change, ...]] = {}
    for visit_id, some in by_visit.items():
        ordered = tuple(sorted(some, key=order)) if len(some) > 1 else tuple(some)
        before = known.get(visit_id)
        same = before is not None and len(before) == len(ordered)
        if same and all(a is b for a, b in zip(before or (), ordered, strict=True)):
            ordered = before or ()
        found[visit_id] = ordered
    return found


def _take_live(
    state: ShelfState, changes: ChangesByVisit, rules: Rules, memo: Memo
) -> dict[str, tuple[Taken, Stay]]:
    """What the visits took that are in no closed chapter; goods brought back open some."""
    library = memo.library
    live = [v for v in state.visits if v not in library.of_visit]
    taken = {v: _take(state.visits[v], changes[v], {}, memo) for v in live}
    brought = [unit for goods, _ in taken.values() for unit in goods.brought]
    if brought:
        skus = {unit.sku for unit in brought if unit.sku is not None}
        since = min(unit.taken_at for unit in brought) - rules.late_s
        for visit_id in library.open_with(skus, since):
            taken[visit_id] = _take(state.visits[visit_id], changes[visit_id], {}, memo)
    return {
        visit.visit_id: taken[visit.visit_id]
        for visit in sorted(state.visits.values(), key=lambda v: (v.started_at, v.visit_id))
        if visit.visit_id in taken
    }


def _take(
    visit: Visit, changes: Sequence[Change], readings: Readings, memo: Memo
) -> tuple[Taken, Stay]:
    said = {c.change_id: readings[c.change_id] for c in changes if c.change_id in readings}

    def reckon() -> tuple[Taken, Stay]:
        taken = take_stock(changes, said)
        return taken, Stay.of(visit, taken.gone)

    return memo.of(("stay", visit.visit_id, bool(said)), (*changes, *said.values()), reckon)


def _goods(taken: Mapping[str, tuple[Taken, Stay]]) -> dict[str, Taken]:
    return {visit_id: goods for visit_id, (goods, _) in taken.items()}


def _purses(state: ShelfState, memo: Memo) -> list[Purse]:
    """The payments that paid for goods and are not over, in the order of time."""
    found = [
        memo.of(("purse", payment.payment_id), (payment,), partial(_purse, payment))
        for payment in state.payments.values()
        if payment.has_paid and payment.lines and payment.payment_id not in memo.library.of_payment
    ]
    return sorted(found, key=lambda p: (p.paid_at, p.payment_id))


def _purse(payment: Payment) -> Purse:
    return Purse.of(payment.payment_id, paid_units(payment))


def _at_restock(restock: Restock, changes: Sequence[Change]) -> Stay | None:
    """What left during a restock, not ordered out, and did not come back: a customer's, maybe."""
    if end_of(restock) is None or not any(c.delta_g < 0 for c in changes):
        return None
    restock_id = restock.order.restock_id
    ordered_out: Counter[str] = Counter()
    for line in restock.order.lines:
        ordered_out[line.sku] += max(0, -line.quantity)
    gone = take_from_restock(changes, ordered_out)
    if not gone:
        return None
    span = Visit(restock_id, changes[0].started_at, changes[-1].settled_at)
    return Stay.of(span, [replace(u, visit_id=restock_id) for u in gone], is_restock=True)


def _match(
    taken: Mapping[str, tuple[Taken, Stay]],
    restocks: Sequence[Stay],
    purses: Sequence[Purse],
    rules: Rules,
    memo: Memo,
) -> tuple[Matching, list[Cluster]]:
    stays = [*restocks, *(stay for _, stay in taken.values())]
    return pair_all(stays, purses, rules, memo)


def _account(
    visit: Visit,
    changes: tuple[Change, ...],
    taken: Taken,
    matching: Matching,
    readings: Readings,
) -> Account:
    account = Account(visit, changes, taken, taken.gone, readings=readings)
    for unit in taken.gone:
        paid = matching.pairs.get(unit.key)
        if paid is None:
            account.unpaid.append(unit)
        else:
            account.paid[unit.key] = paid
    if account.unpaid:
        account.rivals = matching.rivals
    return account


def _shop(
    accounts: dict[str, Account],
    purses: list[Purse],
    restocks: Sequence[Stay],
    matching: Matching,
    clusters: list[Cluster],
) -> Shop:
    sold: dict[str, Counter[tuple[str, str]]] = {}
    bought: dict[tuple[str, int], str] = {}
    for stay in restocks:
        pairs = [(u, matching.pairs[u.key]) for u in stay.gone if u.key in matching.pairs]
        sold[stay.visit.visit_id] = Counter((u.sku or "", u.plate) for u, _ in pairs)
        bought |= {paid.key: stay.visit.visit_id for _, paid in pairs}
    return Shop(accounts, purses, sold, bought, clusters)
