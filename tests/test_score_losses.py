"""The measures of losses: a kept day decides like its recording, and every figure is printed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from edge_agent.recordings import Recording
from edge_agent.replaying import replay
from edge_agent.reported import open_lines, reported_changes
from edge_agent.shelf.facts import ChangeFact, PaymentFact
from edge_agent.simulation.recording import simulate
from edge_agent.simulation.shop import demo_settings
from edge_agent.simulation.variation import Variation
from edge_agent.truth import TrueLoss, TrueVisit, Truth
from scripts.bench.fact_log import Day, decide, keep, load
from scripts.bench.loss_causes import Causes
from scripts.bench.mornings import LASTS_S, MONDAY_AT, PAYING, REMOVALS, morning
from scripts.bench_matching import through_advance, through_ledger
from scripts.bench_year import Course, run

SCRIPT = Path(__file__).parents[1] / "scripts" / "score_losses.py"
SHORT = Day(hours=0.2, visits_per_hour=40.0)
SEED = 3


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts")
    keep(SEED, SHORT, folder / f"{SEED}-0.2h-40-0.4-default.json.gz")
    return folder


@pytest.fixture(scope="module")
def kept(facts: Path) -> Path:
    return next(facts.glob("*.json.gz"))


@pytest.mark.slow
def test_a_kept_day_decides_as_its_recording_replays(kept: Path, tmp_path: Path) -> None:
    simulate(
        SEED, SHORT.hours, tmp_path, visits_per_hour=SHORT.visits_per_hour,
        variation=Variation(adversarial=SHORT.adversarial),
    )  # fmt: skip
    recording = Recording(tmp_path)
    replayed = list(replay(recording))
    log = load(kept)
    assert log.truth == recording.truth()
    decided = decide(log).reports
    assert open_lines(decided) == open_lines(replayed)
    assert [(c.plate, c.items) for c in reported_changes(decided)] == [
        (c.plate, c.items) for c in reported_changes(replayed)
    ]


def test_a_kept_day_decides_the_same_again(kept: Path) -> None:
    log = load(kept)
    first, again = decide(log), decide(log)
    assert first.reports == again.reports
    assert len(first.input_s) == sum("settled" not in entry for entry in log.entries)


def test_the_script_prints_every_figure_and_uses_what_was_kept(facts: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--seeds", f"{SEED}:{SEED}", "--hours", "0.2",
         "--visits-per-hour", "40", "--facts", str(facts), "--worst", "5",
         "--json", str(tmp_path / "found.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # never 5,000 honest visits in minutes
    assert "simulating" not in done.stderr
    for figure in (
        "kind, product and quantity: precision", "product and visit, units: recall",
        "loss value against the truth", "visits paid in full with a case", "p99",
    ):  # fmt: skip
        assert figure in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    honest = [t for t in load(next(facts.glob("*.gz"))).truth if isinstance(t, TrueVisit)]
    assert found["loss_figures"]["honest_visits"]["visits"] == sum(v.honest for v in honest)


def test_what_was_judged_wrongly_is_told_by_the_plot_that_was_played() -> None:
    truth: list[Truth] = [
        TrueVisit(100.0, 120.0, "feigned", False),
        TrueLoss(118.0, "feigned", "690", 1, 350),
        TrueVisit(300.0, 310.0, "after", True),
    ]
    causes = Causes()
    causes.add("day", truth, [])
    (cause,) = causes.worst(5)
    assert cause.words == "feigned: missed feigned"
    assert causes.value[cause] == 350
    assert causes.visits == Counter({"feigned": 1, "after": 1})


def test_a_monday_morning_has_sixty_removals_and_thirty_payments_in_five_minutes() -> None:
    before, crowd = morning(demo_settings(), 1, history=20)
    taken = [f.change for f in crowd.facts if isinstance(f, ChangeFact)]
    paid = [f for f in crowd.facts if isinstance(f, PaymentFact)]
    assert (len(taken), len(paid)) == (REMOVALS, PAYING)
    assert min(c.settled_at for c in taken) >= MONDAY_AT
    assert max(c.settled_at for c in taken) < MONDAY_AT + LASTS_S + 30.0
    assert len({c.change_id for c in taken}) == REMOVALS
    assert crowd.losses
    assert max(f.at for f in before) < min(f.at for f in crowd.facts)


def test_a_morning_ends_alike_through_the_ledger_and_through_advance_alone() -> None:
    before, crowd = morning(demo_settings(), 2)
    settings = demo_settings()
    ledger = through_ledger(settings, before, crowd)
    bare = through_advance(settings, before, crowd)
    assert ledger.outputs == bare.outputs
    assert len(ledger.seconds) == len(bare.seconds) > REMOVALS + PAYING


@pytest.mark.slow
def test_ten_days_leave_a_small_snapshot_and_a_database_that_stops_growing(tmp_path: Path) -> None:
    course = Course(days=10, visits_per_day=20.0, month_days=2)
    months = run(demo_settings(), course, tmp_path, lambda month: None)
    assert [month.days for month in months] == [2] * 5
    assert all(month.seconds for month in months)
    assert all(month.snapshot_bytes < 1_000_000 for month in months)
    # An open case keeps its visit for five days: only then is as much forgotten as comes.
    assert all(month.snapshot_bytes < 1.5 * months[2].snapshot_bytes for month in months[3:])
