"""`advance(state, fact, rules) -> outputs`: every decision of the shelf, and no I/O.

An input is filed, the shelf is reckoned anew, and what differs from what was told last is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edge_agent.shelf.audit import audit
from edge_agent.shelf.cases import facts_are_missing, review_restock, review_visit
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import Fact, LevelsFact, Tick
from edge_agent.shelf.filing import file_fact
from edge_agent.shelf.findings import Finding, find_missing
from edge_agent.shelf.horizon import forget, next_due
from edge_agent.shelf.lessons import learn_from_restock, learn_from_visit, suggestions
from edge_agent.shelf.reckoning import Account, reckon
from edge_agent.shelf.restocks import end_of, report_content, report_output, shortfall
from edge_agent.shelf.state import Output, Rules, ShelfState, Visit
from edge_agent.shelf.stock import book_change
from edge_agent.shelf.telling import query_output, visit_content
from edge_agent.shelf.telling_stock import stock_output

# Facts of several devices come this much out of order without the clock being at fault.
CLOCK_SLACK_S = 60.0


def advance(state: ShelfState, fact: Fact, rules: Rules) -> list[Output]:
    """Take one fact in, and return what is to be told because of it."""
    if fact.at < state.now - CLOCK_SLACK_S:
        # The clock ran ahead and has been set right since: go on from the right time.
        state.now = fact.at
    state.now = max(state.now, fact.at)
    outputs = file_fact(fact, state, rules)
    restocked: set[str] = set()
    if not isinstance(fact, LevelsFact):
        outputs += _review(state, rules, restocked)
    if audit(state, rules, restocked):
        outputs.append(stock_output(state, fact.at))
    outputs = _with_one_stock(outputs)
    if isinstance(fact, Tick):
        forget(state, rules)
    state.due_at = next_due(state, rules)
    return outputs


def _with_one_stock(outputs: list[Output]) -> list[Output]:
    """The outputs with the last word on the stock alone, last."""
    stock = [output for output in outputs if output.topic == "stock"]
    return [output for output in outputs if output.topic != "stock"] + stock[-1:]


def _review(state: ShelfState, rules: Rules, restocked: set[str]) -> list[Output]:
    """Reckon the shelf anew and tell what is different from what was told.

    Adds the plates of restocks that are over now to `restocked`.
    """
    suggested = suggestions(state)
    accounts = reckon(state, rules)
    findings = find_missing(state, accounts, rules)
    outputs: list[Output] = []
    for visit_id, account in accounts.items():
        visit = state.visits[visit_id]
        ties = (*findings[visit_id].payments, *sorted(account.ties))
        if visit.ties != ties:
            state.visits[visit_id] = replace(visit, ties=ties)
        outputs += _review_visit(state, account, findings[visit_id], rules)
        outputs += learn_from_visit(state, account, rules)
    if _count_readings(state, accounts) or suggestions(state) != suggested:
        outputs.append(stock_output(state, state.now))
    return outputs + _review_restocks(state, rules, restocked)


def _review_restocks(state: ShelfState, rules: Rules, restocked: set[str]) -> list[Output]:
    """Tell what the restocks brought that are over, and tell it anew where that is different."""
    outputs: list[Output] = []
    for restock_id, restock in list(state.restocks.items()):
        ended_at = end_of(restock)
        if restock.order.state == "cancelled" or ended_at is None:
            continue
        if state.now < ended_at + rules.visit_gap_s:
            continue
        content = report_content(state, restock, ended_at)
        if content != restock.told:
            if not restock.reported:
                restocked |= {c.plate for c in state.changes.values() if c.restock_id == restock_id}
            told = replace(restock, told=content, revision=restock.revision + 1)
            state.restocks[restock_id] = told
            outputs.append(report_output(told, state.now))
            outputs += review_restock(state, restock_id, shortfall(state, told), rules)
        outputs += learn_from_restock(state, restock, rules)
    return outputs


def _count_readings(state: ShelfState, accounts: Mapping[str, Account]) -> bool:
    """Count what payments say of changes that the weight left open; whether a count is new."""
    is_new = False
    for account in accounts.values():
        for told in account.changes:
            reading = account.readings.get(told.change_id)
            settled = reading.items if reading is not None else None
            if settled != told.settled:
                before = state.changes[told.change_id]
                state.changes[told.change_id] = replace(before, settled=settled)
                is_new |= book_change(state, before, state.changes[told.change_id])
    return is_new


def _review_visit(
    state: ShelfState, account: Account, finding: Finding, rules: Rules
) -> list[Output]:
    visit = account.visit
    if state.now < visit.ended_at + rules.visit_gap_s:
        return []
    if state.now < visit.ended_at + rules.grace_s and (finding.missing or account.unpaid):
        return _ask_for_payments(state, visit, finding)
    outputs: list[Output] = []
    if finding.missing and not visit.queried:
        outputs += _ask_for_payments(state, visit, finding)
    outputs += review_visit(state, account, finding, rules)
    if not visit.unobserved:
        outputs += _tell_visit(state, account, finding)
    return outputs


def _tell_visit(state: ShelfState, account: Account, finding: Finding) -> list[Output]:
    visit = state.visits[account.visit.visit_id]
    case = state.cases.get(f"C{visit.visit_id[1:]}")
    short = bool(finding.missing)
    provisional = (
        short
        and facts_are_missing(state, finding)
        and (case is None or case.state == "provisional")
    )
    told_state = "provisional" if provisional else ("short" if short else "settled")
    content = visit_content(account, finding, case.case_id if case else None, told_state)
    if content == visit.told or (visit.told is None and not account.changes):
        return []
    visit = replace(visit, told=content, revision=visit.revision + 1)
    state.visits[visit.visit_id] = visit
    payload = {**content, "revision": visit.revision}
    return [Output("visits", "shelf.visit", visit.visit_id, state.now, payload)]


def _ask_for_payments(state: ShelfState, visit: Visit, finding: Finding) -> list[Output]:
    """Ask the cloud once, before a case opens, what became of this visit's payments."""
    if visit.queried:
        return []
    state.visits[visit.visit_id] = replace(visit, queried=True)
    waiting = [
        p for p in finding.payments if p in state.payments and not state.payments[p].is_final
    ]
    return [query_output("short", visit, waiting, state.now)]


def first_state(catalogue: Catalogue) -> ShelfState:
    """A shelf that knows its catalogue and nothing else."""
    state = ShelfState(catalogue=catalogue)
    state.assortment.add(catalogue, 0.0)
    return state
