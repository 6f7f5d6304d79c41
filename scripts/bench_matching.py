"""How fast and how right a Monday morning is decided: 60 removals, 30 payments, five minutes.

Times each input (ticks are inputs too) through `Ledger.take` on a state folder on disk, and through
`advance` alone, in fresh state and with earlier visits still live. Losses are judged by product and
visit over `--mornings` mornings. Exit status 1 where a goal of issue 4 is missed.

    python scripts/bench_matching.py --mornings 50
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.cli.console import print_table, say
from edge_agent.ledger import Ledger, catalogue_of, rules_of
from edge_agent.reported import open_lines
from edge_agent.scoring_losses import LossFigures, loss_figures
from edge_agent.settings import Settings
from edge_agent.shelf.advance import advance, first_state
from edge_agent.shelf.facts import Fact, Tick
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.state import Output, Rules, ShelfState
from edge_agent.simulation.shop import demo_settings
from edge_agent.store.store import Store
from edge_agent.tallies import quantile
from scripts.bench.fact_log import report_of
from scripts.bench.mornings import Morning, morning

MOST_P99_MS, LEAST_RIGHT = 10.0, 0.86
HISTORIES = (0, 250, 500)
# The morning is over when every visit of it has been judged.
AFTERWARDS_S = 1800.0


@dataclass(slots=True)
class Timed:
    """Seconds that each input took, and what was told."""

    seconds: list[float] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)

    def row(self) -> dict[str, float]:
        """Milliseconds at p50, p99 and the most."""
        return {
            name: round(1000.0 * (quantile(self.seconds, share) or 0.0), 3)
            for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1.0))
        }


class Bare:
    """`advance` alone, with the same face and the same memo as the ledger: what the disk costs
    lies between the two."""

    def __init__(self, settings: Settings) -> None:
        self.state: ShelfState = first_state(catalogue_of(settings))
        self._rules: Rules = rules_of(settings)
        self._memo = Memo()

    def take(self, fact: Fact) -> list[Output]:
        """Decide on one fact."""
        return advance(self.state, fact, self._rules, self._memo)


def main() -> int:
    """Measure and print; 1 where a goal is missed."""
    wanted = _arguments()
    settings = demo_settings()
    found: dict[str, Any] = {}
    rows = []
    for history in HISTORIES:
        count = wanted.timed
        for name, run in (("Ledger.take", through_ledger), ("advance", through_advance)):
            timed = Timed()
            for seed in range(1, count + 1):
                timed.seconds += run(settings, *morning(settings, seed, history)).seconds
            found[f"{name}, {history}"] = timed.row()
            rows.append((name, history, len(timed.seconds), *timed.row().values()))
    print_table(
        ["through", "live visits before>", "inputs>", "p50 ms>", "p99 ms>", "max ms>"],
        rows,
        "nothing was measured",
    )
    figures = judged(settings, wanted.mornings)
    tally = figures.by_product
    say(
        f"{wanted.mornings} mornings, losses by product and visit: precision "
        f"{tally.precision or 0.0:.4f}, recall {tally.recall or 0.0:.4f} of {tally.found} found, "
        f"{tally.missed} missed, {tally.false} false (goal {LEAST_RIGHT}); value "
        f"{100 * (figures.value_error or 0.0):+.2f} %"
    )
    found["losses"] = figures.as_dict()
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    slow = any(found[f"Ledger.take, {n}"]["p99_ms"] > MOST_P99_MS for n in HISTORIES)
    right = min(tally.precision or 0.0, tally.recall or 0.0) >= LEAST_RIGHT
    return int(slow or not right)


def through_ledger(settings: Settings, before: Sequence[Fact], crowd: Morning) -> Timed:
    """The morning through a ledger with its store on disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "state")
        try:
            return _timed(Ledger(settings, store), before, crowd)
        finally:
            store.close()


def through_advance(settings: Settings, before: Sequence[Fact], crowd: Morning) -> Timed:
    """The morning through the pure function."""
    return _timed(Bare(settings), before, crowd)


def _timed(shelf: Ledger | Bare, before: Sequence[Fact], crowd: Morning) -> Timed:
    """Seconds of the morning's own inputs, with the ticks that fell due meanwhile."""
    unmeasured, timed = Timed(), Timed()
    for fact in before:
        _take(shelf, fact, unmeasured)
    for fact in crowd.facts:
        _take(shelf, fact, timed)
    end_at = crowd.facts[-1].at + AFTERWARDS_S
    _tick(shelf, end_at, timed)
    return timed


def _take(shelf: Ledger | Bare, fact: Fact, timed: Timed) -> None:
    _tick(shelf, fact.at, timed)
    _one(shelf, fact, timed)


def _tick(shelf: Ledger | Bare, until: float, timed: Timed) -> None:
    while shelf.state.due_at is not None and shelf.state.due_at <= until:
        _one(shelf, Tick(shelf.state.due_at), timed)


def _one(shelf: Ledger | Bare, fact: Fact, timed: Timed) -> None:
    began_s = time.perf_counter()
    outputs = shelf.take(fact)
    timed.seconds.append(time.perf_counter() - began_s)
    timed.outputs += outputs


def judged(settings: Settings, mornings: int) -> LossFigures:
    """The figures of losses over so many mornings in fresh state."""
    whole = LossFigures()
    for seed in range(1, mornings + 1):
        before, crowd = morning(settings, seed)
        told = through_advance(settings, before, crowd).outputs
        lines = open_lines(report_of(output) for output in told)
        # No visits to be honest in, so no cases to hold against them.
        whole += loss_figures(crowd.losses, (), lines, ())
    return whole


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mornings", type=int, default=50, help="judged for losses")
    parser.add_argument("--timed", type=int, default=1, help="timed for each row")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
