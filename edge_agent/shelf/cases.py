"""The life of a case: opened when a visit stays short, revised as facts come, then closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edge_agent.shelf.findings import Finding
from edge_agent.shelf.loss_lines import LossLine, loss_lines
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import Case, CaseState, Output, Resolution, Rules, ShelfState
from edge_agent.shelf.telling import case_content
from edge_agent.shelf.wording import explain, explain_restock
from edge_agent.shelf.wording_closed import explain_closed, with_verdict
from edge_agent.times import rfc3339

# Payments queued while the cloud was away arrive within this after the connection is back.
RECONNECT_SETTLE_S = 60.0


def facts_are_missing(state: ShelfState, finding: Finding) -> bool:
    """Whether a finding can only be provisional for now."""
    reachable = state.link_up and state.now >= state.link_since + RECONNECT_SETTLE_S
    return not reachable or not state.clock_trusted or finding.waits_for_payment


@dataclass(frozen=True, slots=True)
class _Review:
    """What a case is to say: its content without an explanation, and how it is explained.

    `explained` takes the state it will be told in; `mended` is how it ends when no line is left,
    `explained_mended` takes what was told last then. `about` are the changes it is found in;
    `waits` for a payment that is under way.
    """

    case_id: str
    visit_id: str | None
    content: dict[str, Any]
    stage: CaseState
    explained: Callable[[CaseState], str]
    mended: Resolution
    explained_mended: Callable[[dict[str, Any]], str]
    about: tuple[str, ...] = ()
    waits: bool = False


def review_visit(
    state: ShelfState, account: Account, finding: Finding, rules: Rules
) -> list[Output]:
    """Open, revise, reopen or close the case of a visit whose grace is over."""
    visit = account.visit
    case_id = visit.case_id
    excused = _excused(state, case_id)
    missing = [m for m in finding.missing if m.unit.change_id not in excused]
    lines = loss_lines(missing, state)
    if not lines and case_id not in state.cases:
        return []
    # Nothing gone any more: it came back, or it never left and the change was taken back.
    is_back = account.came_back_later or not account.gone
    mended: Resolution = "returned" if is_back else "paid"
    return _settle(
        state,
        _Review(
            case_id,
            visit.visit_id,
            case_content(lines, account, finding, rules),
            "provisional" if facts_are_missing(state, finding) else "open",
            lambda stage: explain(lines, account, finding, state, rules, stage),
            mended,
            lambda told: explain_closed(told, mended, account, state, rules),
            tuple(change.change_id for change in account.changes),
            finding.waits_for_payment,
        ),
    )


def _excused(state: ShelfState, case_id: str) -> set[str]:
    """Changes of which a person said, in another case, that nothing is missing: a visit may get
    another name when more of it becomes known."""
    return {
        change_id
        for case in state.cases.values()
        if case.verdict == "dismissed" and case.case_id != case_id
        for change_id in case.about
    }


def review_restock(
    state: ShelfState, restock_id: str, lines: Sequence[LossLine], rules: Rules
) -> list[Output]:
    """Open, revise or close the case of a restock that came short."""
    restock = state.restocks[restock_id]
    if not lines and restock.case_id not in state.cases:
        return []
    content = case_content(lines, None, None, rules)
    if restock.started_at is not None and restock.finished_at is not None:
        content["started_at"] = rfc3339(restock.started_at)
        content["ended_at"] = rfc3339(restock.finished_at)
    return _settle(
        state,
        _Review(
            restock.case_id,
            None,
            content,
            "open",
            lambda stage: explain_restock(lines, restock, state, rules),
            "returned",
            lambda told: explain_closed(told, "returned", None, state, rules),
        ),
    )


def _settle(state: ShelfState, review: _Review) -> list[Output]:
    case = state.cases.get(review.case_id)
    if case is not None and case.verdict == "dismissed":
        return []
    content, stage, resolution = _told(case, review)
    if case is not None and (case.told, case.state, case.resolution) == (
        content,
        stage,
        resolution,
    ):
        return []
    case = Case(
        case_id=review.case_id,
        visit_id=review.visit_id,
        state=stage,
        revision=case.revision + 1 if case else 1,
        opened_at=case.opened_at if case else state.now,
        resolution=resolution,
        verdict=case.verdict if case else None,
        told=content,
        about=review.about,
    )
    state.cases[review.case_id] = case
    return [case_output(case, state.now)]


def _told(
    case: Case | None, review: _Review
) -> tuple[dict[str, Any], CaseState, Resolution | None]:
    """The content, state and resolution that a case should have now."""
    if not review.content["lines"]:
        # A closed case keeps saying what it was about.
        before = case.told if case is not None else review.content
        kept = {k: before[k] for k in ("lines", "value", "confidence")}
        content = {**review.content, **kept, "explanation": review.explained_mended(before)}
        return content, "closed", review.mended
    if case is not None and case.verdict == "confirmed":
        if all(case.told[key] == value for key, value in review.content.items()):
            return case.told, "closed", "confirmed"
        explanation = with_verdict(review.explained("open"), "confirmed")
        return {**review.content, "explanation": explanation}, "closed", "confirmed"
    stage = review.stage
    if case is not None and case.state == "open" and not review.waits:
        # What was found with all the facts stays found when the cloud goes away later.
        stage = "open"
    return {**review.content, "explanation": review.explained(stage)}, stage, None


def judge(state: ShelfState, case_id: str, verdict: Any) -> list[Output]:
    """Close a case by a person's word; nothing happens to one that is not known or judged so."""
    case = state.cases.get(case_id)
    if case is None or case.verdict == verdict:
        return []
    explanation = with_verdict(case.told["explanation"], verdict)
    case = replace(
        case,
        state="closed",
        resolution=verdict,
        verdict=verdict,
        revision=case.revision + 1,
        told={**case.told, "explanation": explanation},
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
