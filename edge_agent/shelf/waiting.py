"""Visits that are short, told of, and wait for money that may never come.

Nothing about them changes until a fact touches them: late money for such goods, a thing that came
back, a person's word. Until then they may be left out of the reckoning, as what is settled is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.shelf.findings import Finding
from edge_agent.shelf.matching import is_in_time
from edge_agent.shelf.parties import Purse
from edge_agent.shelf.payments import PaidUnit, Payment
from edge_agent.shelf.reckoned import Account, Shop
from edge_agent.shelf.state import Case, Rules, ShelfState, Visit
from edge_agent.shelf.units import Likeness, Unit, likeness


@dataclass(frozen=True, slots=True)
class Hope:
    """What a short visit waits for. It was left as `visit`, with this `case`.

    `skus` are those of which money may be for its goods, as they were read or may be read; `units`
    are its unpaid ones; `unfinished` the payments without money that it was given.
    """

    visit: Visit
    case: Case
    skus: frozenset[str]
    units: tuple[Unit, ...]
    unfinished: tuple[Payment, ...]

    def is_as_left(self, state: ShelfState) -> bool:
        """Whether nobody has said or told anything of it since."""
        known = state.visits.get(self.visit.visit_id)
        return known is self.visit and state.cases.get(self.visit.case_id) is self.case


class Claims:
    """What is about that may be for the goods of a visit that waits: loose money, nameless things,
    payments that brought no money."""

    def __init__(self, shop: Shop, rules: Rules) -> None:
        self._rules = rules
        self._unfinished = shop.unfinished
        self._things = shop.things
        self._loose: defaultdict[str, list[PaidUnit]] = defaultdict(list)
        for paid in shop.loose:
            self._loose[paid.sku].append(paid)

    def concern(self, hope: Hope) -> bool:
        """Whether a visit must be looked at again."""
        unfinished = self._unfinished.get(hope.visit.visit_id, ())
        if len(unfinished) != len(hope.unfinished):
            return True
        if any(a is not b for a, b in zip(unfinished, hope.unfinished, strict=True)):
            return True
        return self._may_pay(hope) or self._may_be_back(hope)

    def _may_pay(self, hope: Hope) -> bool:
        return any(
            is_in_time(hope.visit, paid, self._rules)
            for sku in hope.skus
            if sku in self._loose
            for paid in self._loose[sku]
        )

    def _may_be_back(self, hope: Hope) -> bool:
        return any(
            0 <= thing.taken_at - hope.visit.ended_at <= self._rules.late_s
            and any(likeness(unit, thing) is Likeness.ALIKE for unit in hope.units)
            for thing in self._things
        )


def hope_of(
    account: Account, finding: Finding, purses: Sequence[Purse], shop: Shop, state: ShelfState
) -> Hope | None:
    """What a short visit that is past its grace waits for; None where more than that is open.

    `purses` are the payments that it was matched with.
    """
    visit_id, case = account.visit.visit_id, state.cases.get(account.visit.case_id)
    if not finding.missing or finding.waits_for_payment:
        return None
    if case is None or case.state == "provisional":
        return None
    if any(unit.sku is None for unit in account.unpaid) or not _has_rivals_in(purses, account):
        return None
    short = {unit.change_id for unit in account.unpaid}
    read = (h for c in account.changes if c.change_id in short for h in c.hypotheses)
    skus = {sku for hypothesis in read for sku, _ in hypothesis.items}
    skus |= {unit.sku for unit in account.unpaid if unit.sku is not None}
    unfinished = tuple(shop.unfinished.get(visit_id, ()))
    units = tuple(account.unpaid)
    return Hope(state.visits[visit_id], case, frozenset(skus), units, unfinished)


def _has_rivals_in(purses: Sequence[Purse], account: Account) -> bool:
    """Whether no other payments than some may have been for what is left unpaid."""
    known = {purse.payment_id for purse in purses}
    rivals = (account.rivals.get(unit.key) for unit in account.unpaid)
    return all(rival is None or rival.payments <= known for rival in rivals)


def nameless_things(account: Account) -> Sequence[Unit]:
    """The things that came in a visit and could not be named, unless a picture says that they are
    no goods."""
    if not account.taken.foreign:
        return ()
    strange = {change.change_id for change in account.changes if change.is_strange}
    return [thing for thing in account.taken.foreign if thing.change_id not in strange]
