"""What a payment says of a change that the weight left open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.matching import Matching, is_at_hand, is_in_time
from edge_agent.shelf.parties import Purse
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.state import Change, Rules, ShelfState, Visit
from edge_agent.shelf.units import Taken

# A payment settles what a weight left open if this much of the posterior speaks for its goods: a
# late one, and one made on the spot. Who pays for something else seldom names just what would weigh
# the same.
LIKELY_LATE, LIKELY_PROMPT = 0.05, 0.01
# It takes more to have money that would be an earlier visit's late one, and a unit that pays for
# another visit's goods while the rest of its cart pays for goods here.
LIKELY_CONTESTED, LIKELY_OWN = 0.1, 0.5
# That a cart of which something else left in the visit is the one that names the rest, too, is so
# many times as likely as that somebody else's is.
OWN_CART = 20.0


@dataclass(frozen=True, slots=True)
class _Offer:
    """A paid unit that may say what a change was, if an explanation is at least so likely.

    `holder` is the visit whose goods it pays for as it is, and which it leaves only for its own.
    """

    paid: PaidUnit
    least: float = 0.0
    holder: str = ""

    def is_for(self, visit_id: str, own: Container[str]) -> bool:
        """Whether it may speak in a visit, for whose other goods the `own` payments pay."""
        return not self.holder or (self.holder != visit_id and self.paid.payment_id in own)


def settle_by_payment(
    state: ShelfState,
    taken: Mapping[str, Taken],
    matching: Matching,
    purses: Sequence[Purse],
    rules: Rules,
) -> dict[str, Hypothesis]:
    """Choose, for changes that stay open or unpaid, a likely alternative that is paid for.

    Payments made about the time of the visit speak for it first; a late one may too, once it is
    clear that it was not made ahead for goods yet to be taken.
    """
    unmatched = {
        visit_id: {u.change_id for u in goods.gone if u.key not in matching.pairs}
        for visit_id, goods in taken.items()
    }
    if not any(unmatched.values()):
        return {}
    own = {
        visit_id: {p.payment_id for u in goods.gone if (p := matching.pairs.get(u.key)) is not None}
        for visit_id, goods in taken.items()
    }
    offers = _offers(taken, matching, state.visits, purses, rules)
    readings: dict[str, Hypothesis] = {}
    spoken = _speak(state, unmatched, own, offers, readings, rules, late=False)
    spent = matching.used() | {paid.key for paid in spoken}
    free = [offer for offer in offers if offer.paid.key not in spent]
    _speak(state, unmatched, own, free, readings, rules, late=True)
    return readings


def _offers(
    taken: Mapping[str, Taken],
    matching: Matching,
    visits: Mapping[str, Visit],
    purses: Sequence[Purse],
    rules: Rules,
) -> list[_Offer]:
    """The paid units that may say what a change was.

    What is only taken for a late payment of an earlier visit may be this one's prompt one, and the
    one unit that a payment seems to pay for in a visit may be for the visit of its others.
    """
    gone = [unit for goods in taken.values() for unit in goods.gone if unit.key in matching.pairs]
    holders = {matching.pairs[unit.key].key: unit.visit_id for unit in gone}
    parts = Counter((unit.visit_id, matching.pairs[unit.key].payment_id) for unit in gone)
    used = matching.used()
    found: list[_Offer] = []
    for paid in (unit for purse in purses for unit in purse.units):
        holder = holders.get(paid.key)
        if holder is None:
            if paid.key not in used:
                found.append(_Offer(paid))
        elif not is_at_hand(visits[holder], paid, rules):
            found.append(_Offer(paid, LIKELY_CONTESTED))
        elif parts[holder, paid.payment_id] == 1:
            found.append(_Offer(paid, LIKELY_OWN, holder))
    return found


def _speak(
    state: ShelfState,
    unmatched: Mapping[str, set[str]],
    own: Mapping[str, set[str]],
    offers: Sequence[_Offer],
    readings: dict[str, Hypothesis],
    rules: Rules,
    *,
    late: bool,
) -> list[PaidUnit]:
    """Let paid units say what changes were, into `readings`; returns those that did.

    `own` are the payments that pay for other goods of each visit.
    """
    spoken: list[PaidUnit] = []
    least = LIKELY_LATE if late else LIKELY_PROMPT
    for visit_id, changes in unmatched.items():
        open_changes = [
            c for c in sorted(changes - readings.keys()) if _alternatives(state.changes[c], least)
        ]
        if not (offers and open_changes):
            continue
        visit = state.visits[visit_id]
        near = [
            offer
            for offer in offers
            if offer.is_for(visit_id, own[visit_id]) and offer.paid not in spoken
            if _may_speak(offer.paid, visit, state.now, rules, late=late)
        ]
        for change_id in open_changes:
            others = _alternatives(state.changes[change_id], least)
            reading, picked = _paid_alternative(others, near, own[visit_id])
            if reading is not None:
                readings[change_id] = reading
                near = [offer for offer in near if offer.paid not in picked]
                spoken += picked
    return spoken


def _may_speak(paid: PaidUnit, visit: Visit, now: float, rules: Rules, *, late: bool) -> bool:
    if not is_in_time(visit, paid, rules):
        return False
    return now >= paid.paid_at + rules.pay_ahead_s if late else is_at_hand(visit, paid, rules)


def _alternatives(change: Change, least: float) -> list[Hypothesis]:
    """What a change may have been instead of what it was taken for."""
    return [h for h in change.hypotheses if h.confidence >= least and h.items != change.items]


def _paid_alternative(
    others: Sequence[Hypothesis], near: Sequence[_Offer], own: set[str]
) -> tuple[Hypothesis | None, list[PaidUnit]]:
    """The likeliest of a change's `others` that the paid units cover, and those units."""
    best: tuple[Hypothesis | None, list[PaidUnit]] = None, []
    most = 0.0
    first = sorted(near, key=lambda offer: (offer.holder != "", offer.paid.payment_id not in own))
    for hypothesis in others:
        free = [offer.paid for offer in first if offer.least <= hypothesis.confidence]
        picked = _covering(free, hypothesis)
        likely = hypothesis.confidence
        likely *= OWN_CART if all(p.payment_id in own for p in picked) else 1.0
        if picked and likely > most:
            best, most = (hypothesis, picked), likely
    return best


def _covering(free: Sequence[PaidUnit], hypothesis: Hypothesis) -> list[PaidUnit]:
    """The free paid units that pay for the hypothesis' goods; none where they do not suffice."""
    picked: list[PaidUnit] = []
    for sku, quantity in hypothesis.items:
        fitting = [p for p in free if p.sku == sku][: abs(quantity)]
        if len(fitting) < abs(quantity):
            return []
        picked.extend(fitting)
    return picked
