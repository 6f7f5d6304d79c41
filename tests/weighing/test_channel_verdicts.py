"""What is said of a channel's mounting and wiring, and when nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.weighing.diagnosis.channel import measure_channel
from edge_agent.weighing.diagnosis.converters import ADS1232
from edge_agent.weighing.diagnosis.facts import ChannelFacts, Remark
from edge_agent.weighing.diagnosis.verdicts import judge_channel
from tests.weighing.channel_signals import (
    COUNTS_PER_G,
    FACTS,
    FloatArray,
    board_times,
    clock,
    knocked,
    still,
)


def remarks(since: FloatArray, counts: FloatArray, facts: ChannelFacts = FACTS) -> list[Remark]:
    return judge_channel(measure_channel(board_times(since), np.round(counts)), facts)


def test_nothing_is_said_of_a_good_channel() -> None:
    for rate_hz in (10.0, 80.0):
        since = clock(rate_hz)
        assert remarks(since, still(since)) == []


def test_nothing_is_said_of_a_good_channel_that_is_knocked_once() -> None:
    since = clock()
    assert remarks(since, still(since) + knocked(since, 2.0, 200.0, 22.0, 0.08)) == []


@pytest.mark.parametrize(
    ("ailment", "topic", "said", "remedy"),
    [
        (lambda t, c: c * 0 + 2**23 - 1, "range", "100 % of its samples are 8388607", "1 kΩ"),
        (lambda t, c: np.where(t > 4.5, -(2.0**23), c), "range", "-8388608", "four wires"),
        (lambda t, c: c * 0 - 1, "value", "always reads -1", "data and clock wires"),
        (lambda t, c: c * 0 + 5e5, "value", "frozen: all 400", "power the board off"),
        (lambda t, c: (c.astype(int) | 8) * 1.0, "bits", "bit 3", "24 clock pulses"),
        (lambda t, c: np.repeat(c[::8], 8), "value", "only 10 are new", "rate to 80"),
        (lambda t, c: c + 300 * np.sin(314.2 * t), "hum", "50 Hz by ± 0.7", "ground its shield"),
        (lambda t, c: c + 12 * (c - c.mean()), "noise", "noise 1", "twist the cell's wires"),
        (lambda t, c: c + 8000 * (np.arange(len(c)) % 90 == 40), "spikes", "20 g", "plugs home"),
        (lambda t, c: c + 2000 * t / 60, "drift", " ± 0.2 g a minute", "Wait ten minutes"),
        (lambda t, c: c + knocked(t, 2.0, 90.0, 8.0, 0.05), "ringing", "8.0 Hz", "Stiffen"),
        (lambda t, c: c + 4e4 * (t * 3 % 1) * (t > 1.2), "stillness", "did not rest", "hands off"),
    ],
)
def test_an_ailment_is_named_with_what_to_do(
    ailment: object, topic: str, said: str, remedy: str
) -> None:
    since = clock()
    found = remarks(since, ailment(since, still(since)))  # type: ignore[operator]
    (remark,) = [r for r in found if r.topic == topic]
    assert said in remark.detail
    assert remedy in remark.remedy
    assert remark.verdict == ("fail" if topic in ("range",) or "reads" in said else remark.verdict)


def test_a_dead_channel_is_not_asked_about_its_noise() -> None:
    since = clock()
    (remark,) = remarks(since, still(since) * 0 + 2**23 - 1)
    assert remark.verdict == "fail"


def test_lost_samples_are_told_with_the_longest_gap() -> None:
    since = clock()
    counts = still(since)
    counts[100:120] = np.nan
    (remark,) = remarks(since, counts)
    assert "5 % of its samples missing, up to 26" in remark.detail


def test_a_rate_that_the_board_does_not_keep_is_told() -> None:
    since = clock(10.0)
    (remark,) = remarks(since, still(since), replace(FACTS, told_rate_hz=80.0))
    assert "10.0 samples a second, where the board says 80" in remark.detail
    assert "RATE pin" in remark.remedy


def test_a_slow_scale_is_told_what_is_needed() -> None:
    since = clock(4.0, 10.0)
    (remark,) = remarks(since, still(since))
    assert "10 to 80 are needed" in remark.detail


def test_noise_is_compared_with_the_boards_own_converter() -> None:
    since = clock()
    counts = still(since, 150.0)
    assert remarks(since, counts) == []
    (remark,) = remarks(since, counts, replace(FACTS, converter=ADS1232))
    assert "ADS1232" in remark.detail


def test_a_cell_that_ends_before_its_capacity_is_told() -> None:
    since = clock()
    (remark,) = remarks(since, still(since), replace(FACTS, capacity_g=30_000.0))
    assert "end of the converter's range at 20" in remark.detail
    assert "capacity_g" in remark.remedy


def test_a_calibration_with_the_wrong_mass_is_told() -> None:
    since = clock()
    (remark,) = remarks(since, still(since), replace(FACTS, counts_per_g=30.0))
    assert "mV/V" in remark.detail
    assert "--mass" in remark.remedy


def test_a_scale_in_grams_is_judged_without_its_converter() -> None:
    since = clock(10.0, 8.0)
    facts = ChannelFacts(0.0, 1.0, 5000.0, is_counts=False)
    # One step of 0.1 g, and hardly any noise: usual for an indicator.
    grams = np.round(300 + np.random.default_rng(1).normal(0, 0.03, len(since)), 1)
    assert judge_channel(measure_channel(board_times(since), grams), facts) == []
    assert judge_channel(measure_channel(board_times(since), grams * 0 + 300), facts) == []


def test_counts_are_told_as_counts_before_the_calibration() -> None:
    since = clock()
    facts = replace(FACTS, counts_per_g=1.0, zero_counts=0.0)
    (remark,) = remarks(since, still(since, 900.0), facts)
    assert "counts)" in remark.detail
    assert facts.counts_per_g != COUNTS_PER_G
