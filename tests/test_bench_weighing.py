"""The benchmark of weighing: everybody finds what is plain, and is judged by the same rules."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from edge_agent.plot.svg import to_svg
from edge_agent.reported import ReportedChange
from edge_agent.truth import TrueChange
from edge_agent.weighing.weigher import PlateSpec
from scripts.bench import constants, report
from scripts.bench.figures import double_pick, f1_drawing, moment_drawing
from scripts.bench.judging import judge, summed
from scripts.bench.levels import despiked, filled, moving_mean, moving_variance, noise_g
from scripts.bench.rivals import AGENT, NAMES, PELT, START, detectors, run, tune
from scripts.bench.signals import SCENES, FloatArray, Signal

SCRIPT = Path(__file__).parents[1] / "scripts" / "bench_weighing.py"
RATE_HZ = 60.0
STEP_AT = 20.0


def step(delta_g: float, seconds: float = 40.0) -> Signal:
    """Two quiet plates on one board; on the first a hand of a fifth of a second moves goods."""
    rng = np.random.default_rng(7)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    grams = 2000.0 + rng.normal(0.0, 0.1, (len(times), 2))
    hand = (times > STEP_AT - 0.2) & (times < STEP_AT)
    grams[hand, 0] += 120.0
    grams[times >= STEP_AT, 0] += delta_g
    plates = (PlateSpec("A1", 5000.0, 50.0), PlateSpec("A2", 5000.0, 50.0))
    truth = (TrueChange(STEP_AT, "A1", (("690", -1),), delta_g),)
    return Signal("step", 0, RATE_HZ, times, grams, plates, ((0, 1),), truth)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_finds_a_plain_step_and_nothing_else(name: str) -> None:
    told, outcome = run(detectors(START)[name], step(-346.0))
    (change,) = told
    assert change.plate == "A1"
    assert change.delta_g == pytest.approx(-346.0, abs=1.0)
    assert change.settled_at == pytest.approx(STEP_AT, abs=1.0)
    assert change.told_at >= STEP_AT
    assert math.isinf(change.told_at) == (name == PELT)
    assert outcome.found.f1 == 1.0
    assert outcome.actions.share == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_nobody_finds_anything_where_nothing_is(name: str) -> None:
    quiet = step(0.0)
    still = Signal(
        "quiet", 0, RATE_HZ, quiet.times, quiet.grams[:, 1:], quiet.plates[1:], ((0,),), ()
    )
    assert run(detectors(START)[name], still)[0] == []


def test_the_published_constants_overlook_what_is_light() -> None:
    told, _ = run(detectors(START)[NAMES[1]], step(-8.0))
    assert told == []


def test_a_hit_settles_within_two_seconds_with_the_right_weight() -> None:
    truth = [TrueChange(10.0, "A1", (), -100.0), TrueChange(50.0, "A1", (), -100.0)]
    late = ReportedChange("x", "A1", 12.1, -100.0, (), 12.5)
    right = ReportedChange("y", "A1", 50.5, -102.9, (), 50.8)
    outcome = judge(truth, [late, right], duration_s=3600.0, cpu_s=1.0, samples=1_000_000)
    assert (outcome.found.found, outcome.found.missed, outcome.found.false) == (1, 1, 1)
    assert outcome.errors_g == pytest.approx((2.9,))
    assert outcome.delays_s == pytest.approx((0.8,))
    assert summed([outcome, outcome]).as_dict()["false_per_hour"] == 1.0


def test_moving_windows_are_those_of_movmean_and_movvar() -> None:
    x = np.random.default_rng(1).normal(1000.0, 3.0, (50, 2))
    for window in (4, 5):
        for place in (0, 1, 2, 25, 49):
            part = x[max(0, place - window // 2) : place + (window - window // 2)]
            assert moving_mean(x, window)[place] == pytest.approx(part.mean(axis=0))
            assert moving_variance(x, window)[place] == pytest.approx(part.var(axis=0, ddof=1))


def test_gaps_are_filled_and_single_spikes_taken_out() -> None:
    nan = math.nan
    gaps: FloatArray = np.array([[nan, 1.0], [2.0, nan], [nan, nan], [3.0, 4.0]])
    assert filled(gaps).tolist() == [[2.0, 1.0], [2.0, 1.0], [2.0, 1.0], [3.0, 4.0]]
    spike: FloatArray = np.array([[1.0], [1.0], [90.0], [1.0], [5.0], [5.0]])
    assert despiked(spike)[:, 0].tolist() == [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]


def test_noise_is_measured_beside_steps_and_spikes() -> None:
    grams = np.random.default_rng(3).normal(0.0, 0.4, (5000, 1))
    grams[2500:] += 300.0
    grams[::500] += 50.0
    assert noise_g(grams)[0] == pytest.approx(0.4, rel=0.1)


def test_tuning_finds_constants_that_are_no_worse() -> None:
    signal = step(-60.0)
    best = tune(PELT, [signal])
    assert run(best, signal)[1].found.f1 == 1.0


def test_the_kept_constants_cover_every_scene_and_can_be_written_again(tmp_path: Path) -> None:
    kept = constants.load()
    for scene in SCENES.values():
        assert set(kept.by_scene[scene.tuned_on or scene.name]) == set(START)
    copy = tmp_path / "tuned.json"
    constants.save(kept, copy)
    assert constants.load(copy) == kept


def test_a_scene_is_the_same_for_the_same_seed() -> None:
    first, again = (SCENES["doubles"].signal(3, 2.0) for _ in range(2))
    assert np.array_equal(first.grams, again.grams, equal_nan=True)
    assert first.truth == again.truth
    assert first.truth


def test_the_pictures_show_every_detector() -> None:
    signal = SCENES["doubles"].signal(501, 6.0)
    told = {name: run(d, signal)[0] for name, d in detectors(START).items()}
    outcomes = {name: run(d, signal)[1] for name, d in detectors(START).items()}
    moment = double_pick(signal, told)
    assert moment is not None
    for drawing in (f1_drawing({"doubles": outcomes}), moment_drawing(moment)):
        picture = to_svg(drawing)
        ElementTree.fromstring(picture)
        assert all(name in picture for name in NAMES)


def test_the_page_keeps_what_stands_around_the_tables(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    report.put_between_marks(page, "new")
    report.put_between_marks(page, "newer")
    text = page.read_text(encoding="utf-8")
    assert text == f"before\n{report.BEGIN}\n\nnewer\n\n{report.END}\nafter\n"
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(SystemExit, match="lacks the lines"):
        report.put_between_marks(page, "new")


def test_the_agent_takes_part_under_its_own_name() -> None:
    assert NAMES[0] == AGENT
    assert list(detectors(START)) == list(NAMES)


def test_seeds_that_were_tuned_on_are_not_reported() -> None:
    first, _ = constants.load().seeds
    command = [sys.executable, str(SCRIPT), "--seeds", f"{first}:{first + 1}", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Report others" in done.stderr


def test_the_scripts_help_says_how_to_run_it() -> None:
    command = [sys.executable, str(SCRIPT), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout
    assert "tuned.json" in done.stdout
