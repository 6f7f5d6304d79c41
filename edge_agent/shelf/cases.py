"""The life of a case: opened when a visit stays short, revised as facts come, then closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge_agent.shelf.findings import Finding, LossLine, loss_lines
from edge_agent.shelf.reckoning import Account
from edge_agent.shelf.state import Case, CaseState, Output, Resolution, Rules, ShelfState
from edge_agent.shelf.telling import case_content, explain_mended
from edge_agent.times import rfc3339

# Payments queued while the cloud was away arrive within this after the connection is back.
RECONNECT_SETTLE_S = 60.0


def facts_are_missing(state: ShelfState, finding: Finding) -> bool:
    """Whether a finding can only be provisional for now."""
    reachable = state.link_up and state.now >= state.link_since + RECONNECT_SETTLE_S
    return not reachable or not state.clock_trusted or finding.waits_for_payment


def review_visit(
    state: ShelfState, account: Account, finding: Finding, rules: Rules
) -> list[Output]:
    """Open, revise, reopen or close the case of a visit whose grace is over."""
    visit = account.visit
    lines = loss_lines(finding.missing, state)
    case_id = f"C{visit.visit_id[1:]}"
    if not lines and case_id not in state.cases:
        return []
    content = case_content(lines, account, finding, rules)
    stage: CaseState = "provisional" if facts_are_missing(state, finding) else "open"
    # Nothing gone any more: it came back, or it never left and the change was taken back.
    is_back = account.came_back_later or not account.gone
    mended: Resolution = "returned" if is_back else "paid"
    return _settle(state, case_id, visit.visit_id, content, stage, mended)


def review_restock(
    state: ShelfState, restock_id: str, lines: Sequence[LossLine], rules: Rules
) -> list[Output]:
    """Open or revise the case of a restock that came short."""
    case_id = f"R{restock_id}"
    if not lines and case_id not in state.cases:
        return []
    content = case_content(lines, None, None, rules)
    restock = state.restocks[restock_id]
    if restock.started_at is not None and restock.finished_at is not None:
        content["started_at"] = rfc3339(restock.started_at)
        content["ended_at"] = rfc3339(restock.finished_at)
    return _settle(state, case_id, None, content, "open", "returned")


def _settle(
    state: ShelfState,
    case_id: str,
    visit_id: str | None,
    content: dict[str, Any],
    stage: CaseState,
    mended: Resolution,
) -> list[Output]:
    case = state.cases.get(case_id)
    resolution: Resolution | None = None
    if not content["lines"]:
        stage, resolution = "closed", mended
    if case is not None:
        if case.verdict == "dismissed":
            return []
        if case.verdict == "confirmed" and content["lines"]:
            stage, resolution = "closed", "confirmed"
        if case.state == "open" and stage == "provisional":
            # What was found with all the facts stays found when the cloud goes away later.
            stage = "open"
        if not content["lines"]:
            # A closed case keeps saying what it was about.
            kept = {k: case.told[k] for k in ("lines", "value", "confidence")}
            story = explain_mended(kept["lines"], mended)
            content = {**content, **kept, "explanation": story}
        if (case.told, case.state, case.resolution) == (content, stage, resolution):
            return []
    case = Case(
        case_id=case_id,
        visit_id=visit_id,
        state=stage,
        revision=case.revision + 1 if case else 1,
        opened_at=case.opened_at if case else state.now,
        resolution=resolution,
        verdict=case.verdict if case else None,
        told=content,
    )
    state.cases[case_id] = case
    return [case_output(case, state.now)]


def judge(state: ShelfState, case_id: str, verdict: Any) -> list[Output]:
    """Close a case by a person's word; nothing happens to one that is not known or judged so."""
    case = state.cases.get(case_id)
    if case is None or case.verdict == verdict:
        return []
    case = replace(
        case, state="closed", resolution=verdict, verdict=verdict, revision=case.revision + 1
    )
    state.cases[case_id] = case
    return [case_output(case, state.now)]


def case_output(case: Case, at: float) -> Output:
    """Tell a case at its present revision."""
    payload = {
        "case_id": case.case_id,
        "revision": case.revision,
        "state": case.state,
        **case.told,
        "opened_at": rfc3339(case.opened_at),
        "resolution": case.resolution,
    }
    return Output("losses", "shelf.loss", case.case_id, at, payload)
