"""The cells show what stands on them, ringing, creeping and shaking as load cells do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.simulation.loadcell import LoadCells
from edge_agent.simulation.profiles import PROFILES, Profile
from edge_agent.simulation.script import Action

SILENT = Profile.only()
RATE_HZ = 80.0
NAMES = ["A1", "A2", "B1"]


def cells(profile: Profile, rate_hz: float = RATE_HZ, seed: int = 4) -> LoadCells:
    return LoadCells(seed, NAMES, [2000.0, 1000.0, 500.0], 0.0, rate_hz, profile)


def removal(at: float = 10.0, grams: float = -346.0, plate: str = "A1") -> Action:
    return Action(at, plate, "sku", -1, (grams,), 0.8, "plain")


def signal(profile: Profile, actions: list[Action], seconds: float = 30.0) -> NDArray[np.float32]:
    made = cells(profile)
    for action in actions:
        made.add(action)
    return made.take(round(seconds * RATE_HZ))


def test_without_effects_the_level_steps_by_the_weight_and_nothing_else_moves() -> None:
    grams = signal(SILENT, [removal()])
    assert np.allclose(grams[0, :700], 2000.0, atol=1e-3)
    assert np.allclose(grams[0, 802:], 1654.0, atol=1e-3)
    assert np.allclose(grams[1], 1000.0) and np.allclose(grams[2], 500.0)


def test_a_plate_settles_at_its_new_weight_under_every_profile() -> None:
    for name, profile in PROFILES.items():
        grams = signal(profile, [removal()])
        step_g = np.nanmedian(grams[0, 1200:1700]) - np.nanmedian(grams[0, 200:700])
        assert step_g == pytest.approx(-346.0, abs=1.5), name


def test_the_platform_rings_at_its_own_frequency_and_comes_to_rest() -> None:
    made = cells(Profile.only(ringing=1.0), 640.0)
    made.add(Action(5.0, "A1", "sku", -1, (-400.0,), 0.8, "plain"))
    grams = made.take(640 * 20)[0].astype(float)
    begin = round(5.0 * 640) + 10
    platform = made.platforms[0]
    ring = grams[begin : begin + 4096] - grams[-1]
    ring *= np.hanning(ring.size * 2)[ring.size :]
    spectrum = np.abs(np.fft.rfft(ring))
    measured_hz = np.fft.rfftfreq(ring.size, 1 / 640.0)[int(spectrum[4:].argmax()) + 4]
    assert measured_hz == pytest.approx(platform.frequency_hz, rel=0.1)
    assert np.abs(grams[round(7.5 * 640) :] - 1600.0).max() < 0.1


def test_a_hand_presses_before_it_takes_and_leaves_nothing_behind() -> None:
    touching = Profile.only(touch=1.0)
    pressed = signal(touching, [removal()])[0]
    assert pressed[720:800].max() > 2015.0
    touched = signal(touching, [Action(10.0, "A1", None, 0, (), 0.8, "touch")])[0]
    assert touched[740:790].max() > 2015.0
    assert np.allclose(touched[805:], 2000.0, atol=0.01)


def test_creep_shows_a_seventh_of_a_gram_after_a_minute_and_a_third_after_ten() -> None:
    made = cells(Profile.only(creep=1.0))
    made.add(Action(10.0, "B1", "sku", 1, (600.0,), 0.5, "plain"))
    grams = made.take(round(700 * RATE_HZ))[2]
    settled = float(grams[round(10.5 * RATE_HZ)])
    assert grams[round(70 * RATE_HZ)] - settled == pytest.approx(0.14, abs=0.03)
    assert grams[round(610 * RATE_HZ)] - settled == pytest.approx(0.30, abs=0.04)


def test_neighbours_on_one_board_bend_a_little_and_others_do_not() -> None:
    crosstalk = Profile.only(crosstalk=1.0)
    grams = signal(crosstalk, [removal(grams=-600.0)])
    beside_g = abs(float(grams[1, -1]) - 1000.0)
    assert 0.002 * 600 <= beside_g <= 0.005 * 600
    assert np.allclose(grams[2], 500.0, atol=1e-3)


def test_the_noise_is_as_strong_as_that_of_cheap_converters() -> None:
    grams = signal(PROFILES["calm"], [], 60.0)
    sigma_g = np.diff(grams, axis=1).std(axis=1) / np.sqrt(2)
    assert ((sigma_g > 0.05) & (sigma_g < 0.35)).all()


def test_samples_go_missing_and_spikes_come_but_rarely() -> None:
    made = cells(Profile(spikes=100.0, dropouts=100.0, vibration=0.0))
    grams = made.take(round(600 * RATE_HZ))
    missing = np.isnan(grams).mean()
    assert 0.0 < missing < 0.01
    spikes = np.abs(np.diff(grams, axis=1)) > 4.0
    assert 0 < np.nansum(spikes) < 1000


def test_the_samples_do_not_depend_on_the_blocks_they_are_taken_in() -> None:
    actions = [removal(3.0), removal(6.5, plate="A2"), removal(7.0, 90.0, "B1")]
    whole, cut = cells(PROFILES["default"]), cells(PROFILES["default"])
    for action in actions:
        whole.add(action)
        cut.add(action)
    blocks = [cut.take(samples) for samples in (1, 7, 250, 31, 0, 211, 300)]
    # Sums are taken in another order, so a quantum of 0.05 g may fall to the other side.
    assert np.allclose(np.concatenate(blocks, axis=1), whole.take(800), atol=0.051, equal_nan=True)
