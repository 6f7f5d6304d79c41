"""From a visit's account to the lines of its case: of which kind each missing unit is."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from edge_agent.shelf.homes import cart_of
from edge_agent.shelf.payments import PaidUnit, Payment
from edge_agent.shelf.reckoned import Account, Shop
from edge_agent.shelf.state import Rules, ShelfState
from edge_agent.shelf.swaps import Swaps
from edge_agent.shelf.units import Unit

# Half of the lightest unit, and less, is nothing that was for sale on the plate.
TRIFLE_SHARE = 0.5

LossKind = Literal[
    "unpaid",
    "feigned",
    "underpaid",
    "substituted",
    "refunded",
    "unidentified",
    "swapped",
    "unobserved",
    "restock_shortfall",
]


@dataclass(frozen=True, slots=True)
class Missing:
    """One unit that is gone without its money. `value` is what is lost, in minor units.

    `confidence` is that of what it was, times that of nobody else's being the unpaid one.
    """

    kind: LossKind
    unit: Unit
    value: int
    confidence: float
    paid_as: str | None = None
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is missing of one visit, and whether a payment still under way may settle it."""

    missing: tuple[Missing, ...]
    waits_for_payment: bool
    payments: tuple[str, ...]
    paid_not_taken: tuple[PaidUnit, ...]


def find_missing(state: ShelfState, shop: Shop, rules: Rules) -> dict[str, Finding]:
    """Return each visit's finding, by visit id."""
    return {
        visit_id: _finding(account, shop.unfinished.get(visit_id, []), state, rules)
        for visit_id, account in shop.accounts.items()
    }


def _finding(
    account: Account, unfinished: list[Payment], state: ShelfState, rules: Rules
) -> Finding:
    involved = {p.payment_id for p in account.paid.values()}
    if not (account.unpaid or account.surplus or unfinished or account.has_refunds):
        return Finding((), False, tuple(sorted(involved)), ())
    involved |= {p.payment_id for p in (*account.surplus, *account.doubtful)}
    involved |= {p.payment_id for p in unfinished}
    missing: list[Missing] = []
    # What is sold later does not make an older payment a wrong one, nor a right one.
    instead = account.surplus or account.doubtful
    known = state.assortment.at(account.visit.started_at).products if instead else {}
    left, surplus = _settle_substitutes(account, missing, known)
    left = _settle_doubtful(account, left, missing, known)
    missing += _refunded(account, state, rules)
    missing += _unpaid(account, left, unfinished, state)
    pending = any(p.state == "pending" for p in unfinished)
    expired = state.now > account.visit.ended_at + rules.late_s
    return Finding(
        missing=tuple(missing),
        waits_for_payment=bool(missing) and pending and not expired,
        payments=tuple(sorted(involved)),
        paid_not_taken=tuple(
            u
            for u in surplus
            if u.refunded_at is None and state.now >= u.paid_at + rules.pay_ahead_s
        ),
    )


def _refunded(account: Account, state: ShelfState, rules: Rules) -> list[Missing]:
    """What was refunded as returned and did not come back."""
    found: list[Missing] = []
    for unit in account.gone:
        paid = account.paid.get(unit.key)
        if paid is None or paid.refunded_at is None:
            continue
        if state.now >= paid.refunded_at + rules.grace_s:
            found.append(
                Missing("refunded", unit, unit.price, unit.confidence, None, paid.payment_id)
            )
    return found


def _unpaid(
    account: Account, left: list[Unit], unfinished: list[Payment], state: ShelfState
) -> list[Missing]:
    """What no payment covers, by what became of the payments of the visit."""
    if not left:
        return []
    feigned = _FeignedUnits(unfinished)
    rest: LossKind = "underpaid" if account.paid else "unpaid"
    found: list[Missing] = []
    swaps = Swaps(account, state)
    for unit in left:
        sure = _confidence(account, unit)
        payment = feigned.take(unit)
        if account.visit.unobserved:
            found.append(Missing("unobserved", unit, unit.price, sure))
        elif unit.sku is None:
            if not _is_a_trifle(unit, state):
                found.append(Missing("unidentified", unit, 0, sure))
        elif (put := swaps.take(unit)) is not None:
            found.append(Missing("swapped", unit, unit.price, sure * put.confidence))
        elif payment is not None:
            found.append(Missing("feigned", unit, unit.price, sure, None, payment.payment_id))
        else:
            found.append(Missing(rest, unit, unit.price, sure))
    return found


def _confidence(account: Account, unit: Unit) -> float:
    """How sure it is that this unit, and not one of another visit, is the unpaid one."""
    rivals = account.rivals.get(unit.key)
    return unit.confidence / (1.0 + (rivals.odds if rivals is not None else 0.0))


def _is_a_trifle(unit: Unit, state: ShelfState) -> bool:
    """Whether an unknown weight is far less than anything that stands on its plate: a crumb."""
    products = (
        state.catalogue.products.get(sku) for sku in state.catalogue.plates.get(unit.plate, ())
    )
    lightest_g = min((p.weight_g for p in products if p and p.weight_g), default=0.0)
    return not unit.by_sight and abs(unit.delta_g) < TRIFLE_SHARE * lightest_g


def _settle_substitutes(
    account: Account, missing: list[Missing], known: Container[str]
) -> tuple[list[Unit], list[PaidUnit]]:
    """Set paid units that did not leave against unpaid ones that did.

    The dearest go together; further paid units lower what is still owed. What they cover whole is
    no loss, nor what is paid for as something that the catalogue does not know. Returns the units
    left without any payment, and the paid units left over.
    """
    surplus = sorted(
        (u for u in account.surplus if u.refunded_at is None),
        key=lambda u: (-u.unit_price, u.payment_id, u.number),
    )
    unpaid = sorted(account.unpaid, key=lambda u: (-u.price, u.key))
    if account.visit.unobserved:
        return unpaid, surplus
    together = list(zip(unpaid, surplus, strict=False))
    left, spare = unpaid[len(together) :], surplus[len(together) :]
    for unit, paid in together:
        owed = max(0, unit.price - paid.unit_price) if paid.sku in known else 0
        while owed and spare and not left:
            owed = max(0, owed - spare.pop(0).unit_price)
        if owed:
            missing.append(_substituted(account, unit, paid, owed))
    return left, spare


def _settle_doubtful(
    account: Account, left: list[Unit], missing: list[Missing], known: Container[str]
) -> list[Unit]:
    """Set money that may have been meant for something dearer against the dearest that is left.

    It stays with the goods that it covers as well: doubt favours either. Returns what is left.
    """
    for paid in account.doubtful if not account.visit.unobserved else ():
        unit = next((u for u in left if u.price > paid.unit_price), None)
        if unit is not None and paid.sku in known:
            left = [other for other in left if other.key != unit.key]
            missing.append(_substituted(account, unit, paid, unit.price - paid.unit_price))
    return left


def _substituted(account: Account, unit: Unit, paid: PaidUnit, owed: int) -> Missing:
    """A unit for which something else was paid, and what is still owed for it."""
    sure = _confidence(account, unit)
    return Missing("substituted", unit, owed, sure, paid.sku, paid.payment_id)


class _FeignedUnits:
    """Which units the payments that came to nothing would have covered."""

    def __init__(self, payments: list[Payment]) -> None:
        self._carts = [(p, cart_of(p)) for p in payments]

    def take(self, unit: Unit) -> Payment | None:
        """The payment that named this unit, or one whose cart was never told."""
        if unit.sku is None:
            return None
        for payment, cart in self._carts:
            if cart[unit.sku] > 0:
                cart[unit.sku] -= 1
                return payment
        return next((payment for payment, _ in self._carts if not payment.lines), None)
