"""What a payment says of a change that the weight left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
# That a cart of which something else left in the visit is the one that names the rest, too, is so
# many times as likely as that somebody else's is.
OWN_CART = 20.0


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
    paid = [unit for purse in purses for unit in purse.units]
    late_keys = _late_units(taken, matching, state.visits, rules)
    prompt = {(p.payment_id, p.number) for k, p in matching.pairs.items() if k not in late_keys}
    own = {
        visit_id: {p.payment_id for u in goods.gone if (p := matching.pairs.get(u.key)) is not None}
        for visit_id, goods in taken.items()
    }
    readings: dict[str, Hypothesis] = {}
    # What is only taken for a late payment of an earlier visit may be this one's prompt one.
    free = [p for p in paid if (p.payment_id, p.number) not in prompt]
    spoken = _speak(state, unmatched, own, free, readings, rules, late=False)
    spent = matching.used() | {(p.payment_id, p.number) for p in spoken}
    free = [p for p in paid if (p.payment_id, p.number) not in spent]
    _speak(state, unmatched, own, free, readings, rules, late=True)
    return readings


def _speak(
    state: ShelfState,
    unmatched: Mapping[str, set[str]],
    own: Mapping[str, set[str]],
    free: list[PaidUnit],
    readings: dict[str, Hypothesis],
    rules: Rules,
    *,
    late: bool,
) -> list[PaidUnit]:
    """Let free paid units say what changes were, into `readings`; returns those that did.

    `own` are the payments that pay for other goods of each visit.
    """
    spoken: list[PaidUnit] = []
    least = LIKELY_LATE if late else LIKELY_PROMPT
    for visit_id, changes in unmatched.items():
        open_changes = [
            c for c in sorted(changes - readings.keys()) if _alternatives(state.changes[c], least)
        ]
        if not (free and open_changes):
            continue
        visit = state.visits[visit_id]
        near = [p for p in free if _may_speak(p, visit, state.now, rules, late=late)]
        for change_id in open_changes:
            others = _alternatives(state.changes[change_id], least)
            reading, picked = _paid_alternative(others, near, own[visit_id])
            if reading is not None:
                readings[change_id] = reading
                near = [p for p in near if p not in picked]
                free = [p for p in free if p not in picked]
                spoken += picked
    return spoken


def _late_units(
    taken: Mapping[str, Taken],
    matching: Matching,
    visits: Mapping[str, Visit],
    rules: Rules,
) -> set[tuple[str, int]]:
    """The units whose payment came so late that it may be somebody else's."""
    return {
        unit.key
        for goods in taken.values()
        for unit in goods.gone
        if unit.key in matching.pairs
        and not is_at_hand(visits[unit.visit_id], matching.pairs[unit.key], rules)
    }


def _may_speak(paid: PaidUnit, visit: Visit, now: float, rules: Rules, *, late: bool) -> bool:
    if not is_in_time(visit, paid, rules):
        return False
    return now >= paid.paid_at + rules.pay_ahead_s if late else is_at_hand(visit, paid, rules)


def _alternatives(change: Change, least: float) -> list[Hypothesis]:
    """What a change may have been instead of what it was taken for."""
    return [h for h in change.hypotheses if h.confidence >= least and h.items != change.items]


def _paid_alternative(
    others: Sequence[Hypothesis], near: list[PaidUnit], own: set[str]
) -> tuple[Hypothesis | None, list[PaidUnit]]:
    """The likeliest of a change's `others` that the paid units cover, and those units."""
    best: tuple[Hypothesis | None, list[PaidUnit]] = None, []
    most = 0.0
    first = sorted(near, key=lambda p: p.payment_id not in own)
    for hypothesis in others:
        picked = _covering(first, hypothesis)
        likely = hypothesis.confidence
        likely *= OWN_CART if all(p.payment_id in own for p in picked) else 1.0
        if picked and likely > most:
            best, most = (hypothesis, picked), likely
    return best


def _covering(free: list[PaidUnit], hypothesis: Hypothesis) -> list[PaidUnit]:
    """The free paid units that pay for the hypothesis' goods; none where they do not suffice."""
    picked: list[PaidUnit] = []
    for sku, quantity in hypothesis.items:
        fitting = [p for p in free if p.sku == sku][: abs(quantity)]
        if len(fitting) < abs(quantity):
            return []
        picked.extend(fitting)
    return picked
