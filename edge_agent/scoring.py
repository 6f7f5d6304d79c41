"""Compare what a replay reported with what really happened (contract, section 4). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from edge_agent.reported import (
    OpenLine,
    Report,
    ReportedChange,
    ToldCase,
    open_lines,
    reported_changes,
    told_cases,
)
from edge_agent.score import Score
from edge_agent.scoring_actions import actions, last_of_each, right_actions, split_doubles
from edge_agent.scoring_identities import item_words, judge_identities
from edge_agent.scoring_losses import against_paid, loss_figures, match_losses
from edge_agent.scoring_pairs import any_change, pair_changes, same_items, same_weight
from edge_agent.tallies import Tally
from edge_agent.truth import TrueChange, TrueLoss, TrueVisit, Truth, expected_grams

NO_WEIGHTS: Mapping[str, float] = {}


def score(
    truth: Iterable[Truth],
    reported: Iterable[Report],
    *,
    duration_s: float,
    weights_g: Mapping[str, float] = NO_WEIGHTS,
) -> Score:
    """Score the messages of one replay, as `edge-agent replay` prints them, against the truth.

    The highest revision of a change or case counts; a change that was withdrawn and a case that is
    closed at the end count as never reported. `duration_s` is the recording's length. `weights_g`
    are unit weights by SKU: where a true change has no grams, they tell what it should weigh.
    """
    lines = list(truth)
    reports = list(reported)
    true_changes = sorted((t for t in lines if isinstance(t, TrueChange)), key=lambda t: t.at)
    true_losses = [t for t in lines if isinstance(t, TrueLoss)]
    return _score_changes(true_changes, reported_changes(reports), weights_g) + _score_losses(
        true_losses,
        [t for t in lines if isinstance(t, TrueVisit)],
        open_lines(reports),
        told_cases(reports),
        duration_s,
    )


def _score_changes(
    bare: Sequence[TrueChange], reported: Sequence[ReportedChange], weights_g: Mapping[str, float]
) -> Score:
    true = [
        t if t.grams is not None else replace(t, grams=expected_grams(t.items, weights_g))
        for t in bare
    ]
    named = pair_changes(true, reported, same_items)
    weighed = pair_changes(true, reported, same_weight)
    steps = pair_changes(true, reported, any_change)
    done = actions(true, reported)
    right, wrong_actions = right_actions(done)
    last = last_of_each(done)
    doubles, merged_doubles = split_doubles(done, [t for t, _ in weighed])
    missed, false = _words(true, reported, named)
    unweighed, unreal = _words(true, reported, weighed)
    return Score(
        changes=Tally.of(len(named), len(true), len(reported)),
        weights=Tally.of(len(weighed), len(true), len(reported)),
        steps=Tally.of(len(steps), len(true), len(reported)),
        abstained=sum(not change.items for change in reported),
        actions=right,
        doubles=doubles,
        identities=judge_identities(weighed),
        weight_errors_g=tuple(abs(c.delta_g - t.grams) for t, c in weighed if t.grams is not None),
        weights_expected=sum(t.grams is None for t in bare),
        delays_s=tuple(c.told_at - t.at for t, c in named),
        early_delays_s=tuple(c.told_at - t.at for t, c in weighed),
        gone_delays_s=tuple(c.told_at - t.at for t, c in weighed if id(t) in last),
        missed_changes=missed,
        false_changes=false,
        missed_weights=unweighed,
        false_weights=unreal,
        wrong_actions=wrong_actions,
        merged_doubles=merged_doubles,
    )


def _words(
    true: Sequence[TrueChange],
    reported: Sequence[ReportedChange],
    pairs: Sequence[tuple[TrueChange, ReportedChange]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell in words what no pair has: true changes missed, and reported ones that are false."""
    found = {id(t) for t, _ in pairs}
    matched = {id(c) for _, c in pairs}
    return (
        tuple(f"{t.at:.3f} {t.plate} {item_words(t.items)}" for t in true if id(t) not in found),
        tuple(
            f"{c.settled_at:.3f} {c.plate} {item_words(c.items)} {c.delta_g:+.1f} g ({c.change_id})"
            for c in reported
            if id(c) not in matched
        ),
    )


def _score_losses(
    true: Sequence[TrueLoss],
    visits: Sequence[TrueVisit],
    lines: Sequence[OpenLine],
    cases: Sequence[ToldCase],
    duration_s: float,
) -> Score:
    pairs = match_losses(true, lines)
    missed = [t for n, t in enumerate(true) if n not in pairs]
    matched = set(pairs.values())
    false = [line for m, line in enumerate(lines) if m not in matched]
    figures = loss_figures(true, visits, lines, cases)
    kinds = sorted({t.kind for t in true} | {line.kind for line in lines})
    return Score(
        losses=Tally.of(len(pairs), len(true), len(lines)),
        losses_by_kind={
            kind: Tally.of(
                sum(true[n].kind == kind for n in pairs),
                sum(t.kind == kind for t in true),
                sum(line.kind == kind for line in lines),
            )
            for kind in kinds
        },
        cases_against_paid_visits=(
            figures.accused if visits else len(against_paid(true, lines, pairs))
        ),
        loss_figures=figures,
        recordings=1,
        duration_s=duration_s,
        missed_losses=tuple(f"{t.at:.3f} {t.kind} {t.quantity} × {t.sku}" for t in missed),
        false_losses=tuple(
            f"{line.ended_at:.3f} {line.kind} {line.quantity} × {line.sku} ({line.case_id})"
            for line in false
        ),
    )
