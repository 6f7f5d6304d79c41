"""The ledger of units kept up with the shelf: after each input, the entries that it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from edge_agent.shelf.double_entry import (
    CUSTOMER,
    OPENED,
    UNEXPLAINED,
    Entry,
    Position,
    post,
)
from edge_agent.shelf.facts import (
    ChangeFact,
    CountFact,
    Fact,
    PaymentFact,
    RestockFact,
    Tick,
    VerdictFact,
)
from edge_agent.shelf.positions import Decided, as_legs, positions, posted
from edge_agent.shelf.state import Output, Rules, ShelfState

# Changes are forgotten together where they have to do with each other; this names such a batch.
FORGOTTEN = "forgotten"


def stock_entries(
    state: ShelfState, decided: Decided | None, fact: Fact, rules: Rules
) -> list[Output]:
    """Return the entries that a fact has made needed, as one output for the shelf's own store.

    `decided` is what the visits were reckoned to because of it; None where none was. Call it when
    the counts are final, and before anything is forgotten.
    """
    is_first = not state.units.opened
    if is_first:
        _open(state)
    entries = _let_go(state)
    after = positions(state, decided, rules)
    entries += post({document: posted(state, document) for document in after}, after)
    _keep(state, after)
    if not entries and not is_first:
        return []
    cause = cause_of(fact)
    payload = {"cause": cause, "entries": [_row(entry) for entry in entries]}
    return [Output("entries", "shelf.entries", cause, state.now, payload, audience="shelf")]


def cause_of(fact: Fact) -> str:
    """The input that made an entry needed, as a person can look it up."""
    cause = type(fact).__name__.removesuffix("Fact").lower()
    match fact:
        case ChangeFact(change=change):
            cause = f"change {change.change_id} r{change.revision}"
        case PaymentFact(payment=payment):
            cause = f"payment {payment.payment_id} r{payment.revision}"
        case RestockFact():
            cause = f"restock {fact.restock_id} r{fact.revision}"
        case CountFact():
            cause = f"count of {fact.plate}"
        case VerdictFact():
            cause = f"case {fact.case_id} {fact.verdict}"
        case Tick():
            cause = "time"
    return cause


def _open(state: ShelfState) -> None:
    """Begin with what is counted already, less what live changes will be entered as."""
    units = state.units
    units.opened = True
    units.posted.clear()
    units.moved = {}
    opening: dict[str, Counter[str]] = {p: Counter(n) for p, n in state.stock.items()}
    for change in state.changes.values():
        if change.counted:
            units.moved[change.change_id] = dict(change.counted)
            opening.setdefault(change.plate, Counter()).subtract(dict(change.counted))
    for plate, counts in opening.items():
        units.moved[f"{OPENED}{plate}"] = {sku: n for sku, n in counts.items() if n}


def _let_go(state: ShelfState) -> list[Entry]:
    """Drop what was posted of changes that are forgotten. Units still with customers, less those
    that customers brought, stay unexplained from then on."""
    left: Counter[str] = Counter()
    for change_id in state.units.posted.keys() - state.changes.keys():
        for sku, account, n in state.units.posted.pop(change_id):
            if account == CUSTOMER:
                left[sku] += n
    before = {(sku, CUSTOMER): n for sku, n in left.items()}
    after = {(sku, UNEXPLAINED): n for sku, n in left.items()}
    # Where they came from makes no difference any more.
    rest = {(sku, ""): -n for sku, n in left.items()}
    return list(post({FORGOTTEN: before | rest}, {FORGOTTEN: after | rest}))


def _keep(state: ShelfState, after: Mapping[str, Position]) -> None:
    units = state.units
    for document, position in after.items():
        if document in state.changes:
            legs = as_legs(position)
            if legs:
                units.posted[document] = legs
            else:
                units.posted.pop(document, None)
    units.moved = {}


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "sku": entry.sku,
        "units": entry.units,
        "source": entry.source,
        "target": entry.target,
        "reason": entry.reason,
        "about": entry.about,
        "reverses": entry.reverses,
    }
