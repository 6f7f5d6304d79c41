"""Filing a fact: what each kind of input changes in the state, and what is told of it at once."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch

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
    PaymentFact,
    RestockFact,
    TaughtFact,
    Tick,
    VerdictFact,
)
from edge_agent.shelf.interpreting import reconsider
from edge_agent.shelf.lessons import teach, use_catalogue
from edge_agent.shelf.restocks import record_restock
from edge_agent.shelf.state import Output, Rules, ShelfState
from edge_agent.shelf.stock import book_change, file_count, file_levels
from edge_agent.shelf.telling import change_output, query_output
from edge_agent.shelf.telling_stock import stock_output
from edge_agent.shelf.visits import record_change


@singledispatch
def file_fact(fact: Fact, state: ShelfState, rules: Rules) -> list[Output]:
    """File a fact; returns what is told at once."""
    raise TypeError(f"no such fact: {type(fact).__name__}")


@file_fact.register
def _(fact: ChangeFact, state: ShelfState, rules: Rules) -> list[Output]:
    before, after = record_change(state, fact, rules)
    if before is not None and replace(before, revision=after.revision) == after:
        state.changes[before.change_id] = before
        return []
    outputs = (
        [] if before is None and after.kind == "withdrawn" else [change_output(after, fact.at)]
    )
    is_new = book_change(state, before, after)
    for former, present in reconsider(state, after, rules):
        outputs.append(change_output(present, fact.at))
        is_new |= book_change(state, former, present)
    if is_new:
        outputs.append(stock_output(state, fact.at))
    return outputs


@file_fact.register
def _(fact: PaymentFact, state: ShelfState, rules: Rules) -> list[Output]:
    known = state.payments.get(fact.payment.payment_id)
    if known is None or fact.payment.revision > known.revision:
        state.payments[fact.payment.payment_id] = fact.payment
    return []


@file_fact.register
def _(fact: RestockFact, state: ShelfState, rules: Rules) -> list[Output]:
    record_restock(state, fact)
    return []


@file_fact.register
def _(fact: CatalogueFact, state: ShelfState, rules: Rules) -> list[Output]:
    if fact.version > state.catalogue.version:
        products = {p.sku: p for p in fact.products}
        plates = {**state.catalogue.plates, **fact.plates}
        return use_catalogue(state, Catalogue(fact.version, products, plates), fact.at)
    return []


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
def _(fact: Tick, state: ShelfState, rules: Rules) -> list[Output]:
    return []
