"""Starts, gaps, dead and pinned channels, and what the weigher says of their health."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.weigher import PlateLevel, PlateSpec, Weigher
from tests.weighing.weighing_signals import T0, Cell, FloatArray, Signal, standing

RATE = 80


def _times(for_s: float) -> FloatArray:
    times: FloatArray = T0 + np.arange(int(for_s * RATE)) / RATE
    return times


def _still(times: FloatArray, level_g: float = 1000.0, seed: int = 1) -> FloatArray:
    grams: FloatArray = level_g + np.random.default_rng(seed).normal(0, 0.3, len(times))
    return grams


def _run(
    times: FloatArray,
    *plates: FloatArray,
    stored: Mapping[str, PlateLevel] | None = None,
    lightest_g: float = 100.0,
) -> tuple[list[WeightChange], Weigher]:
    specs = [PlateSpec(f"A{j}", 2000.0, lightest_g) for j in range(len(plates))]
    weigher = Weigher(specs, stored)
    grams = np.stack(plates, axis=1)
    told: list[WeightChange] = []
    for i in range(0, len(times), 16):
        told += weigher.feed(times[i : i + 16], grams[i : i + 16])
    return told + weigher.finish(), weigher


def test_without_a_stored_level_the_first_one_is_adopted() -> None:
    times = _times(5)
    told, weigher = _run(times, _still(times))
    assert told == []
    assert weigher.levels()["A0"].level_g == pytest.approx(1000, abs=0.2)


def test_goods_that_left_while_nobody_watched_are_told() -> None:
    times = _times(5)
    stored = {"A0": PlateLevel(T0 - 3600, 1346.0, 0.1)}
    told, _ = _run(times, _still(times), stored=stored)
    (change,) = told
    assert change.unobserved
    assert change.delta_g == pytest.approx(-346, abs=0.3)
    assert change.started_at == T0 - 3600
    assert T0 <= change.settled_at < T0 + 2


@pytest.mark.parametrize("drift_g", [-25.0, 1.5, 25.0])
def test_a_zero_that_drifted_over_night_is_adopted(drift_g: float) -> None:
    times = _times(5)
    stored = {"A0": PlateLevel(T0 - 3600, 1000.0 + drift_g, 0.1)}
    told, weigher = _run(times, _still(times), stored=stored)
    assert told == []
    assert weigher.levels()["A0"].level_g == pytest.approx(1000, abs=0.2)


def test_a_start_under_a_hand_waits_for_rest() -> None:
    signal = Signal(Cell(), 15, np.random.default_rng(3), start_g=1000.0)
    signal.press(-1, 7, 300, 0.1)
    times, grams = signal.samples()
    told, weigher = _run(times, grams, stored={"A0": PlateLevel(T0 - 60, 1000.0, 0.1)})
    assert told == []
    assert weigher.levels()["A0"].level_g == pytest.approx(1000, abs=0.3)


def test_a_plate_that_never_rested_has_no_level() -> None:
    times = _times(4)
    assert _run(times, _still(times) + 100 * np.sin(4 * (times - T0)))[1].levels() == {}


def test_single_missing_samples_change_nothing_but_are_counted() -> None:
    times = _times(30)
    grams = _still(times)
    grams[np.random.default_rng(2).random(len(times)) < 0.05] = np.nan
    told, weigher = _run(times, grams, _still(times, seed=4))
    health = weigher.health()
    assert told == []
    assert health["A0"].dropouts == np.count_nonzero(np.isnan(grams))
    assert health["A1"].dropouts == 0
    assert health["A0"].rate_hz == pytest.approx(76, rel=0.03)


def test_a_dead_channel_leaves_the_others_alone() -> None:
    times = _times(20)
    taken = _still(times) - 346 * (times > T0 + 10)
    told, weigher = _run(times, np.full(len(times), np.nan), taken)
    (change,) = standing(told)
    assert change.plate == "A1"
    assert set(weigher.levels()) == {"A1"}
    assert np.isnan(weigher.health()["A0"].weight_g)


def test_a_channel_back_after_a_gap_tells_since_when() -> None:
    times = _times(40)
    grams = _still(times) - 346 * (times > T0 + 20)
    grams[(times > T0 + 10) & (times < T0 + 30)] = np.nan
    told, _ = _run(times, grams, _still(times, seed=4))
    (change,) = standing(told)
    assert change.delta_g == pytest.approx(-346, abs=0.3)
    assert change.started_at == pytest.approx(T0 + 10, abs=0.2)
    assert change.settled_at == pytest.approx(T0 + 30, abs=0.5)


def test_a_pause_of_the_whole_scale_is_bridged() -> None:
    times = _times(20)
    later = times >= T0 + 10
    grams = _still(times) - 346 * later
    told, weigher = _run(times + 300 * later, grams, _still(times, seed=4))
    (change,) = standing(told)
    assert change.plate == "A0"
    assert change.started_at == pytest.approx(T0 + 10, abs=0.2)
    assert change.settled_at == pytest.approx(T0 + 310, abs=0.5)
    assert weigher.health()["A1"].dropouts == 1


def test_a_channel_that_is_pinned_for_a_while_makes_no_change() -> None:
    times = _times(40)
    grams = _still(times)
    grams[(times > T0 + 10) & (times < T0 + 25)] = 8388.607
    told, weigher = _run(times, grams)
    assert told == []
    assert not weigher.health()["A0"].saturated


def test_a_pinned_channel_is_said_to_be_saturated() -> None:
    times = _times(20)
    told, weigher = _run(times, np.where(times > T0 + 10, 8388.607, _still(times)))
    assert told == []
    assert weigher.health()["A0"].saturated
    assert weigher.levels()["A0"].level_g == pytest.approx(1000, abs=0.2)


def test_a_frozen_channel_is_said_to_be_frozen() -> None:
    times = _times(40)
    told, weigher = _run(times, np.where(times > T0 + 10, 1000.1, _still(times)))
    assert told == []
    assert weigher.health()["A0"].frozen


def test_a_channel_that_froze_tells_a_change_since_then() -> None:
    times = _times(60)
    frozen = (times > T0 + 10) & (times < T0 + 40)
    grams = np.where(frozen, 1000.1, _still(times) - 346 * (times >= T0 + 40))
    (change,) = standing(_run(times, grams)[0])
    assert change.delta_g == pytest.approx(-346, abs=0.3)
    assert change.started_at < T0 + 13


def test_a_display_that_repeats_one_value_is_not_frozen() -> None:
    times = _times(40)
    assert not _run(times, np.round(_still(times) / 5) * 5)[1].health()["A0"].frozen


def test_health_gives_each_channel_its_own_numbers() -> None:
    times = _times(60)
    _, weigher = _run(times, _still(times), 1000 + (_still(times, seed=4) - 1000) * 30)
    fine, coarse = weigher.health()["A0"], weigher.health()["A1"]
    assert fine.rate_hz == pytest.approx(80, rel=0.03)
    assert fine.noise_g == pytest.approx(0.3, rel=0.15)
    assert coarse.noise_g == pytest.approx(9.0, rel=0.15)
    assert fine.smallest_change_g < coarse.smallest_change_g < 12
    assert fine.still
    assert fine.at == pytest.approx(times[-1], abs=0.2)
    assert fine.weight_g == pytest.approx(1000, abs=0.5)


def test_a_plate_under_a_hand_is_moving_and_then_is_not() -> None:
    signal = Signal(Cell(), 16, np.random.default_rng(5), start_g=1000.0)
    signal.press(6, 3, 300, 0.1)
    times, grams = signal.samples()
    weigher = Weigher([PlateSpec("A0", 2000.0, 100.0)])
    seen = []
    for i in range(0, len(times), 8):
        weigher.feed(times[i : i + 8], grams[i : i + 8, None])
        seen.append((float(times[i]) - T0, bool(weigher.moving)))
    assert all(moving for at, moving in seen if 6.3 < at < 8.9)
    assert not any(moving for at, moving in seen if at < 5.9 or at > 10.5)


def test_after_a_tare_the_next_rest_is_adopted_silently() -> None:
    times = _times(30)
    tared = times > T0 + 10
    grams = np.where(tared, _still(times) - 1000, _still(times))
    weigher = Weigher([PlateSpec("A0", 2000.0, 100.0)])
    cut = int(np.argmax(tared))
    told = weigher.feed(times[:cut], grams[:cut, None])
    weigher.relevel("A0")
    told += weigher.feed(times[cut:], grams[cut:, None]) + weigher.finish()
    assert told == []
    assert weigher.levels()["A0"].level_g == pytest.approx(0, abs=0.2)


def test_a_recording_that_ends_right_after_a_take_still_tells_it() -> None:
    times = _times(10.4)
    (change,) = standing(_run(times, _still(times) - 346 * (times > T0 + 10))[0])
    assert change.delta_g == pytest.approx(-346, abs=0.5)


def test_grams_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"need \(5, 1\)"):
        Weigher([PlateSpec("A0", 2000.0)]).feed(np.arange(5.0), np.zeros((5, 2)))
