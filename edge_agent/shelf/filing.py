"""Filing a fact: what each kind of input changes in the state, and what is told of it at once."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

from edge_agent.shelf.assortment import PriceChange, file_settings
from edge_agent.shelf.cases import judge
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import (
    CatalogueFact,
    ChangeFact,
    ClockFact,
    CountFact,
    EvidenceFact,
    Fact,
    LevelsFact,
    LinkFact,
    MotionFact,
    PaymentFact,
    PriceFact,
    RestockFact,
    SightFact,
    TaughtFact,
    Tick,
    VerdictFact,
)
from edge_agent.shelf.interpreting import read_again
from edge_agent.shelf.lessons import teach, use_catalogue
from edge_agent.shelf.orders import record_restock
from edge_agent.shelf.payments import in_shelf_time
from edge_agent.shelf.sights import Sight
from edge_agent.shelf.state import Change, Output, Rules, ShelfState
from edge_agent.shelf.stock import book_change, file_count, file_levels
from edge_agent.shelf.telling import change_output, query_output
from edge_agent.shelf.telling_stock import stock_output
from edge_agent.shelf.visits import regroup
from edge_agent.shelf.weighed import record_weight


@singledispatch
def file_fact(fact: Fact, state: ShelfState, rules: Rules) -> list[Output]:
    """File a fact; returns what is told at once."""
    raise TypeError(f"no such fact: {type(fact).__name__}")


@file_fact.register
def _(fact: ChangeFact, state: ShelfState, rules: Rules) -> list[Output]:
    change_id, was_new = fact.change.change_id, fact.change.change_id not in state.changes
    before = record_weight(state, fact.change)
    moved = regroup(state, rules, state.changes[change_id].first_at) - {change_id}
    since = min(state.changes[c].settled_at for c in {change_id, *moved})
    if before is not None:
        since = min(since, before.settled_at)
    others = read_again(state, since, rules, {change_id: before})
    after = state.changes[change_id]
    if before is not None and replace(before, revision=after.revision) == after:
        state.changes[change_id] = before
        return _tell_read(state, others, fact.at)
    told = [] if was_new and after.kind == "withdrawn" else [change_output(after, fact.at)]
    return told + _tell_read(state, [(before, after), *others], fact.at, told=change_id)


def _tell_read(
    state: ShelfState,
    read: Sequence[tuple[Change | None, Change]],
    at: float,
    told: str | None = None,
) -> list[Output]:
    """Tell changes that are read anew, and count them; `told` is one that has been told already."""
    outputs: list[Output] = []
    is_new = False
    for before, after in read:
        if after.change_id != told:
            outputs.append(change_output(after, at))
        is_new |= book_change(state, before, after)
    if is_new:
        outputs.append(stock_output(state, at))
    return outputs


def _read_since(state: ShelfState, since: float, rules: Rules) -> list[Output]:
    """Tell what becomes of the changes since a time that something new is known of."""
    return _tell_read(state, read_again(state, since, rules), state.now)


@file_fact.register
def _(fact: PaymentFact, state: ShelfState, rules: Rules) -> list[Output]:
    known = state.payments.get(fact.payment.payment_id)
    if known is None or fact.payment.revision > known.revision:
        state.payments[fact.payment.payment_id] = in_shelf_time(fact.payment, fact.at)
    return []


@file_fact.register
def _(fact: RestockFact, state: ShelfState, rules: Rules) -> list[Output]:
    if not record_restock(state, fact):
        return []
    return _group_anew(state, rules, -math.inf)


@file_fact.register
def _(fact: MotionFact, state: ShelfState, rules: Rules) -> list[Output]:
    if fact.moved_at in state.motions:
        return []
    insort(state.motions, fact.moved_at)
    return _group_anew(state, rules, fact.moved_at)


def _group_anew(state: ShelfState, rules: Rules, since: float) -> list[Output]:
    """Give the changes since a time their visits and restocks, and tell what becomes of them."""
    moved = regroup(state, rules, since)
    earliest = min((state.changes[c].settled_at for c in moved), default=None)
    return [] if earliest is None else _read_since(state, earliest, rules)


@file_fact.register
def _(fact: CatalogueFact, state: ShelfState, rules: Rules) -> list[Output]:
    valid_from = fact.at if fact.told_at is None else fact.told_at
    products = {p.sku: p for p in fact.products}
    if fact.version == 0:
        file_settings(state.assortment, Catalogue(0, products, dict(fact.plates)))
    else:
        plates = {**state.catalogue.plates, **fact.plates}
        if not state.assortment.add(Catalogue(fact.version, products, plates), valid_from):
            return []
    lessons = use_catalogue(state, state.assortment.newest(), fact.at)
    # A technician who edits the settings means what is sold from now on.
    return lessons if fact.version == 0 else lessons + _read_since(state, valid_from, rules)


@file_fact.register
def _(fact: PriceFact, state: ShelfState, rules: Rules) -> list[Output]:
    state.assortment.set_price(PriceChange(fact.told_at, fact.sku, fact.price))
    lessons = use_catalogue(state, state.assortment.newest(), fact.at)
    return lessons + _read_since(state, fact.told_at, rules)


@file_fact.register
def _(fact: LevelsFact, state: ShelfState, rules: Rules) -> list[Output]:
    return [stock_output(state, fact.at)] if file_levels(state, fact, rules) else []


@file_fact.register
def _(fact: CountFact, state: ShelfState, rules: Rules) -> list[Output]:
    file_count(state, fact)
    return [stock_output(state, fact.at)]


@file_fact.register
def _(fact: TaughtFact, state: ShelfState, rules: Rules) -> list[Output]:
    return [*teach(state, fact), stock_output(state, fact.at)]


@file_fact.register
def _(fact: LinkFact, state: ShelfState, rules: Rules) -> list[Output]:
    if state.link_up == fact.up:
        return []
    state.link_up, state.link_since = fact.up, fact.at
    waiting = sorted(p.payment_id for p in state.payments.values() if not p.is_final)
    if not fact.up or not (waiting or state.cases):
        return []
    return [query_output("reconnected", None, waiting, fact.at)]


@file_fact.register
def _(fact: ClockFact, state: ShelfState, rules: Rules) -> list[Output]:
    state.clock_trusted = fact.trusted
    return []


@file_fact.register
def _(fact: VerdictFact, state: ShelfState, rules: Rules) -> list[Output]:
    return judge(state, fact.case_id, fact.verdict)


@file_fact.register
def _(fact: EvidenceFact, state: ShelfState, rules: Rules) -> list[Output]:
    change = state.changes.get(fact.change_id)
    if change is not None:
        kept = tuple(sorted({*change.evidence, *fact.evidence_ids}))
        state.changes[fact.change_id] = replace(change, evidence=kept)
    return []


@file_fact.register
def _(fact: SightFact, state: ShelfState, rules: Rules) -> list[Output]:
    state.sights[fact.change_id] = Sight(fact.at, fact.likelihoods, fact.came)
    change = state.changes.get(fact.change_id)
    if change is None or change.kind == "withdrawn":
        return []
    return _read_since(state, change.settled_at, rules)


@file_fact.register
def _(fact: Tick, state: ShelfState, rules: Rules) -> list[Output]:
    return []
