"""The shelf looked over after each input: what differs from what was told last is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge_agent.shelf.cases import facts_are_missing, review_restock, review_visit
from edge_agent.shelf.findings import Finding, find_missing
from edge_agent.shelf.lessons import learn_from_restock, learn_from_visit, suggestions
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.orders import end_of
from edge_agent.shelf.positions import Decided
from edge_agent.shelf.reasons import reasons, reasons_output, restock_reasons
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.restocks import Sold, report_content, report_output, shortfall
from edge_agent.shelf.settling import reckon
from edge_agent.shelf.state import Change, Output, Restock, Rules, ShelfState, Visit
from edge_agent.shelf.stock import book_change
from edge_agent.shelf.telling import query_output, visit_content
from edge_agent.shelf.telling_stock import stock_output


class Review:
    """One look at the whole shelf: reckons it anew, and gathers what is to be told in `outputs`.

    `restocked` are the plates of restocks that are over now; `news` the visits and restocks of
    which anything is new.
    """

    def __init__(self, state: ShelfState, rules: Rules, memo: Memo) -> None:
        self._state, self._rules, self._memo = state, rules, memo
        self.outputs: list[Output] = []
        self.restocked: set[str] = set()
        self.news: set[str] = set()
        suggested = suggestions(state)
        self._shop = reckon(state, rules, memo)
        self._findings = find_missing(state, self._shop, rules)
        for visit_id in self._shop.accounts:
            self._look_at(visit_id)
        if len(memo.reviewed) > 2 * len(state.visits) + 100:
            known = {v: grounds for v, grounds in memo.reviewed.items() if v in state.visits}
            memo.reviewed = known
        memo.library.close(self._shop, self._findings, state, rules)
        if self._count_readings() or suggestions(state) != suggested:
            self.outputs.append(stock_output(state, state.now))
        self._look_at_restocks()

    @property
    def decided(self) -> Decided:
        """What the ledger of units needs to know."""
        return Decided(self._shop.accounts, self._findings, self._shop.sold, self.news)

    def _look_at(self, visit_id: str) -> None:
        """Review a visit, unless everything about it is as it was when it was reviewed last."""
        account, finding = self._shop.accounts[visit_id], self._findings[visit_id]
        state, visit = self._state, self._state.visits[visit_id]
        rivals = (account.rivals[u.key].payments for u in account.unpaid if u.key in account.rivals)
        ties = (*finding.payments, *sorted(account.ties.union(*rivals)))
        if visit.ties != ties:
            state.visits[visit_id] = replace(visit, ties=ties)
        if self._memo.reviewed.get(visit_id) != self._grounds(account, finding):
            self.news.add(visit_id)
            self._review(account, finding)
            self._memo.reviewed[visit_id] = self._grounds(account, finding)
        self.outputs += learn_from_visit(state, account, self._rules)

    def _grounds(self, account: Account, finding: Finding) -> tuple[Any, ...]:
        """All that a review of a visit follows from."""
        state, visit = self._state, account.visit
        case = state.cases.get(visit.case_id)
        return (
            state.now < visit.ended_at + self._rules.visit_gap_s,
            state.now < visit.ended_at + self._rules.grace_s,
            bool(finding.missing) and facts_are_missing(state, finding),
            state.visits[visit.visit_id],
            account.changes,
            account.gone,
            tuple(account.paid.items()),
            account.came_back_later,
            bool(account.unpaid),
            tuple(account.surplus),
            finding,
            tuple(state.payments.get(p) for p in finding.payments),
            state.catalogue,
            case and (case.revision, case.state, case.verdict),
        )

    def _review(self, account: Account, finding: Finding) -> None:
        state, rules, visit = self._state, self._rules, account.visit
        if state.now < visit.ended_at + rules.visit_gap_s:
            return
        if state.now < visit.ended_at + rules.grace_s and (finding.missing or account.unpaid):
            self._ask_for_payments(visit, finding)
            return
        if finding.missing:
            self._ask_for_payments(visit, finding)
        told = review_visit(state, account, finding, rules)
        self.outputs += told
        if told:
            accounts = {**self._memo.library.accounts, **self._shop.accounts}
            shop = replace(self._shop, accounts=accounts)
            payload = reasons(state, shop, visit.visit_id, finding, rules)
            self.outputs.append(reasons_output(visit.case_id, payload, state.now))
        if not visit.unobserved:
            self._tell_visit(account, finding)

    def _tell_visit(self, account: Account, finding: Finding) -> None:
        state, visit = self._state, self._state.visits[account.visit.visit_id]
        case = state.cases.get(visit.case_id)
        short = bool(finding.missing)
        provisional = (
            short
            and facts_are_missing(state, finding)
            and (case is None or case.state == "provisional")
        )
        told_state = "provisional" if provisional else ("short" if short else "settled")
        content = visit_content(account, finding, case.case_id if case else None, told_state)
        if content == visit.told or (visit.told is None and not account.changes):
            return
        visit = replace(visit, told=content, revision=visit.revision + 1)
        state.visits[visit.visit_id] = visit
        payload = {**content, "revision": visit.revision}
        self.outputs.append(Output("visits", "shelf.visit", visit.visit_id, state.now, payload))

    def _ask_for_payments(self, visit: Visit, finding: Finding) -> None:
        """Ask the cloud once, before a case opens, what became of this visit's payments."""
        state = self._state
        if state.visits[visit.visit_id].queried:
            return
        state.visits[visit.visit_id] = replace(state.visits[visit.visit_id], queried=True)
        known = [state.payments[p] for p in finding.payments if p in state.payments]
        waiting = [p.payment_id for p in known if not p.is_final]
        self.outputs.append(query_output("short", visit, waiting, state.now))

    def _count_readings(self) -> bool:
        """Count what payments say of changes that the weight left open; whether a count is new."""
        state, is_new = self._state, False
        for account in self._shop.accounts.values():
            for told in account.changes:
                reading = account.readings.get(told.change_id)
                settled = reading.items if reading is not None else None
                if settled != told.settled:
                    before = state.changes[told.change_id]
                    state.changes[told.change_id] = replace(before, settled=settled)
                    is_new |= book_change(state, before, state.changes[told.change_id])
        return is_new

    def _look_at_restocks(self) -> None:
        """Tell what the restocks brought that are over, and tell it anew where that differs."""
        state, rules = self._state, self._rules
        changes = state.changes_by_restock()
        buyers: dict[str, set[str]] = defaultdict(set)
        for (payment_id, _), restock_id in self._shop.bought.items():
            buyers[restock_id].add(payment_id)
        for restock_id, known in list(state.restocks.items()):
            restock, ties = known, tuple(sorted(buyers[restock_id]))
            if known.ties != ties:
                state.restocks[restock_id] = restock = replace(known, ties=ties)
            ended_at = end_of(restock)
            is_cancelled = restock.order.state == "cancelled"
            if is_cancelled:
                # Were it finished after all, it would be reported anew.
                state.restocks[restock_id] = replace(restock, told=None)
                self.outputs += review_restock(state, restock_id, [], rules)
            if is_cancelled or ended_at is None or state.now < ended_at + rules.visit_gap_s:
                self.news.add(restock_id)
                continue
            self._review_restock(restock, ended_at, changes[restock_id])
            self.outputs += learn_from_restock(state, restock, changes[restock_id], rules)

    def _content_of(
        self, restock: Restock, ended_at: float, changes: Sequence[Change], sold: Sold
    ) -> dict[str, Any]:
        """What is to be told of a restock, reckoned where anything about it is new."""

        def reckon() -> dict[str, Any]:
            self.news.add(restock.order.restock_id)
            return report_content(self._state, restock, ended_at, changes, sold)

        then = self._state.assortment.at(ended_at)
        times = restock.started_at, restock.finished_at
        grounds = (restock.order, *times, then, *changes, *sold.items())
        return self._memo.of(("restock", restock.order.restock_id), grounds, reckon)

    def _review_restock(self, restock: Restock, ended_at: float, changes: Sequence[Change]) -> None:
        state, restock_id = self._state, restock.order.restock_id
        sold = self._shop.sold.get(restock_id, Counter())
        content = self._content_of(restock, ended_at, changes, sold)
        if restock.told == {}:
            # An older agent told it, and kept no word of what.
            state.restocks[restock_id] = replace(restock, told=content)
            return
        if content == restock.told:
            return
        if not restock.reported:
            self.restocked |= {change.plate for change in changes}
        told = replace(restock, told=content, revision=restock.revision + 1)
        state.restocks[restock_id] = told
        self.outputs.append(report_output(told, state.now))
        lines = shortfall(state, told, changes, sold)
        cases = review_restock(state, restock_id, lines, self._rules)
        self.outputs += cases
        if cases:
            payload = restock_reasons(state, restock_id)
            self.outputs.append(reasons_output(restock.case_id, payload, state.now))
