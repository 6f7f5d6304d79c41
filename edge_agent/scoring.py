"""Compare what a replay reported with what really happened (contract, section 4). Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from edge_agent.reported import OpenLine, Report, ReportedChange, open_lines, reported_changes
from edge_agent.score import Score, Tally
from edge_agent.truth import Items, TrueChange, TrueLoss, Truth

SETTLES_WITHIN_S = 2.0
"""How far from a change's true time it may settle (contract, section 4)."""

NEAR_VISIT_S = 900.0
"""How far from a visit a loss may be and still be meant by its case: one may be decided later."""

IN_VISIT_S = 30.0
"""How far outside a visit's reported times its losses may lie: hands are seen late."""

AT_ANY_TIME = frozenset({"refunded", "unobserved", "restock_shortfall"})
"""Kinds that show long after the goods left, or that belong to no visit."""


def score(truth: Iterable[Truth], reported: Iterable[Report], *, duration_s: float) -> Score:
    """Score the messages of one replay, as `edge-agent replay` prints them, against the truth.

    The highest revision of a change or case counts; a change that was withdrawn and a case that is
    closed at the end count as never reported. `duration_s` is the recording's length.
    """
    lines = list(truth)
    reports = list(reported)
    true_changes = sorted((t for t in lines if isinstance(t, TrueChange)), key=lambda t: t.at)
    true_losses = [t for t in lines if isinstance(t, TrueLoss)]
    return _score_changes(true_changes, reported_changes(reports)) + _score_losses(
        true_losses, open_lines(reports), duration_s
    )


def _score_changes(true: Sequence[TrueChange], reported: Sequence[ReportedChange]) -> Score:
    pairs = _match_changes(true, reported, with_items=True)
    steps = _match_changes(true, reported, with_items=False)
    matched = {id(change) for _, change in pairs}
    found = {id(change) for change, _ in pairs}
    return Score(
        changes=_tally(len(pairs), len(true), len(reported)),
        steps=_tally(len(steps), len(true), len(reported)),
        abstained=sum(not change.items for change in reported),
        weight_errors_g=tuple(
            abs(change.delta_g - t.grams) for t, change in steps if t.grams is not None
        ),
        delays_s=tuple(change.told_at - t.at for t, change in pairs),
        missed_changes=tuple(
            f"{t.at:.3f} {t.plate} {_told(t.items)}" for t in true if id(t) not in found
        ),
        false_changes=tuple(
            f"{c.settled_at:.3f} {c.plate} {_told(c.items)} {c.delta_g:+.1f} g ({c.change_id})"
            for c in reported
            if id(c) not in matched
        ),
    )


def _match_changes(
    true: Sequence[TrueChange], reported: Sequence[ReportedChange], *, with_items: bool
) -> list[tuple[TrueChange, ReportedChange]]:
    """Pair each true change with one reported, as many as possible.

    Windows on one plate begin and end in the order of the truth, so taking the earliest report that
    fits, truth by truth, leaves none unpaired that could be.
    """
    until = _windows(true)
    waiting: dict[object, list[ReportedChange]] = defaultdict(list)
    for change in sorted(reported, key=lambda c: c.settled_at):
        waiting[(change.plate, change.items if with_items else None)].append(change)
    pairs = []
    for n, t in enumerate(true):
        candidates = waiting[(t.plate, t.items if with_items else None)]
        while candidates and candidates[0].settled_at < t.at - SETTLES_WITHIN_S:
            candidates.pop(0)
        if candidates and candidates[0].settled_at <= until[n]:
            pairs.append((t, candidates.pop(0)))
    return pairs


def _windows(true: Sequence[TrueChange]) -> list[float]:
    """Until when each true change may be told: for 2 s, or until the next one on its plate."""
    until = [math.inf] * len(true)
    latest: dict[str, int] = {}
    for n, t in enumerate(true):
        if t.plate in latest:
            before = latest[t.plate]
            until[before] = max(true[before].at + SETTLES_WITHIN_S, t.at)
        latest[t.plate] = n
    return until


def _score_losses(true: Sequence[TrueLoss], lines: Sequence[OpenLine], duration_s: float) -> Score:
    pairs = _match_losses(true, lines)
    missed = [t for n, t in enumerate(true) if n not in pairs]
    matched = set(pairs.values())
    false = [line for m, line in enumerate(lines) if m not in matched]
    true_cases = {lines[m].case_id for m in matched}
    kinds = sorted({t.kind for t in true} | {line.kind for line in lines})
    return Score(
        losses=_tally(len(pairs), len(true), len(lines)),
        losses_by_kind={
            kind: _tally(
                sum(true[n].kind == kind for n in pairs),
                sum(t.kind == kind for t in true),
                sum(line.kind == kind for line in lines),
            )
            for kind in kinds
        },
        cases_against_paid_visits=len(_cases_against_paid(true, false, true_cases)),
        recordings=1,
        duration_s=duration_s,
        missed_losses=tuple(f"{t.at:.3f} {t.kind} {t.quantity} × {t.sku}" for t in missed),
        false_losses=tuple(
            f"{line.ended_at:.3f} {line.kind} {line.quantity} × {line.sku} ({line.case_id})"
            for line in false
        ),
    )


def _match_losses(true: Sequence[TrueLoss], lines: Sequence[OpenLine]) -> dict[int, int]:
    """Pair losses with case lines of the same kind, SKU and quantity, the nearest visits first."""
    candidates = []
    for n, t in enumerate(true):
        for m, line in enumerate(lines):
            same = (t.kind, t.sku, t.quantity) == (line.kind, line.sku, line.quantity)
            far = line.distance_s(t.at)
            if same and (far <= NEAR_VISIT_S or t.kind in AT_ANY_TIME):
                candidates.append((far, abs(line.ended_at - t.at), n, m))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, n, m in sorted(candidates):
        if n not in pairs and m not in taken:
            pairs[n] = m
            taken.add(m)
    return pairs


def _cases_against_paid(
    true: Sequence[TrueLoss], false: Sequence[OpenLine], true_cases: set[str]
) -> set[str]:
    """Name the cases against visits in which nothing was lost at all."""
    return {
        line.case_id
        for line in false
        if line.visit_id is not None
        and line.case_id not in true_cases
        and not any(line.distance_s(t.at) <= IN_VISIT_S for t in true)
    }


def _tally(found: int, true: int, reported: int) -> Tally:
    return Tally(found=found, missed=true - found, false=reported - found)


def _told(items: Items) -> str:
    return ", ".join(f"{quantity:+d} × {sku}" for sku, quantity in items) or "nothing told"
