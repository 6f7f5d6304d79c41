"""What is no change: noise of any kind, drift, creep, shaking, neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.weigher import PlateSpec, Weigher
from tests.weighing.weighing_signals import T0, Cell, FloatArray, Signal, standing


def _weigh(
    times: FloatArray, grams: FloatArray, lightest_g: float | None = None
) -> tuple[list[WeightChange], Weigher]:
    plates = [PlateSpec(f"A{j}", 5000.0, lightest_g) for j in range(grams.shape[1])]
    weigher = Weigher(plates)
    told: list[WeightChange] = []
    for i in range(0, len(times), 80):
        told += weigher.feed(times[i : i + 80], grams[i : i + 80])
    return told + weigher.finish(), weigher


@settings(max_examples=12, deadline=None)
@given(
    noise_g=st.floats(0.0, 8.0),
    rate_hz=st.sampled_from([10, 12, 20, 60, 80]),
    resolution_g=st.sampled_from([0.002, 0.24, 1.0, 5.0]),
    seed=st.integers(0, 10_000),
)
def test_noise_of_any_size_is_no_change(
    noise_g: float, rate_hz: int, resolution_g: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    times = T0 + np.arange(40 * rate_hz) / rate_hz
    grams = 1000.3 + rng.normal(0, noise_g, (len(times), 3))
    told, _ = _weigh(times, np.round(grams / resolution_g) * resolution_g)
    assert told == []


@settings(max_examples=12, deadline=None)
@given(
    noise_g=st.floats(0.05, 6.0),
    rate_hz=st.sampled_from([10, 20, 60, 80]),
    times_smallest=st.floats(2.5, 100.0),
    sign=st.sampled_from([-1, 1]),
    seed=st.integers(0, 10_000),
)
def test_a_step_clear_of_the_noise_is_found_with_its_size(
    noise_g: float, rate_hz: int, times_smallest: float, sign: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    times = T0 + np.arange(30 * rate_hz) / rate_hz
    still = 4000 + rng.normal(0, noise_g, (len(times), 1))
    _, before = _weigh(times, still)
    step = sign * times_smallest * before.health()["A0"].smallest_change_g
    told, _ = _weigh(times, still + step * (times[:, None] >= T0 + 15), lightest_g=abs(step))
    (change,) = standing(told)
    assert abs(change.delta_g - step) <= 5 * change.sigma_g + 0.1
    assert abs(change.settled_at - T0 - 15) < 1.0


def test_five_minutes_of_twelve_noisy_channels_tell_nothing() -> None:
    rng = np.random.default_rng(5)
    times = T0 + np.arange(300 * 80) / 80
    slow = np.cumsum(rng.normal(0, 0.004, (len(times), 12)), axis=0)
    hum = 0.6 * np.sin(2 * np.pi * 12.3 * times)[:, None]
    told, weigher = _weigh(times, 2000 + slow + hum + rng.normal(0, 0.3, (len(times), 12)), 30.0)
    assert told == []
    assert weigher.health()["A0"].noise_g == pytest.approx(0.52, abs=0.1)


def test_the_level_follows_drift() -> None:
    signal = Signal(Cell(drift_g_per_h=20.0), 300, np.random.default_rng(6))
    times, grams = signal.samples()
    told, weigher = _weigh(times, grams[:, None])
    assert told == []
    assert weigher.levels()["A0"].level_g == pytest.approx(3000 + 20 / 12, abs=0.5)


def test_a_sudden_draught_of_warm_air_is_no_change() -> None:
    times = T0 + np.arange(240 * 80) / 80
    warm = 6.0 * (1 - np.exp(-np.maximum(times - T0 - 30, 0) / 60))
    grams = 3000 + warm + np.random.default_rng(7).normal(0, 0.3, len(times))
    told, weigher = _weigh(times, grams[:, None], 100.0)
    assert told == []
    assert weigher.levels()["A0"].level_g == pytest.approx(3000 + warm[-1], abs=0.5)


def test_five_grams_on_a_quiet_plate_are_not_followed_away() -> None:
    times = T0 + np.arange(30 * 80) / 80
    grams = 3000 + 5.0 * (times > T0 + 15) + np.random.default_rng(8).normal(0, 0.3, len(times))
    (change,) = standing(_weigh(times, grams[:, None], 100.0)[0])
    assert change.delta_g == pytest.approx(5.0, abs=0.3)


def test_creep_after_a_load_is_no_second_change() -> None:
    signal = Signal(Cell(creep_share=0.0006), 300, np.random.default_rng(9))
    signal.step(5, 1500, 0.2)
    times, grams = signal.samples()
    told, _ = _weigh(times, grams[:, None], 100.0)
    assert len(standing(told)) == 1


def test_spikes_are_no_changes() -> None:
    signal = Signal(Cell(spikes_per_min=60), 120, np.random.default_rng(10))
    times, grams = signal.samples()
    assert _weigh(times, grams[:, None])[0] == []


def test_a_neighbour_that_settles_a_little_is_no_change() -> None:
    rng = np.random.default_rng(11)
    times = T0 + np.arange(40 * 60) / 60
    after = times >= T0 + 15
    swing = np.where(after, 10.0 * np.exp(-(times - T0 - 15) / 6), 0.0)
    grams = np.stack(
        [
            3000 - 623.0 * after + rng.normal(0, 2, len(times)),
            1900
            - 11.0 * after
            + rng.normal(0, 1.5, len(times))
            + swing * rng.normal(size=len(times)),
            3400 - 6.0 * after + rng.normal(0, 2, len(times)) + swing * rng.normal(size=len(times)),
        ],
        axis=1,
    )
    told, weigher = _weigh(times, grams, 538.0)
    assert {change.plate for change in told} == {"A0"}
    assert weigher.levels()["A1"].level_g == pytest.approx(1889, abs=2.0)


def test_the_same_small_step_alone_is_told() -> None:
    rng = np.random.default_rng(11)
    times = T0 + np.arange(40 * 60) / 60
    grams = 1900 - 11.0 * (times >= T0 + 15) + rng.normal(0, 0.5, len(times))
    (change,) = standing(_weigh(times, grams[:, None], 538.0)[0])
    assert change.delta_g == pytest.approx(-11.0, abs=0.5)
