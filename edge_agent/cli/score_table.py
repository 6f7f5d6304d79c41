"""The tables of `edge-agent score`."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.cli.console import print_table, say
from edge_agent.reliability import calibration_error, equal_bins, fixed_bins
from edge_agent.score import Score, Share, Tally, quantile

Row = tuple[str, object, object]


def print_score(score: Score, *, verbose: bool = False) -> None:
    """Print what was found of what happened, how exactly, how soon, and how surely."""
    print_table(
        ["", "true>", "found>", "missed>", "false>", "precision>", "recall>", "F1>", "false/h>"],
        [
            _row("changes, items right", score.changes, score),
            _row("changes, weight right", score.weights, score),
            _row("changes, told at all", score.steps, score),
            _row("losses, by product and visit", score.loss_figures.by_product, score),
            _row("losses, kind and quantity right", score.losses, score),
            *(
                _row(f"  {kind}", tally, score)
                for kind, tally in sorted(score.losses_by_kind.items())
            ),
        ],
        "nothing to compare",
    )
    print_table(
        ["", "figure>", "of>"],
        [*_weight_rows(score), *_identity_rows(score)],
        "nothing to compare",
    )
    _print_losses(score)
    say(
        f"{score.recordings} recordings, {score.duration_s / 3600:.2f} h; "
        f"cases against visits paid in full: {score.cases_against_paid_visits}; "
        f"replayed in {score.cpu_s:.1f} s of processor time, "
        f"{_number(score.core_percent, 2)} % of a core for {_number(score.plates, 0)} plates"
    )
    if score.weights_expected:
        say(
            f"{score.weights_expected} true changes have no grams: they were held against their "
            "products' weights, and the weight error has the units' own spread in it"
        )
    if verbose:
        _print_reliability(score)
        _print_words(score)


def _print_losses(score: Score) -> None:
    """Print how sure the figures of losses are, their value, and who was told of wrongly."""
    figures = score.loss_figures
    rows: list[Row] = []
    for name, tally in (
        ("losses, kind and quantity right", score.losses),
        ("losses, by product and visit", figures.by_product),
    ):
        told, true = tally.found + tally.false, tally.found + tally.missed
        intervals = tally.intervals()
        rows += [
            (f"{name}: precision, 95 %", _interval(intervals["precision_interval"]), told),
            (f"{name}: recall, 95 %", _interval(intervals["recall_interval"]), true),
        ]
    error = figures.value_error
    rows.append(
        (
            "value of losses told against the true one",
            "–" if error is None else f"{100 * error:+.2f} %",
            f"{figures.value_true / 100:.2f}",
        )
    )
    honest = figures.honest
    if honest.of:
        rows += [
            ("visits paid in full with a case", figures.accused, honest.of),
            ("… whose case was closed again", figures.passing_cases, honest.of),
        ]
    print_table(["", "figure>", "of>"], rows, "nothing to compare")


def _weight_rows(score: Score) -> list[Row]:
    errors = score.weight_errors_g
    return [
        ("whole action weighs right", _percent(score.actions), score.actions.of),
        *(
            (f"doubles {gap} s apart split", _percent(split), split.of)
            for gap, split in score.doubles.items()
        ),
        ("doubles from 0.6 s apart split", _percent(score.clear_doubles), score.clear_doubles.of),
        ("weight error, median", f"{_number(quantile(errors, 0.5), 3)} g", len(errors)),
        ("weight error, 95 %", f"{_number(quantile(errors, 0.95), 3)} g", ""),
        *_delay_rows("first told after the hand has gone", score.gone_delays_s),
        *_delay_rows("first told after it happened", score.early_delays_s),
        *_delay_rows("… of those with items right", score.delays_s),
    ]


def _delay_rows(what: str, delays_s: Sequence[float]) -> list[Row]:
    return [
        (f"{what}, p50", f"{_number(quantile(delays_s, 0.5), 2)} s", len(delays_s)),
        (f"{what}, p99", f"{_number(quantile(delays_s, 0.99), 2)} s", ""),
    ]


def _identity_rows(score: Score) -> list[Row]:
    known = score.identities
    claims = known.claims
    return [
        ("accepted identities right", _percent(known.accepted), known.accepted.of),
        ("identities abstained from", _percent(known.abstained), known.abstained.of),
        ("… with the truth among the alternatives", _percent(known.alternatives),
         known.alternatives.of),
        ("calibration error, bins of equal mass",
         _number(calibration_error(equal_bins(claims)), 4), len(claims)),
        ("calibration error, ten fixed bins",
         _number(calibration_error(fixed_bins(claims)), 4), len(claims)),
    ]  # fmt: skip


def _print_reliability(score: Score) -> None:
    """Print what share was right of what was told with about the same confidence."""
    claims = score.identities.claims
    for title, bins in (("fixed", fixed_bins(claims)), ("of equal mass", equal_bins(claims))):
        print_table(
            [f"told with (bins {title})", "n>", "mean confidence>", "right>", "too sure by>"],
            [
                (
                    f"{b.low:.4f} to {b.high:.4f}",
                    b.count,
                    f"{b.confidence:.4f}",
                    f"{b.right:.4f}",
                    f"{b.confidence - b.right:+.4f}",
                )
                for b in bins
            ],
            "no confidences were told",
        )


def _print_words(score: Score) -> None:
    for title, rows in (
        ("missed change", score.missed_changes),
        ("false change", score.false_changes),
        ("missed by weight", score.missed_weights),
        ("false by weight", score.false_weights),
        ("wrong action", score.wrong_actions),
        ("double not split", score.merged_doubles),
        ("wrong identity", score.identities.wrong),
        ("missed loss", score.missed_losses),
        ("false loss", score.false_losses),
        ("wrong by product and visit", score.loss_figures.words),
    ):
        for row in rows:
            say(f"{title}: {row}")


def _row(name: str, tally: Tally, score: Score) -> list[object]:
    return [
        name,
        tally.found + tally.missed,
        tally.found,
        tally.missed,
        tally.false,
        _number(tally.precision, 4),
        _number(tally.recall, 4),
        _number(tally.f1, 4),
        _number(score.per_hour(tally.false), 2),
    ]


def _interval(interval: list[float] | None) -> str:
    return "–" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _percent(share: Share) -> str:
    return "–" if share.share is None else f"{100 * share.share:.2f} %"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
