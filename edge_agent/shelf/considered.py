"""Which payments a unit that left could have belonged to, at what price, and why it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge_agent.shelf.findings import Missing
from edge_agent.shelf.matching import is_at_hand, is_in_time
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import PaidUnit, Payment, paid_units
from edge_agent.shelf.phrases import duration
from edge_agent.shelf.price_parts import Fit, PriceParts, price_parts
from edge_agent.shelf.reckoned import Account, Shop
from edge_agent.shelf.state import Rules, ShelfState
from edge_agent.shelf.units import Unit

# A payment that missed the limits by no more than this is worth a word.
NEARLY_S = 3600.0
# Time makes the most of a price: what is cheapest is among so many that are nearest.
NEAREST, NEAREST_TO_PAID = 24, 6
# Of a unit whose payment was found the next ones say enough; a visit may have many units.
MOST_CONSIDERED, MOST_BESIDE_CHOSEN = 8, 3

Payload = dict[str, Any]
PaidKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A payment that has a unit's SKU: the paid unit that was compared; `price` None for out of
    time. `is_free`: it has found no other goods."""

    paid: PaidUnit
    price: PriceParts | None
    is_chosen: bool
    is_free: bool

    @property
    def rank(self) -> tuple[bool, bool, float, str]:
        """Sorts the chosen one first, then by price."""
        total = self.price.total if self.price is not None else 0.0
        return not self.is_chosen, self.price is None, total, self.paid.payment_id


class Considering:
    """Looks at one visit's units among all payments of the shelf."""

    def __init__(self, state: ShelfState, shop: Shop, account: Account, rules: Rules) -> None:
        self._shop = shop
        self._account = account
        self._rules = rules
        self._payments = state.payments
        self._name = state.catalogue.name
        self._holders = {
            paid.key: (visit_id, key)
            for visit_id, other in shop.accounts.items()
            for key, paid in other.paid.items()
        }
        self._purses = {purse.payment_id: purse for purse in shop.purses}
        self._stays: dict[str, Stay] = {}
        self._fits: dict[tuple[str, str], Fit] = {}
        self._own = {paid.payment_id for paid in account.paid.values()}
        near = [payment for payment in state.payments.values() if self._is_near(payment)]
        self._near = sorted(near, key=self._away)
        self._moneyless = [payment for payment in self._near if not payment.has_paid]
        self._offered: dict[str, list[list[PaidUnit]]] = {}

    def payments_for(self, unit: Unit, missing: Missing | None) -> list[Payload]:
        """The payments with the unit's SKU, in time or nearly, the cheapest first.

        Each with the parts of its `price` (None where it cannot be had) and `why` it was chosen or
        not.
        """
        if unit.sku is None:
            return []
        near = self._offers(unit.sku)
        own = self._account.paid.get(unit.key)
        if own is not None:
            ours = [units for units in near if units[0].payment_id == own.payment_id]
            near = [*ours, *(units for units in near[:NEAREST_TO_PAID] if units not in ours)]
        offers = sorted((self._offer(unit, units) for units in near), key=lambda x: x.rank)
        instead = [] if missing is None else self._instead(missing)
        begun = [
            _told(payment.payment_id, "no money", f"it has brought no money ({payment.state})")
            for payment in self._moneyless
            if not payment.lines or any(line.sku == unit.sku for line in payment.lines)
        ]
        most = MOST_CONSIDERED if missing is not None else MOST_BESIDE_CHOSEN
        room = max(1, most - len(begun) - len(instead))
        chosen = [self._say(unit, offer) for offer in offers[:room]]
        return [*instead, *chosen, *begun][:most]

    def _is_near(self, payment: Payment) -> bool:
        visit, rules = self._account.visit, self._rules
        at = payment.paid_at if payment.has_paid and payment.paid_at else payment.reference_at
        begin = visit.started_at - rules.pay_ahead_s - NEARLY_S
        late_s = rules.late_s if payment.has_paid else rules.grace_s
        return begin <= at <= visit.ended_at + late_s + NEARLY_S

    def _away(self, payment: Payment) -> tuple[bool, float, str]:
        """Sorts the payments of the visit's own goods first, then by their distance in time."""
        visit = self._account.visit
        own = payment.payment_id in self._own
        at = payment.reference_at
        away_s = max(visit.started_at - at, at - visit.ended_at, 0.0)
        return not own, away_s, payment.payment_id

    def _offers(self, sku: str) -> list[list[PaidUnit]]:
        """The units of a SKU, by payment, of the payments that have it and are nearest."""
        if sku not in self._offered:
            having = [
                payment
                for payment in self._near
                if payment.has_paid and any(line.sku == sku for line in payment.lines)
            ]
            self._offered[sku] = [
                [paid for paid in self._purse_of(payment).units if paid.sku == sku]
                for place, payment in enumerate(having)
                if place < NEAREST or payment.payment_id in self._own
            ]
        return [units for units in self._offered[sku] if units]

    def _offer(self, unit: Unit, units: list[PaidUnit]) -> _Offer:
        own = self._account.paid.get(unit.key)
        if own is not None and own.payment_id == units[0].payment_id:
            return _Offer(own, self._price(unit, own, self._account), True, False)
        free = next((paid for paid in units if self._is_free(paid)), None)
        paid = free if free is not None else units[0]
        if not is_in_time(self._account.visit, paid, self._rules):
            return _Offer(paid, None, False, free is not None)
        return _Offer(paid, self._price(unit, paid, self._account), False, free is not None)

    def _is_free(self, paid: PaidUnit) -> bool:
        key = paid.key
        return key not in self._holders and key not in self._shop.bought

    def _say(self, unit: Unit, offer: _Offer) -> Payload:
        paid = offer.paid
        if offer.is_chosen:
            return _told(paid.payment_id, "chosen", "chosen", offer.price)
        if offer.price is None:
            return _told(paid.payment_id, "out of time", self._out_of_time(paid))
        if offer.is_free:
            return _told(paid.payment_id, *self._why_free(unit, paid, offer.price), offer.price)
        return _told(paid.payment_id, "taken", self._why_taken(unit, paid), offer.price)

    def _instead(self, missing: Missing) -> list[Payload]:
        """The payment whose other goods were set against the unit."""
        if missing.payment_id is None or missing.paid_as is None:
            return []
        name = self._name(missing.paid_as)
        doubtful = {paid.payment_id for paid in self._account.doubtful}
        said = f"it has {name}, which did not leave: set against this unit"
        if missing.payment_id in doubtful:
            said = f"it has {name}, which had left in another visit: perhaps meant for this unit"
        return [_told(missing.payment_id, "instead", said)]

    def _out_of_time(self, paid: PaidUnit) -> str:
        visit, rules = self._account.visit, self._rules
        early_s = visit.started_at - rules.pay_ahead_s - paid.paid_at
        if early_s > 0:
            return f"paid {duration(early_s)} too early"
        return f"paid {duration(paid.paid_at - visit.ended_at - rules.late_s)} too late"

    def _why_taken(self, unit: Unit, paid: PaidUnit) -> str:
        """Whose goods the payment covers, and what that pair costs."""
        key = paid.key
        if key in self._shop.bought:
            return "taken by goods that a customer took during a restock"
        visit_id, unit_key = self._holders[key]
        other = self._shop.accounts[visit_id]
        holder = next(gone for gone in other.gone if gone.key == unit_key)
        cost = self._price(holder, paid, other).total
        whose = "this visit" if visit_id == unit.visit_id else f"visit {visit_id}"
        return f"taken by a unit of {whose} at {cost:.2f}"

    def _why_free(self, unit: Unit, paid: PaidUnit, price: PriceParts) -> tuple[str, str]:
        own = self._account.paid.get(unit.key)
        if own is not None:
            other = self._price(unit, own, self._account)
            if price.total >= other.total:
                return "dearer", f"dearer than {own.payment_id} at {other.total:.2f}"
            return "second", f"begun later: {own.payment_id} is from about the visit's time"
        home = self._home_of(paid)
        if home is not None and home != unit.visit_id:
            return "elsewhere", f"it goes with visit {home}, whose goods it has or stands for"
        if not is_at_hand(self._account.visit, paid, self._rules):
            return "elsewhere", "begun later, for other goods"
        return "left over", "it stands for goods that were read as something else"

    def _home_of(self, paid: PaidUnit) -> str | None:
        """The visit to which a payment that found no such goods was reckoned."""
        for visit_id, account in self._shop.accounts.items():
            if any(p.key == paid.key for p in account.surplus):
                return visit_id
        return None

    def _price(self, unit: Unit, paid: PaidUnit, account: Account) -> PriceParts:
        key = account.visit.visit_id, paid.payment_id
        if key not in self._fits:
            purse = self._purse_of(self._payments[paid.payment_id])
            self._fits[key] = Fit.of(self._stay_of(account), purse)
        return price_parts(unit, account.visit, paid, self._fits[key], self._rules)

    def _stay_of(self, account: Account) -> Stay:
        """A visit as the matching counts it: what came back later included."""
        visit_id = account.visit.visit_id
        if visit_id not in self._stays:
            self._stays[visit_id] = Stay.of(account.visit, account.taken.gone)
        return self._stays[visit_id]

    def _purse_of(self, payment: Payment) -> Purse:
        if payment.payment_id not in self._purses:
            self._purses[payment.payment_id] = Purse.of(payment.payment_id, paid_units(payment))
        return self._purses[payment.payment_id]


def _told(payment_id: str, verdict: str, why: str, price: PriceParts | None = None) -> Payload:
    parts = None
    if price is not None:
        parts = {
            "total": round(price.total, 3),
            "time": round(price.time, 3),
            "late": round(price.late, 3),
            "misfit": round(price.misfit, 3),
            "exact": round(price.exact, 3),
            "refunded": round(price.refunded, 3),
        }
    return {"payment_id": payment_id, "verdict": verdict, "why": why, "price": parts}
