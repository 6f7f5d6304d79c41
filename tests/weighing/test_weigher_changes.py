"""What people do at a plate, and what the weigher tells of it. Seeds here were not tuned on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.weigher import PlateSpec, Weigher
from tests.weighing.weighing_signals import T0, Cell, FloatArray, Score, Signal, standing

SEEDS = range(900, 902)
CELLS = {
    "usual": Cell(),
    "soft platform": Cell(ring_hz=8.0),
    "stiff platform": Cell(ring_hz=30.0),
    "hum, drift, creep, spikes": Cell(
        hum_g=0.8, drift_g_per_h=3, creep_share=0.0004, spikes_per_min=2
    ),
    "10 samples/s": Cell(rate_hz=10, noise_g=0.1),
    "coarse, 60 samples/s": Cell(rate_hz=60, noise_g=5.0, resolution_g=0.24),
    "coarse, 12 samples/s": Cell(rate_hz=12, noise_g=2.0, ring_hz=8.0, resolution_g=0.5),
    "display of 1 g": Cell(rate_hz=10, noise_g=0.05, resolution_g=1.0),
}
FAST = ("usual", "soft platform", "stiff platform", "hum, drift, creep, spikes")
Scene = Callable[[Signal, np.random.Generator], None]


def weigh(
    times: FloatArray, grams: FloatArray, block: int = 80, lightest_g: float | None = 100.0
) -> list[WeightChange]:
    """Run one plate's samples (n,) through a weigher of its own."""
    weigher = Weigher([PlateSpec("A1", 5000.0, lightest_g)])
    told: list[WeightChange] = []
    for i in range(0, len(times), block):
        told += weigher.feed(times[i : i + block], grams[i : i + block, None])
    return told + weigher.finish()


def play(scene: Scene, cell: Cell, lightest_g: float = 100.0, for_s: float = 50.0) -> Score:
    """Score a scene over all seeds."""
    score = Score()
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        signal = Signal(cell, for_s, rng)
        scene(signal, rng)
        score.add(signal.truth, weigh(*signal.samples(), lightest_g=lightest_g))
    return score


def takes_and_returns(signal: Signal, rng: np.random.Generator) -> None:
    t = 5.0
    while t < signal.duration_s - 6:
        delta = rng.uniform(100, 400) * rng.choice([-1, 1])
        signal.step(t, delta, rng.uniform(0.05, 0.35), rng.choice([0, rng.uniform(20, 70)]))
        t += rng.uniform(5, 9)


def doubles(signal: Signal, rng: np.random.Generator) -> None:
    t = 5.0
    while t < signal.duration_s - 6:
        unit = rng.uniform(100, 400)
        signal.step(t, -unit, rng.uniform(0.05, 0.15), rng.choice([0, rng.uniform(20, 100)]))
        signal.step(t + rng.uniform(0.35, 1.0), -unit, rng.uniform(0.05, 0.15))
        t += rng.uniform(6, 9)


def presses(signal: Signal, rng: np.random.Generator) -> None:
    t = 5.0
    while t < signal.duration_s - 8:
        for_s = rng.uniform(0.2, 2.2)
        signal.press(t, for_s, rng.uniform(30, 600))
        t += for_s + rng.uniform(4, 7)


def leans(signal: Signal, rng: np.random.Generator) -> None:
    t = 5.0
    while t < signal.duration_s - 22:
        for_s = rng.uniform(4, 16)
        signal.press(t, for_s, rng.uniform(100, 1000), rng.uniform(0.03, 0.08))
        t += for_s + rng.uniform(4, 7)


def takes_with_a_hand_left_on(signal: Signal, rng: np.random.Generator) -> None:
    t = 5.0
    while t < signal.duration_s - 14:
        for_s = rng.uniform(1, 4)
        signal.step(t, -rng.uniform(150, 400), 0.15)
        signal.press(t - 0.5, for_s + 0.5, rng.uniform(20, 60), 0.1)
        t += for_s + rng.uniform(5, 8)


def takes_while_a_trolley_passes(signal: Signal, rng: np.random.Generator) -> None:
    signal.vibrate(10, 20, rng.uniform(2, 8))
    signal.step(16, -300, 0.15)
    signal.step(24, -200, 0.15)
    signal.step(40, -120, 0.15)


def small_goods(signal: Signal, rng: np.random.Generator) -> None:
    t = 5.0
    while t < signal.duration_s - 6:
        signal.step(t, rng.uniform(6, 30) * rng.choice([-1, 1]), rng.uniform(0.05, 0.3))
        t += rng.uniform(5, 8)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_takes_and_returns_are_found(cell: Cell) -> None:
    score = play(takes_and_returns, cell)
    assert score.found >= 8
    assert score.f1 >= 0.97


@pytest.mark.parametrize("name", FAST)
def test_weights_are_right_to_a_tenth_of_a_gram(name: str) -> None:
    score = play(takes_and_returns, CELLS[name])
    assert np.median(np.abs(score.errors_g)) <= 0.08
    assert np.quantile(np.abs(score.errors_g), 0.95) <= 0.25


@pytest.mark.parametrize("name", FAST)
def test_two_units_taken_in_one_go_are_two_changes(name: str) -> None:
    assert play(doubles, CELLS[name]).f1 >= 0.97


@pytest.mark.parametrize("name", [*FAST, "10 samples/s"])
def test_a_hand_that_presses_changes_nothing(name: str) -> None:
    assert play(presses, CELLS[name]).false == 0


@pytest.mark.parametrize("name", [*FAST, "10 samples/s"])
def test_somebody_leaning_on_the_shelf_changes_nothing(name: str) -> None:
    assert play(leans, CELLS[name]).false == 0


@pytest.mark.parametrize("name", [*FAST, "10 samples/s"])
def test_a_hand_left_on_after_a_take_is_no_weight(name: str) -> None:
    assert play(takes_with_a_hand_left_on, CELLS[name]).f1 >= 0.97


@pytest.mark.parametrize("name", [*FAST, "coarse, 60 samples/s", "10 samples/s"])
def test_takes_are_found_while_a_trolley_shakes_the_floor(name: str) -> None:
    score = play(takes_while_a_trolley_passes, CELLS[name])
    assert (score.missed, score.false) == (0, 0)


@pytest.mark.parametrize("name", FAST)
def test_goods_of_a_few_grams_are_found(name: str) -> None:
    score = play(small_goods, CELLS[name], lightest_g=6.0)
    assert score.f1 == 1.0


def test_a_change_is_told_soon_and_refined_later() -> None:
    signal = Signal(Cell(hum_g=1.0), 12, np.random.default_rng(900))
    signal.step(6, -346, 0.1)
    times, grams = signal.samples()
    weigher = Weigher([PlateSpec("A1", 5000.0, 346.0)])
    told_at = [
        float(times[i])
        for i in range(0, len(times), 8)
        if weigher.feed(times[i : i + 8], grams[i : i + 8, None])
    ]
    assert told_at[0] - T0 - 6.1 < 1.0


def test_a_lean_that_was_told_is_taken_back() -> None:
    signal = Signal(Cell(), 60, np.random.default_rng(901))
    signal.press(5, 30, 400, 0.04)
    told = weigh(*signal.samples())
    assert any(change.delta_g > 300 for change in told)
    assert standing(told) == []
    assert told[-1].withdrawn
    assert told[-1].delta_g == 0.0


def test_taken_and_put_back_after_a_while_is_two_changes() -> None:
    signal = Signal(Cell(), 20, np.random.default_rng(902))
    signal.step(6, -346, 0.1)
    signal.step(10, 346, 0.15, press_g=40)
    first, second = standing(weigh(*signal.samples()))
    assert first.delta_g == pytest.approx(-346, abs=0.5)
    assert second.delta_g == pytest.approx(346, abs=0.5)


def test_a_change_says_when_it_began_and_when_it_held() -> None:
    signal = Signal(Cell(ring_hz=30.0), 12, np.random.default_rng(903))
    signal.step(6, -200, 0.3)
    (change,) = standing(weigh(*signal.samples()))
    assert change.started_at - T0 == pytest.approx(6.05, abs=0.1)
    assert change.settled_at - T0 == pytest.approx(6.3, abs=0.3)
    assert change.level_g == pytest.approx(2800, abs=1)
    assert change.change_id == f"A1-{round(change.started_at * 1000)}"


@pytest.mark.parametrize("name", CELLS)
def test_found_changes_do_not_depend_on_how_samples_are_cut(name: str) -> None:
    rng = np.random.default_rng(900)
    signal = Signal(CELLS[name], 40, rng)
    doubles(signal, rng)
    times, grams = signal.samples()
    told = weigh(times, grams, block=1)
    assert told
    for block in (17, 250, len(times)):
        assert weigh(times, grams, block) == told
