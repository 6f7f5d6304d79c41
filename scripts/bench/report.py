"""The tables: for the terminal, and as Markdown between two marks of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_agent.tallies import quantile
from scripts.bench.cost import Cost
from scripts.bench.judging import Outcome
from scripts.bench.real import RealResult
from scripts.bench.signals import SCENES

BEGIN, END = "<!-- bench_weighing: begin -->", "<!-- bench_weighing: end -->"

Row = Sequence[str]
Results = Mapping[str, Mapping[str, Outcome]]
"""Outcomes by scene and detector."""

COLUMNS = (
    "detector", "F1", "precision", "recall", "whole action right", "doubles from 0.6 s split",
    "error median / 95 % (g)", "told after the hand p50 / p99 (s)", "false an hour",
)  # fmt: skip


def scene_rows(outcomes: Mapping[str, Outcome]) -> list[Row]:
    """One row a detector."""
    return [
        (
            name,
            number(o.found.f1, 3),
            number(o.found.precision, 3),
            number(o.found.recall, 3),
            percent(o.actions.share),
            f"{percent(o.doubles.share)} of {o.doubles.of}" if o.doubles.of else "–",
            pair(o.errors_g, 0.5, 0.95),
            pair(o.delays_s, 0.5, 0.99),
            number(o.found.false / o.hours if o.hours else None, 2),
        )
        for name, o in outcomes.items()
    ]


def scene_title(scene: str, outcomes: Mapping[str, Outcome]) -> str:
    """What the scene is, how long it was and how many changes are true."""
    one = next(iter(outcomes.values()))
    true = one.found.found + one.found.missed
    return f"{SCENES[scene].title}: {one.hours:.1f} h, {true} true changes"


COST_COLUMNS = ("detector", "CPU s for a million samples", "64 plates at 80/s, % of a core")


def cost_rows(costs: Mapping[str, Cost]) -> list[Row]:
    """One row a detector."""
    return [(n, f"{c.per_million_s:.2f}", f"{c.core_percent:.2f}") for n, c in costs.items()]


REAL_COLUMNS = (
    "detector", "store: the bottle", "store: false", "log: told while still",
    "log: its steps found", "log: false among them",
)  # fmt: skip


def real_rows(results: Mapping[str, RealResult]) -> list[Row]:
    """One row a detector; dashes where the recordings are not here."""
    return [
        (
            name,
            "–" if r.bottle is None else "found" if r.bottle else "missed",
            number(r.store_false, 0),
            number(r.log_still, 0),
            f"{number(r.log_steps, 0)} of {r.log_of}" if r.log_of else "–",
            number(r.log_false, 0),
        )
        for name, r in results.items()
    ]


def markdown(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A table in Markdown, figures flush right."""
    lines = ["| " + " | ".join(columns) + " |", "|---|" + "--:|" * (len(columns) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def put_between_marks(page: Path, text: str) -> None:
    """Replace what stands between the two marks of a page; SystemExit where it has none."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} lacks the lines {BEGIN} and {END}; put them where it shall go")
    page.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}", encoding="utf-8")


def number(value: float | None, digits: int) -> str:
    """A figure that may be missing."""
    return "–" if value is None else f"{value:.{digits}f}"


def percent(share: float | None) -> str:
    """A share that may be missing."""
    return "–" if share is None else f"{100 * share:.1f} %"


def pair(values: Sequence[float], low: float, high: float) -> str:
    """Two quantiles of the same figures."""
    if not values:
        return "–"
    return " / ".join(number(quantile(values, share), 2) for share in (low, high))
