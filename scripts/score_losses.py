"""Score losses on simulated days with every way to pay and not to pay: `--seeds 9201:9220`.

A day is simulated and weighed once (minutes); what the ledger was told of it is kept in the folder
`--facts`, and later runs only decide anew, so that a change in matching is measured in seconds.
Prints each figure beside its goal; `--worst` also lists what was judged wrongly, by cause.

    python scripts/score_losses.py --seeds 9101:9110 --facts /tmp/lossfacts --worst 20
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.cli.console import print_table, say
from edge_agent.score import Score, total
from edge_agent.scoring import score as judge
from edge_agent.tallies import Tally, quantile
from edge_agent.truth import Truth
from scripts.bench.fact_log import Day, Decided, decide, keep, load
from scripts.bench.loss_causes import Causes

LEAST_RIGHT, MOST_VALUE_ERROR, LEAST_HONEST = 0.97, 0.03, 5000
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """One day decided and judged."""

    seed: int
    score: Score
    truth: list[Truth]
    decided: Decided


def main() -> int:
    """Simulate what is not kept yet, decide, judge, and print; 1 where a goal is missed."""
    wanted = _arguments()
    first, last = (int(seed) for seed in wanted.seeds.split(":"))
    day = Day(wanted.hours, wanted.visits_per_hour, wanted.adversarial, wanted.profile)
    with tempfile.TemporaryDirectory() as folder:
        facts = wanted.facts or Path(folder)
        one = partial(judged, day=day, facts=facts)
        days = list(_mapped(one, range(first, last + 1), wanted.jobs))
    whole = total(each.score for each in days)
    rows, missed = table(whole)
    print_table(["losses", "figure>", "95 %>", "of>", "goal"], rows, "nothing to judge")
    inputs_ms = [1000.0 * each_s for each in days for each_s in each.decided.input_s]
    say(
        f"{len(days)} days, {len(inputs_ms)} inputs of changes and messages; decided in ms: "
        + ", ".join(f"p{q:g} {quantile(inputs_ms, q / 100) or 0.0:.2f}" for q in (50, 99, 100))
    )
    if wanted.worst:
        _print_worst(days, wanted.worst, wanted.examples)
    if wanted.json:
        wanted.json.write_text(json.dumps(whole.as_dict(), indent=1) + "\n", encoding="utf-8")
    return int(missed)


def judged(seed: int, day: Day, facts: Path) -> Judged:
    """Decide one day anew and judge it; simulate it first where it is not kept."""
    name = f"{seed}-{day.hours:g}h-{day.visits_per_hour:g}-{day.adversarial:g}-{day.profile}"
    file = facts / f"{name}.json.gz"
    if not file.exists():
        print(f"simulating and weighing {name} …", file=sys.stderr, flush=True)
        keep(seed, day, file)
    log = load(file)
    decided = decide(log)
    scored = judge(log.truth, decided.reports, duration_s=log.duration_s)
    return Judged(seed, scored, log.truth, decided)


def _mapped(one: partial[Judged], seeds: range, jobs: int) -> Iterator[Judged]:
    if jobs == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(one, seeds)


def table(score: Score) -> tuple[list[Row], bool]:
    """The figures beside their goals, and whether one of them is missed."""
    figures = score.loss_figures
    rows = [
        *_tally_rows("kind, product and quantity", score.losses),
        *_tally_rows("product and visit, units", figures.by_product),
    ]
    error = figures.value_error
    rows.append(
        (
            "loss value against the truth",
            "–" if error is None else f"{100 * error:+.2f} %",
            "",
            f"{figures.value_true / 100:.0f}",
            _goal(error is not None and abs(error) <= MOST_VALUE_ERROR, "within 3 %"),
        )
    )
    is_fair = figures.accused == 0 and figures.honest.of >= LEAST_HONEST
    rows += [
        (
            "visits paid in full with a case",
            str(figures.accused),
            "",
            str(figures.honest.of),
            _goal(is_fair, f"0 of {LEAST_HONEST} and more"),
        ),
        ("… whose case closed again", str(figures.passing_cases), "", "", ""),
    ]
    missed = any("MISSED" in row[-1] for row in rows)
    rows += [row for kind, t in score.losses_by_kind.items() for row in _tally_rows(kind, t, "")]
    return rows, missed


def _tally_rows(name: str, tally: Tally, goal: str = f"at least {LEAST_RIGHT}") -> list[Row]:
    intervals = tally.intervals()
    rows = []
    for what, share, of in (
        ("precision", tally.precision, tally.found + tally.false),
        ("recall", tally.recall, tally.found + tally.missed),
    ):
        interval = intervals[f"{what}_interval"]
        rows.append(
            (
                f"{name}: {what}",
                "–" if share is None else f"{share:.4f}",
                "" if interval is None else f"{interval[0]:.3f}–{interval[1]:.3f}",
                str(of),
                _goal(share is not None and share >= LEAST_RIGHT, goal) if goal else "",
            )
        )
    return rows


def _goal(is_met: bool, goal: str) -> str:
    return goal if is_met else f"{goal}   MISSED"


def _print_worst(days: list[Judged], most: int, examples: int) -> None:
    causes = Causes()
    for each in days:
        causes.add(str(each.seed), each.truth, each.decided.reports)
    print_table(
        ["what was judged wrongly", "visits>", "of>", "value>"],
        [
            (c.words, causes.count[c], causes.visits[c.plot], f"{causes.value[c] / 100:.2f}")
            for c in causes.worst(most)
        ],
        "nothing",
    )
    for cause in causes.worst(most):
        for example in causes.examples[cause][:examples]:
            say(f"{cause.plot} — {example}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="9101:9102", help="first and last seed, as 9201:9220")
    parser.add_argument("--hours", type=float, default=12.0, help="length of a day")
    parser.add_argument("--visits-per-hour", type=float, default=30.0, help="in an ordinary hour")
    parser.add_argument("--adversarial", type=float, default=0.4, help="share of such visits")
    parser.add_argument("--profile", default="default", help="of the simulated shelf")
    parser.add_argument("--facts", type=Path, help="folder that keeps what weighing told")
    parser.add_argument("--jobs", type=int, default=1, help="days at the same time")
    parser.add_argument("--worst", type=int, default=0, help="list so many causes of errors")
    parser.add_argument("--examples", type=int, default=1, help="… with so many examples each")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
