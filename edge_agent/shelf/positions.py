"""What the ledger of units should say now of each change that is live: where its units are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from edge_agent.shelf.books import Legs
from edge_agent.shelf.double_entry import (
    COUNTED,
    CUSTOMER,
    LOST,
    OPENED,
    OPENING,
    PLATE,
    RECOUNTED,
    RESTOCKED,
    SOLD,
    UNEXPLAINED,
    WRITTEN_OFF,
    Position,
)
from edge_agent.shelf.findings import Finding
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import Change, Rules, ShelfState
from edge_agent.shelf.units import Unit

Settled = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a reckoning came to: each live visit's account and finding, by visit id.

    `sold` are the units that customers bought during each restock, by (SKU, plate). `news` are the
    visits and restocks of which anything is new, None: perhaps all.
    """

    accounts: Mapping[str, Account]
    findings: Mapping[str, Finding]
    sold: Mapping[str, Mapping[tuple[str, str], int]]
    news: Collection[str] | None = None


def positions(state: ShelfState, decided: Decided | None, rules: Rules) -> dict[str, Position]:
    """Return units by (SKU, account) that the ledger should say, by document, where it says
    something else.

    Documents are the changes of visits of which anything is new, those of restocks, and whatever
    moved units onto plates since the last posting (`state.units.moved`); that alone where nothing
    was `decided`. A plate has what was counted: where that was set after a change settled, what
    else is known of the change by now is `unexplained`'s, which the recount had left there.
    """
    wanted: dict[str, Settled] = {}
    if decided is not None:
        for visit_id in _with_news(state, decided):
            account = decided.accounts[visit_id]
            visit = _VisitPositions(state, account, decided.findings[visit_id], rules)
            for change in account.changes:
                if change.change_id in state.changes:
                    wanted[change.change_id] = visit.of(state.changes[change.change_id])
        wanted |= _of_restocks(state, decided)
    for document in state.units.moved:
        if document not in wanted:
            wanted[document] = _of_the_rest(state, document)
    return {
        document: _balanced(state, document, units)
        for document, units in wanted.items()
        if document in state.units.moved or not _is_posted(state, document, units)
    }


def _with_news(state: ShelfState, decided: Decided) -> Iterable[str]:
    """The visits of which anything is new, or whose goods are counted otherwise."""
    if decided.news is None:
        return list(decided.accounts)
    moved = {change.visit_id for change in _moved(state)}
    return [v for v in decided.accounts if v in decided.news or v in moved]


def _moved(state: ShelfState) -> list[Change]:
    """The changes that have been counted otherwise since the last posting."""
    changes = (state.changes.get(document) for document in state.units.moved)
    return [change for change in changes if change is not None]


def _is_posted(state: ShelfState, document: str, units: Settled) -> bool:
    """Whether the ledger says just this: most of what is live has been settled long ago."""
    legs = state.units.posted.get(document, ())
    return {(sku, account): n for sku, account, n in legs} == units


def posted(state: ShelfState, document: str) -> Position:
    """What the ledger says of a document, its plate's units included."""
    legs = state.units.posted.get(document, ())
    units = Counter({(sku, account): n for sku, account, n in legs})
    plate = _plate_of(state, document)
    for sku, _account, n in legs:
        units[sku, plate] -= n
    return units


def as_legs(position: Position) -> Legs:
    """A position as the state keeps it: without the plate, whose units balance the others."""
    return tuple(
        (sku, account, n)
        for (sku, account), n in sorted(position.items())
        if n and not account.startswith(PLATE)
    )


def _plate_of(state: ShelfState, document: str) -> str:
    change = state.changes.get(document)
    return f"{PLATE}{change.plate if change is not None else document.partition(':')[2]}"


def _balanced(state: ShelfState, document: str, units: Settled) -> Position:
    """The units with those of the plate, as the stock counts them, and what is left over."""
    plate = _plate_of(state, document)
    moved = Counter(state.units.moved.get(document, {}))
    for sku, _, n in state.units.posted.get(document, ()):
        moved[sku] -= n
    position = Counter(units)
    for sku, n in moved.items():
        position[sku, plate] += n
    rest: Counter[str] = Counter()
    for (sku, _), n in position.items():
        rest[sku] += n
    is_first = document.startswith((OPENED, COUNTED))
    for sku, n in rest.items():
        position[sku, OPENING if is_first else UNEXPLAINED] -= n
    return {key: n for key, n in position.items() if n}


def _of_the_rest(state: ShelfState, document: str) -> Settled:
    """A count, a change that was withdrawn, or one whose visit is not known any more."""
    change = state.changes.get(document)
    if change is None or document.startswith(RECOUNTED):
        return {}
    account = CUSTOMER if change.restock_id is None else RESTOCKED
    return {(sku, account): -n for sku, n in change.counted}


class _VisitPositions:
    """Where the units of one visit's changes are."""

    def __init__(self, state: ShelfState, account: Account, finding: Finding, rules: Rules) -> None:
        self._posted = state.units.posted
        self._account = account
        self._missing = {m.unit.key for m in finding.missing} if finding.missing else frozenset()
        self._waits = state.now < account.visit.ended_at + rules.grace_s
        case = state.cases.get(account.visit.case_id)
        self._case = case
        self._is_provisional = case is not None and case.state == "provisional"

    def of(self, change: Change) -> Settled:
        """Units by (SKU, account), the plate left out."""
        found: Settled = {}
        gone = [u for u in self._account.gone if u.change_id == change.change_id]
        for sku, quantity in change.counted:
            rest = -quantity
            for unit in gone:
                if rest > 0 and unit.sku == sku:
                    account = self._account_of(unit)
                    found[sku, account] = found.get((sku, account), 0) + 1
                    rest -= 1
            if rest:
                # What was put back is taken off again by the change that brought it.
                found[sku, CUSTOMER] = found.get((sku, CUSTOMER), 0) + rest
        if self._account.visit.unobserved:
            found = dict(_without_customers(found))
        return found

    def _account_of(self, unit: Unit) -> str:
        paid = self._account.paid.get(unit.key)
        if paid is not None and paid.refunded_at is None:
            return SOLD
        if unit.key in self._missing:
            if self._waits or self._is_provisional:
                return CUSTOMER
            return WRITTEN_OFF if self._is_dismissed(unit) else LOST
        # Unpaid and not missing: set against money for something else, unless it is too early.
        return CUSTOMER if paid is not None or self._waits else SOLD

    def _is_dismissed(self, unit: Unit) -> bool:
        if self._case is not None:
            return self._case.verdict == "dismissed"
        # The case is forgotten, and what was said of it stays.
        legs = self._posted.get(unit.change_id, ())
        return any((sku, account) == (unit.sku, WRITTEN_OFF) for sku, account, _ in legs)


def _without_customers(units: Settled) -> Iterator[tuple[tuple[str, str], int]]:
    """Goods that moved while nobody watched: no customer had them, and no loss is known yet."""
    rest: Counter[str] = Counter()
    for (sku, account), n in units.items():
        if account in (CUSTOMER, LOST):
            rest[sku] += n
        else:
            yield (sku, account), n
    for sku, n in rest.items():
        yield (sku, UNEXPLAINED), n


def _of_restocks(state: ShelfState, decided: Decided) -> dict[str, Settled]:
    """Changes of restocks: what came; and what was taken out by customers, or as ordered."""
    wanted = set(state.restocks)
    if decided.news is not None:
        moved = {change.restock_id for change in _moved(state)}
        wanted = {r for r in wanted if r in decided.news or r in moved}
    by_restock: defaultdict[str, list[Change]] = defaultdict(list)
    for change in state.changes.values() if wanted else ():
        if change.restock_id in wanted:
            by_restock[change.restock_id or ""].append(change)
    found: dict[str, Settled] = {}
    for restock_id, changes in by_restock.items():
        sold = Counter(decided.sold.get(restock_id, {}))
        ordered = Counter[str]()
        for line in state.restocks[restock_id].order.lines:
            ordered[line.sku] -= min(0, line.quantity)
        for change in sorted(changes, key=lambda c: (c.settled_at, c.change_id)):
            found[change.change_id] = dict(_restocked(change, sold, ordered))
    return found


def _restocked(
    change: Change, sold: Counter[tuple[str, str]], ordered: Counter[str]
) -> Iterator[tuple[tuple[str, str], int]]:
    for sku, quantity in change.counted:
        bought = min(max(0, -quantity), sold[sku, change.plate])
        sold[sku, change.plate] -= bought
        out = min(max(0, -quantity - bought), ordered[sku])
        ordered[sku] -= out
        parts = ((SOLD, bought), (WRITTEN_OFF, out), (RESTOCKED, -quantity - bought - out))
        for account, units in parts:
            if units:
                yield (sku, account), units
