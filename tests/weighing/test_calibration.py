"""Calibration with a mass or several: what it gives, and what it refuses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.errors import CalibrationError
from edge_agent.weighing.calibration import (
    PlateMoved,
    calibrate,
    check_linear,
    check_return,
    is_plausible,
    tare,
    to_grams,
)

FloatArray = npt.NDArray[np.float64]


def _reading(counts: float, noise: float = 30.0, samples: int = 160, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    return np.round(counts + rng.normal(0, noise, samples))


@settings(max_examples=40, deadline=None)
@given(
    zero=st.integers(-2_000_000, 2_000_000),
    counts_per_g=st.floats(100, 900) | st.floats(-900, -100),
    mass_g=st.floats(200, 3000),
)
def test_a_known_mass_gives_zero_and_scale(zero: int, counts_per_g: float, mass_g: float) -> None:
    found = calibrate(_reading(zero), _reading(zero + counts_per_g * mass_g, seed=2), mass_g)
    grams = to_grams(np.array([zero, zero + counts_per_g * 100.0]), found.zero_counts, counts_per_g)
    assert found.counts_per_g == pytest.approx(counts_per_g, rel=0.002)
    assert grams[0] == pytest.approx(0.0, abs=0.2)
    assert grams[1] == pytest.approx(100.0, abs=0.2)


def test_a_spike_does_not_move_the_zero() -> None:
    counts = _reading(84213)
    counts[40] += 400_000
    assert tare(counts) == pytest.approx(84213, abs=20)


def test_a_plate_that_moves_is_refused_with_what_to_do() -> None:
    moving = _reading(84213) + np.linspace(0, 4000, 160)
    with pytest.raises(CalibrationError, match=r"empty plate moved by \d+ counts.*keep hands off"):
        calibrate(moving, _reading(300_000), 500)


def test_a_hand_that_comes_half_way_is_refused() -> None:
    counts = _reading(84213)
    counts[90:] += 20_000
    with pytest.raises(CalibrationError, match="moved"):
        tare(counts)


@pytest.mark.parametrize("pinned", [2**23 - 1, -(2**23)])
def test_a_saturated_converter_is_refused(pinned: int) -> None:
    with pytest.raises(CalibrationError, match="24 bits"):
        calibrate(_reading(0), np.full(160, float(pinned)), 500)


def test_a_mass_that_is_not_on_the_plate_is_refused() -> None:
    with pytest.raises(CalibrationError, match="heavier mass"):
        calibrate(_reading(84213), _reading(84213, seed=2), 500)


@pytest.mark.parametrize("mass_g", [0.0, -5.0, float("nan"), float("inf")])
def test_an_impossible_mass_is_refused(mass_g: float) -> None:
    with pytest.raises(CalibrationError, match="--mass"):
        calibrate(_reading(0), _reading(200_000), mass_g)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(CalibrationError, match="Only 3 samples"):
        tare(np.array([1.0, 2.0, np.nan, 3.0]))


def test_a_missing_count_stays_missing_in_grams() -> None:
    assert np.isnan(to_grams(np.array([np.nan]), 0.0, 400.0)).all()


def test_a_linear_cell_tells_how_linear_it_is() -> None:
    found = calibrate(_reading(84213), _reading(84213 + 400_000, seed=2), 1000)
    others = [(200.0, _reading(84213 + 80_000, seed=3)), (500.0, _reading(84213 + 200_100, seed=4))]
    assert check_linear(found, others, 1000) == pytest.approx(0.25, abs=0.1)
    assert check_linear(found, [], 1000) == 0.0


def test_a_cell_that_is_not_linear_is_refused_with_both_reasons() -> None:
    found = calibrate(_reading(84213), _reading(84213 + 400_000, seed=2), 1000)
    half = _reading(84213 + 204_000, seed=3)
    with pytest.raises(CalibrationError, match=r"500 g reads 510\.\d g.*mass.*touches something"):
        check_linear(found, [(500.0, half)], 1000)


def test_a_zero_that_comes_back_is_told_and_one_that_does_not_is_refused() -> None:
    found = calibrate(_reading(84213), _reading(84213 + 400_000, seed=2), 1000)
    assert abs(check_return(found, _reading(84213 + 40, seed=5), 1000)) < 0.3
    with pytest.raises(CalibrationError, match=r"reads \+3\.\d g.*rubs or binds"):
        check_return(found, _reading(84213 + 1250, seed=5), 1000)


@pytest.mark.parametrize("noise", [5.0, 200.0])
def test_noise_alone_is_no_hysteresis(noise: float) -> None:
    for seed in range(20):
        empty, loaded, again = (
            _reading(84213 + counts, noise, seed=100 * seed + place)
            for place, counts in enumerate((0, 400_000, 0))
        )
        found = calibrate(empty, loaded, 1000)
        assert abs(check_return(found, again, 1000)) < 1.0


def test_a_check_that_moves_may_be_tried_again() -> None:
    found = calibrate(_reading(84213), _reading(84213 + 400_000, seed=2), 1000)
    moving = _reading(84213 + 80_000) + np.linspace(0, 9000, 160)
    with pytest.raises(PlateMoved, match="200 g plate moved"):
        check_linear(found, [(200.0, moving)], 1000)


def test_another_mass_is_told_from_the_one_before() -> None:
    found = calibrate(_reading(84213), _reading(84213 + 400_000, seed=2), 1000)
    assert is_plausible(found, _reading(84213 + 82_000), 200)
    assert not is_plausible(found, _reading(84213 + 400_000), 200)
    assert not is_plausible(found, _reading(84213), 200)
    assert not is_plausible(found, np.full(10, np.nan), 200)
