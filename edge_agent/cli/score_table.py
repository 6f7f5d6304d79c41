"""The tables of `edge-agent score`."""

from __future__ import annotations

from edge_agent.cli.console import print_table, say
from edge_agent.score import Score, Tally, quantile


def print_score(score: Score, *, verbose: bool = False) -> None:
    """Print what was found of what happened, how exactly and how soon."""
    print_table(
        ["", "true>", "found>", "missed>", "false>", "precision>", "recall>", "F1>"],
        [
            _row("changes, items right", score.changes),
            _row("changes, whatever items", score.steps),
            _row("losses", score.losses),
            *(_row(f"  {kind}", tally) for kind, tally in sorted(score.losses_by_kind.items())),
        ],
        "nothing to compare",
    )
    say(
        f"{score.recordings} recordings, {score.duration_s / 3600:.2f} h; "
        f"cases against visits paid in full: {score.cases_against_paid_visits}; "
        f"false changes an hour: {_number(score.false_changes_per_hour, 2)}; "
        f"abstained: {score.abstained}"
    )
    say(
        f"weight error median {_number(quantile(score.weight_errors_g, 0.5), 2)} g, "
        f"95 % {_number(quantile(score.weight_errors_g, 0.95), 2)} g; "
        f"told after p50 {_number(quantile(score.delays_s, 0.5), 2)} s, "
        f"p99 {_number(quantile(score.delays_s, 0.99), 2)} s"
    )
    if verbose:
        for title, rows in (
            ("missed changes", score.missed_changes),
            ("false changes", score.false_changes),
            ("missed losses", score.missed_losses),
            ("false losses", score.false_losses),
        ):
            for row in rows:
                say(f"{title}: {row}")


def _row(name: str, tally: Tally) -> list[object]:
    return [
        name,
        tally.found + tally.missed,
        tally.found,
        tally.missed,
        tally.false,
        _number(tally.precision, 4),
        _number(tally.recall, 4),
        _number(tally.f1, 4),
    ]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
