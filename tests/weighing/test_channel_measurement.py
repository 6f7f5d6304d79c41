"""What a few seconds of one channel show, measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.weighing.diagnosis.channel import ChannelMeasurement, measure_channel
from edge_agent.weighing.diagnosis.converters import ADS1232, HX711, cell_mv_per_v, converter_named
from edge_agent.weighing.diagnosis.lines import folded
from edge_agent.weighing.diagnosis.pace import measure_pace
from tests.weighing.channel_signals import (
    COUNTS_PER_G,
    START,
    FloatArray,
    board_times,
    clock,
    knocked,
    still,
)


def measured(since: FloatArray, counts: FloatArray) -> ChannelMeasurement:
    return measure_channel(board_times(since), np.round(counts))


@pytest.mark.parametrize("rate_hz", [10.0, 12.5, 40.0, 80.0, 92.6])
def test_a_still_channel_gives_its_rate_and_noise(rate_hz: float) -> None:
    since = clock(rate_hz, 8.0)
    found = measured(since, still(since))
    assert found.rate_hz == pytest.approx(rate_hz, rel=0.003)
    assert found.rms == pytest.approx(40.0, rel=0.25)
    assert found.missing_share == 0.0
    assert found.still_share == 1.0
    assert found.spikes == found.saturated == 0
    assert found.hum is None
    assert found.resonance is None
    assert found.stuck_bits == ()
    assert found.resolution == 1.0


def test_noise_is_that_of_the_still_part_while_goods_are_taken() -> None:
    since = clock()
    counts = still(since) - np.where(since > 2.5, 200 * COUNTS_PER_G, 0.0)
    found = measured(since, counts)
    assert found.rms == pytest.approx(40.0, rel=0.2)
    assert found.moved == pytest.approx(200 * COUNTS_PER_G, rel=0.01)
    assert found.drift is None
    assert found.spikes == 0


@pytest.mark.parametrize(("mains_hz", "rate_hz"), [(50.02, 80.0), (59.97, 80.0), (49.96, 82.7)])
def test_mains_hum_is_found_where_the_sampling_folds_it_to(mains_hz: float, rate_hz: float) -> None:
    since = clock(rate_hz)
    found = measured(since, still(since) + 100 * np.sin(2 * np.pi * mains_hz * since + 1.0))
    assert found.hum is not None
    assert found.hum.mains_hz == round(mains_hz, -1)
    assert found.hum.folded_hz == pytest.approx(folded(round(mains_hz, -1), rate_hz), abs=0.3)
    assert found.hum.amplitude == pytest.approx(100.0, rel=0.15)


def test_hum_that_folds_to_nothing_is_not_guessed() -> None:
    since = clock(10.0)
    assert measured(since, still(since) + 100 * np.sin(2 * np.pi * 50 * since)).hum is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), noise_counts=st.floats(5.0, 2000.0))
def test_white_noise_is_neither_hum_nor_ringing(seed: int, noise_counts: float) -> None:
    since = clock()
    found = measured(since, still(since, noise_counts, seed))
    assert found.hum is None
    assert found.resonance is None
    assert found.rms == pytest.approx(noise_counts, rel=0.25)


@pytest.mark.parametrize(("hz", "damping"), [(8.0, 0.05), (12.0, 0.06), (18.0, 0.08), (30.0, 0.1)])
def test_a_knock_tells_how_the_platform_rings(hz: float, damping: float) -> None:
    since = clock()
    found = measured(since, still(since) + knocked(since, 2.013, 100.0, hz, damping)).resonance
    assert found is not None
    assert found.frequency_hz == pytest.approx(hz, rel=0.02)
    assert found.damping == pytest.approx(damping, rel=0.15)
    # exp(-damping * 2 pi f t) falls to a thousandth.
    assert found.settling_s == pytest.approx(6.9 / (damping * 2 * np.pi * hz), rel=0.15)


def test_a_platform_that_is_shaken_all_the_time_is_seen_in_the_noise() -> None:
    since = clock(seconds=10.0)
    chance = np.random.default_rng(3)
    decay = np.exp(-2 * np.pi * 12 * 0.05 / 80)
    swing = np.zeros(len(since))
    for k in range(2, len(since)):
        ahead = 2 * decay * np.cos(2 * np.pi * 12 / 80) * swing[k - 1] - decay**2 * swing[k - 2]
        swing[k] = ahead + chance.normal()
    found = measured(since, still(since) + 80 * swing / swing.std()).resonance
    assert found is not None
    assert found.frequency_hz == pytest.approx(12.0, abs=1.0)
    assert found.damping is None


def test_spikes_are_counted_and_do_not_raise_the_noise() -> None:
    since = clock()
    counts = still(since)
    counts[[50, 150, 151, 300]] += 8000
    found = measured(since, counts)
    assert found.spikes == 3
    assert found.largest_spike == pytest.approx(8000, rel=0.1)
    assert found.rms == pytest.approx(40.0, rel=0.2)


def test_a_drift_is_told_with_its_error() -> None:
    since = clock(seconds=10.0)
    found = measured(since, still(since) + 5 * COUNTS_PER_G * since / 60)
    assert found.drift is not None
    assert found.drift.per_minute == pytest.approx(5 * COUNTS_PER_G, abs=4 * found.drift.error)
    assert found.drift.error < 0.5 * COUNTS_PER_G


def test_lost_samples_are_gaps_and_not_a_slower_rate() -> None:
    since = clock()
    kept = np.random.default_rng(5).random(len(since)) > 0.05
    found = measured(since[kept], still(since)[kept])
    assert found.rate_hz == pytest.approx(80.0, rel=0.002)
    assert found.missing_share == pytest.approx(0.05, abs=0.03)


def test_failed_conversions_count_as_lost() -> None:
    since = clock()
    counts = still(since)
    counts[100:120] = np.nan
    found = measured(since, counts)
    assert found.missing_share == pytest.approx(0.05, abs=0.001)
    assert found.longest_gap_s == pytest.approx(21 / 80, abs=0.01)


def test_times_that_are_still_being_fitted_to_the_clock_are_no_jitter() -> None:
    since = clock()
    # The first second is stretched by 2 %, as the time base does after opening.
    times = START + since + 0.02 * np.minimum(since, 1.0)
    pace = measure_pace(times)
    assert pace.rate_hz == pytest.approx(80.0, rel=0.001)
    assert pace.jitter_s < 0.001


def test_samples_that_come_in_bursts_have_the_rate_of_all() -> None:
    since = np.repeat(np.arange(50) / 10, 8) + np.tile(np.arange(8) * 1e-4, 50)
    assert measure_pace(START + since).rate_hz == pytest.approx(80.0, rel=0.05)


def test_a_bit_that_never_changes_is_found_and_coarse_steps_are_not() -> None:
    since = clock()
    counts = still(since).astype(np.int64)
    assert measured(since, (counts | 8).astype(np.float64)).stuck_bits == (3,)
    assert measured(since, (counts // 8 * 8).astype(np.float64)).stuck_bits == ()
    assert measured(since, (counts // 8 * 8).astype(np.float64)).resolution == 8.0


def test_values_that_come_twice_are_noticed() -> None:
    since = clock()
    found = measured(since, np.repeat(still(since)[::8], 8)[: len(since)])
    assert found.repeated_share == pytest.approx(7 / 8, abs=0.01)
    assert found.longest_same >= 8


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="20 are needed"):
        measure_channel(START + np.arange(5.0), np.zeros(5))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(-(2**23), 2**23 - 1), min_size=20, max_size=120),
    rate_hz=st.sampled_from([10.0, 80.0]),
)
def test_any_counts_can_be_measured(values: list[int], rate_hz: float) -> None:
    since = np.arange(len(values)) / rate_hz
    found = measured(since, np.array(values, dtype=np.float64))
    assert found.samples == len(values)
    assert found.lowest <= found.level <= found.highest
    assert np.isfinite(found.rms)


def test_data_sheets_are_read_as_counts() -> None:
    # 90 nV of 2.33 nV steps.
    assert HX711.noise_counts(80.0) == pytest.approx(38.7, abs=0.1)
    assert HX711.noise_counts(10.0) == pytest.approx(21.5, abs=0.1)
    assert HX711.noise_counts(10.0) < HX711.noise_counts(40.0) < HX711.noise_counts(80.0)
    assert converter_named("shelf-board 1.2 (ads1232)") is ADS1232
    assert converter_named("shelf-board 1.2") is None
    # The whole range is half of the supply over the gain.
    assert cell_mv_per_v(2**23) == pytest.approx(500 / 128)
