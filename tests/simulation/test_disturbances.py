"""Each disturbance is in the signal as it is in the field, and only where it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.simulation.loadcell import LoadCells
from edge_agent.simulation.profiles import BUILDS, PROFILES, Build, Profile
from edge_agent.simulation.script import Action, true_changes

RATE_HZ = 10.0
NAMES = ["A1", "A2", "A3", "B1"]
HOUR = round(3600 * RATE_HZ)


def cells(profile: Profile, seed: int = 4, build: Build | None = None) -> LoadCells:
    return LoadCells(seed, NAMES, [2000.0] * 4, 0.0, RATE_HZ, profile, build or Build())


def signal(
    profile: Profile, actions: list[Action], seconds: float, seed: int = 4
) -> NDArray[np.float32]:
    made = cells(profile, seed)
    for action in actions:
        made.add(action)
    return made.take(round(seconds * RATE_HZ))


def longest_run(holds: NDArray[np.bool_]) -> int:
    """The most samples in a row for which it holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], holds.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def test_a_frozen_channel_repeats_its_value_for_seconds_to_minutes() -> None:
    noisy = Profile.only(noise=1.0)
    frozen = Profile.only(noise=1.0, freezes=20.0)
    runs = [longest_run(np.diff(row) == 0) for row in cells(frozen).take(HOUR)]
    assert max(runs) >= 3 * RATE_HZ
    assert max(runs) <= 400 * RATE_HZ
    assert max(longest_run(np.diff(row) == 0) for row in cells(noisy).take(HOUR)) < 5


def test_a_saturated_channel_reads_four_times_its_capacity() -> None:
    grams = cells(Profile.only(noise=1.0, saturation=20.0)).take(HOUR)
    far = np.abs(grams) > 3000.0
    assert 0.001 < far.mean() < 0.5
    assert set(np.unique(np.abs(grams[far]))) == {20_000.0}
    coarse = cells(Profile.only(saturation=20.0), build=BUILDS["coarse"]).take(HOUR)
    assert np.abs(coarse).max() == 80_000.0


def test_a_silent_channel_has_no_samples_for_seconds_to_minutes() -> None:
    grams = cells(Profile.only(outages=20.0)).take(HOUR)
    gaps = [longest_run(np.isnan(row)) for row in grams]
    assert max(gaps) >= 2 * RATE_HZ
    whole_board = longest_run(np.asarray(np.isnan(grams).all(axis=0)))
    assert whole_board >= 2 * RATE_HZ


def test_a_channel_that_comes_back_shifted_stays_shifted() -> None:
    grams = cells(Profile.only(shifts=15.0), seed=1).take(HOUR)
    shifts = []
    for row in grams:
        levels = row[~np.isnan(row)]
        steps = np.diff(levels)
        shifts += list(np.abs(steps[np.abs(steps) > 0.1]))
        assert np.isnan(row).any() == bool((np.abs(steps) > 0.1).any())
    assert shifts
    assert min(shifts) >= 1.99
    assert max(shifts) <= 31.0


def test_a_fridge_door_moves_the_zero_within_a_minute_and_gives_it_back_in_many() -> None:
    grams = cells(Profile.only(fridge=1.0), seed=3).take(6 * HOUR).astype(float) - 2000.0
    for row in grams:
        peak = int(np.abs(row).argmax())
        assert 0.05 < abs(row[peak]) < 4.0
        assert abs(row[min(row.size - 1, peak + HOUR)]) < abs(row[peak])
    assert len({np.sign(row[np.abs(row).argmax()]) for row in grams}) == 2


def test_neighbours_of_a_working_hand_settle_some_grams_lower_or_seldom_higher() -> None:
    hands = [Action(5.0 + 10.0 * n, "A2", None, 0, (), 0.8, "touch") for n in range(60)]
    grams = signal(Profile.only(sag=1.0, ringing=1.0), hands, 605.0)
    at_rest = grams[:, round(9.5 * RATE_HZ) :: round(10 * RATE_HZ)].astype(float)
    for neighbour in (0, 2):
        steps = np.diff(at_rest[neighbour])
        settled = steps[np.abs(steps) > 0.1]
        assert 0 < settled.size < 30
        assert (np.abs(settled) >= 0.45).all()
        assert (np.abs(settled) <= 3.05).all()
    assert np.diff(at_rest, axis=1)[[0, 2]].sum() < 0
    assert np.allclose(grams[3], 2000.0, atol=0.05)
    assert np.allclose(at_rest[1], 2000.0, atol=0.05)


def test_a_plate_lifted_off_reads_its_own_weight_below_zero_and_is_no_change() -> None:
    off = Action(10.0, "A1", None, 0, (-2600.0,), 1.2, "lift")
    on = Action(40.0, "A1", None, 0, (2600.0,), 1.2, "lift")
    row = signal(Profile.only(ringing=1.0), [off, on], 60.0)[0]
    assert row[round(20 * RATE_HZ)] == pytest.approx(-600.0, abs=0.1)
    assert row[-1] == pytest.approx(2000.0, abs=0.1)
    assert true_changes(off) == true_changes(on) == ()


def test_goods_across_two_plates_weigh_on_both_and_are_one_change() -> None:
    put = Action(10.0, "A1", "sku", 1, (400.0,), 0.8, "plain", beside=("A2", 0.3))
    grams = signal(Profile.only(ringing=1.0), [put], 20.0)
    assert grams[0, -1] == pytest.approx(2280.0, abs=0.1)
    assert grams[1, -1] == pytest.approx(2120.0, abs=0.1)
    (change,) = true_changes(put)
    assert (change.plate, change.items, change.grams) == ("A1", (("sku", 1),), 400.0)


def test_a_hand_rests_for_its_whole_time_while_the_goods_leave() -> None:
    rest = Action(20.0, "A1", "sku", -1, (-50.0,), 12.0, "rest")
    row = signal(Profile.only(touch=1.0), [rest], 30.0)[0]
    assert row[round(8.5 * RATE_HZ) : round(19.5 * RATE_HZ)].min() > 1980.0
    assert np.allclose(row[round(20.1 * RATE_HZ) :], 1950.0, atol=0.1)
    assert np.allclose(row[: round(7.9 * RATE_HZ)], 2000.0, atol=0.1)


def test_coarse_plates_make_half_a_gram_to_six_of_noise() -> None:
    sigmas = []
    for seed in range(12):
        made = LoadCells(seed, NAMES, [2000.0] * 4, 0.0, 12.0, PROFILES["coarse"], BUILDS["coarse"])
        steps = np.diff(made.take(1200), axis=1)
        sigmas += list(np.nanmedian(np.abs(steps), axis=1) * 1.4826 / np.sqrt(2.0))
    assert 0.4 < min(sigmas) < 0.9
    assert 4.0 < max(sigmas) < 6.5


def test_coarse_neighbours_swing_by_tens_of_grams_when_goods_leave() -> None:
    swings = []
    for seed in range(30):
        effects = Profile.only(ringing=1.0, touch=1.0, shaking=PROFILES["coarse"].shaking)
        made = LoadCells(seed, NAMES, [5000.0] * 4, 0.0, 12.0, effects, BUILDS["coarse"])
        made.add(Action(5.0, "A2", "sku", -1, (-600.0,), 0.8, "plain"))
        grams = made.take(120)
        swings.append(float(np.abs(grams[[0, 2]] - 5000.0).max()))
    assert 2.0 < np.median(swings) < 20.0
    assert 15.0 < max(swings) < 80.0


def test_the_platforms_ring_within_the_range_that_is_given() -> None:
    for seed in range(5):
        made = cells(Profile(), seed, Build(platform_hz=(18.0, 19.0)))
        assert all(18.0 <= platform.frequency_hz <= 19.0 for platform in made.platforms)


def test_faults_too_do_not_depend_on_the_blocks_the_samples_are_taken_in() -> None:
    effects = Profile(
        sag=1.0, fridge=20.0, freezes=100.0, saturation=100.0, outages=100.0, shifts=100.0
    )
    whole, cut = cells(effects), cells(effects)
    for made in (whole, cut):
        made.add(Action(30.0, "A2", "sku", -1, (-300.0,), 0.8, "plain"))
    blocks = [cut.take(samples) for samples in (1, 77, 2500, 31, 0, 2111, 3000, 280)]
    together = np.concatenate(blocks, axis=1)
    # Sums are taken in another order, so a quantum of 0.05 g may fall to the other side.
    assert np.allclose(together, whole.take(8000), atol=0.051, equal_nan=True)
