"""What a hand changed on a plate, asked afterwards by whoever saw it."""

from __future__ import annotations

import pytest

from edge_agent.weighing.level_log import KEPT, LevelLog
from edge_agent.weighing.plates import PlateLevel


def noted(*levels: tuple[float, float], moving: tuple[float, float] = (0.0, 0.0)) -> LevelLog:
    """A log of one plate: (Unix seconds, grams); from and until when a hand is on it."""
    log = LevelLog()
    for at, grams in levels:
        hands = {"A1"} if moving[0] <= at < moving[1] else set()
        log.note({"A1": PlateLevel(at, grams, 0.03)}, hands)
    return log


def test_what_a_hand_changed_is_the_difference_of_the_levels_around_it() -> None:
    log = noted(
        (1, 500.0), (2, 500.1), (3, 450.0), (4, 560.0), (5, 499.4), (6, 499.3), moving=(3, 5)
    )
    shift = log.shift("A1", 2.5, 4.5)
    assert shift is not None
    assert shift.delta_g == pytest.approx(-0.7)
    assert shift.sigma_g == pytest.approx(0.03 * 2**0.5)


def test_a_plate_that_was_not_at_rest_shortly_before_or_after_tells_nothing() -> None:
    log = noted((1, 500.0), (100, 499.0))
    assert log.shift("A1", 50, 60) is None
    assert log.shift("A1", 1.5, 20) is None
    assert log.shift("B1", 1.5, 99.5) is None


def test_levels_of_the_last_minutes_are_kept_and_no_more() -> None:
    log = noted(*((float(second), 500.0 + second) for second in range(2 * KEPT)))
    assert log.shift("A1", KEPT - 30.0, KEPT - 20.0) is None
    shift = log.shift("A1", 2 * KEPT - 20.0, 2 * KEPT - 10.0)
    assert shift is not None
    assert shift.delta_g == pytest.approx(10.0)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    log = noted((5000, 400.0), (1000, 500.0), (1001, 499.0), (1002, 498.0))
    shift = log.shift("A1", 1000.5, 1001.5)
    assert shift is not None
    assert shift.delta_g == pytest.approx(-2.0)
