"""Why a case says what it says: its inputs, and the prices of what was considered.

All of it JSON-able, for the store and for whoever asks (`losses show`, `losses why`); nothing is
decided here. Prices are those of `matching`, in units of log likelihood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edge_agent.shelf.considered import Considering
from edge_agent.shelf.findings import Finding, Missing
from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.payments import Payment
from edge_agent.shelf.price_parts import UNPAID
from edge_agent.shelf.reckoned import Account, Shop
from edge_agent.shelf.state import Change, Output, Rules, ShelfState
from edge_agent.shelf.telling import alternatives_of
from edge_agent.shelf.telling_payments import payment_payload
from edge_agent.shelf.units import Unit
from edge_agent.times import rfc3339, rfc3339_or_none

Payload = dict[str, Any]


def reasons(
    state: ShelfState,
    shop: Shop,
    visit_id: str,
    finding: Finding,
    rules: Rules,
) -> Payload:
    """What stands behind the case of a visit.

    `shop` is all that `reckon` gave: a payment may have gone to another visit's goods.
    """
    account = shop.accounts[visit_id]
    considering = Considering(state, shop, account, rules)
    units = [_unit(unit, account, finding, considering, state) for unit in _ever_gone(account)]
    named = {c["payment_id"] for unit in units for c in unit["considered"]}
    named |= {*finding.payments, *(p.payment_id for p in account.paid.values())}
    changes = [*account.changes, *_brought(account, state)]
    payments = [state.payments[p] for p in sorted(named) if p in state.payments]
    return {
        "visit_id": visit_id,
        "started_at": rfc3339(account.visit.started_at),
        "ended_at": rfc3339(account.visit.ended_at),
        "unobserved": account.visit.unobserved,
        "limits": {
            "pay_ahead_s": rules.pay_ahead_s,
            "grace_s": rules.grace_s,
            "late_s": rules.late_s,
        },
        "unpaid_price": UNPAID,
        "changes": [_change(change, account.readings) for change in changes],
        "units": units,
        "payments": [payment_payload(payment) for payment in payments],
        "names": _names(state, changes, payments),
    }


def restock_reasons(state: ShelfState, restock_id: str) -> Payload:
    """What stands behind the case of a restock that came short."""
    restock = state.restocks[restock_id]
    changes = state.changes_by_restock()[restock_id]
    lines = restock.order.lines
    names = _names(state, changes, [])
    names |= {line.sku: state.catalogue.name(line.sku) for line in lines}
    return {
        "visit_id": None,
        "restock_id": restock_id,
        "operator": restock.order.operator,
        "started_at": rfc3339_or_none(restock.started_at),
        "ended_at": rfc3339_or_none(restock.finished_at),
        "ordered": [{"sku": x.sku, "quantity": x.quantity, "plate": x.plate} for x in lines],
        "changes": [_change(change, {}) for change in changes],
        "units": [],
        "payments": [],
        "names": names,
    }


def reasons_output(case_id: str, payload: Payload, at: float) -> Output:
    """The reasons of a case, for the shelf's own store alone."""
    told = {"case_id": case_id, **payload}
    return Output("reasons", "shelf.reason", case_id, at, told, audience="shelf")


def _ever_gone(account: Account) -> list[Unit]:
    """The units that left in the visit, with those that came back in a later one."""
    still = {unit.key for unit in account.gone}
    back = [unit for unit in account.taken.gone if unit.key not in still]
    return sorted([*account.gone, *back], key=lambda u: (u.taken_at, u.key))


def _brought(account: Account, state: ShelfState) -> list[Change]:
    """The changes of other visits by which the visit's goods came back."""
    own = {change.change_id for change in account.changes}
    ties = [state.changes[t] for t in account.ties if t in state.changes and t not in own]
    return sorted(ties, key=lambda c: (c.started_at, c.change_id))


def _change(change: Change, readings: Mapping[str, Hypothesis]) -> Payload:
    reading = readings.get(change.change_id)
    others = alternatives_of(change)
    return {
        "change_id": change.change_id,
        "revision": change.revision,
        "visit_id": change.visit_id,
        "plate": change.plate,
        "started_at": rfc3339(change.started_at),
        "settled_at": rfc3339(change.settled_at),
        "delta_g": None if change.by_sight else round(change.delta_g, 2),
        "sigma_g": None if change.by_sight else round(change.sigma_g, 3),
        "kind": change.kind,
        "items": _items(change.items),
        "confidence": round(change.hypotheses[0].confidence, 4) if change.accepted else None,
        "alternatives": [
            {"items": _items(h.items), "confidence": round(h.confidence, 4)} for h in others
        ],
        "read_as": None if reading is None else _items(reading.items),
        "evidence": list(change.evidence),
    }


def _unit(
    unit: Unit, account: Account, finding: Finding, considering: Considering, state: ShelfState
) -> Payload:
    missing = next((m for m in finding.missing if m.unit.key == unit.key), None)
    paid = account.paid.get(unit.key)
    is_back = all(unit.key != gone.key for gone in account.gone)
    return {
        "change_id": unit.change_id,
        "sku": unit.sku,
        "plate": unit.plate,
        "delta_g": None if unit.sku is not None or unit.by_sight else round(unit.delta_g, 2),
        "unit_price": unit.price,
        "taken_at": rfc3339(unit.taken_at),
        "confidence": round(missing.confidence if missing else unit.confidence, 4),
        "identity_confidence": round(unit.confidence, 4),
        "outcome": "came back" if is_back else _outcome(unit, missing, paid is not None),
        "kind": missing.kind if missing else None,
        "value": missing.value if missing else 0,
        "paid_as": missing.paid_as if missing else None,
        "paid_by": paid.payment_id if paid else None,
        "payment_id": missing.payment_id if missing else None,
        "considered": [] if is_back else considering.payments_for(unit, missing),
    }


def _outcome(unit: Unit, missing: Missing | None, is_paid: bool) -> str:
    if missing is not None:
        return "missing"
    if is_paid:
        return "paid"
    if unit.sku is None:
        return "let go: far lighter than anything on its plate"
    return "let go: other goods were paid for in its place"


def _items(items: Iterable[tuple[str, int]]) -> list[Payload]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in items]


def _names(
    state: ShelfState, changes: Iterable[Change], payments: Iterable[Payment]
) -> dict[str, str]:
    def skus() -> Iterator[str]:
        for change in changes:
            yield from (sku for h in change.hypotheses for sku, _ in h.items)
        for payment in payments:
            yield from (line.sku for line in payment.lines)

    return {sku: state.catalogue.name(sku) for sku in sorted(set(skus()))}
