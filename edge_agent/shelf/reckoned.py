"""What a reckoning comes to: an account of each visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.matching import Rivals
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import PaidUnit, Payment
from edge_agent.shelf.state import Change, Visit
from edge_agent.shelf.units import Taken, Unit

Readings = Mapping[str, Hypothesis]
Cluster = tuple[Sequence[Stay], Sequence[Purse]]


@dataclass(slots=True)
class Account:
    """One visit: units gone for good, what paid for them, and what is left over on either side.

    `ties` are the changes by which goods went from one visit to another: such visits are reckoned,
    and forgotten, together. `doubtful` is money that covers another visit's goods, and may have
    been meant for this one's. `readings` holds what payments say of the changes that they settle;
    `rivals` the odds that goods of another visit are the unpaid ones (`Matching`).
    """

    visit: Visit
    changes: tuple[Change, ...]
    taken: Taken
    gone: tuple[Unit, ...]
    paid: dict[tuple[str, int], PaidUnit] = field(default_factory=dict)
    unpaid: list[Unit] = field(default_factory=list)
    surplus: list[PaidUnit] = field(default_factory=list)
    doubtful: list[PaidUnit] = field(default_factory=list)
    came_back_later: bool = False
    ties: set[str] = field(default_factory=set)
    readings: Readings = field(default_factory=dict)
    rivals: Mapping[tuple[str, int], Rivals] = field(default_factory=dict)

    @property
    def has_refunds(self) -> bool:
        """Whether money for goods of this visit went back."""
        return any(paid.refunded_at is not None for paid in self.paid.values())

    def give_back(self, unit: Unit, by_change: str) -> None:
        """Let a unit be gone no more: a change brought it back."""
        self.gone = tuple(u for u in self.gone if u.key != unit.key)
        self.came_back_later = True
        self.ties.add(by_change)
        if unit.key in self.paid:
            del self.paid[unit.key]
        else:
            self.unpaid.remove(unit)


@dataclass(slots=True)
class Shop:
    """The matched shelf: each visit's account, and every payment.

    `sold` counts what customers bought during each restock, by (SKU, plate); `bought` has the
    restock by each paid unit that paid for it. `clusters` are the visits and payments that have to
    do with each other. `loose` are the paid units that found no goods, or only late ones; `homes`
    the visits, by id, that the former belong to, `doubtful` those that the latter may belong to as
    well. `unfinished` are the payments without money, by visit; `things` came and are not known.
    """

    accounts: dict[str, Account]
    purses: list[Purse]
    sold: dict[str, Counter[tuple[str, str]]]
    bought: Mapping[tuple[str, int], str]
    clusters: list[Cluster]
    loose: list[PaidUnit] = field(default_factory=list)
    things: list[Unit] = field(default_factory=list)
    homes: list[tuple[PaidUnit, str]] = field(default_factory=list)
    doubtful: list[tuple[PaidUnit, str]] = field(default_factory=list)
    unfinished: Mapping[str, list[Payment]] = field(default_factory=dict)
