"""Times of samples that carry none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensing.arrivals import ArrivalTimes


def test_a_sample_that_comes_alone_was_made_when_it_came() -> None:
    times = ArrivalTimes()
    assert [times.stamp(1, at) for at in (10.0, 10.1, 10.3)] == [[10.0], [10.1], [10.3]]
    assert times.stamp(0, 10.4) == []


def test_samples_that_waited_while_nobody_read_are_spread_over_the_wait() -> None:
    times = ArrivalTimes()
    for n in range(20):
        times.stamp(1, n * 0.1)
    assert times.stamp(10, 2.9) == pytest.approx([2.0 + 0.1 * n for n in range(10)])


def test_samples_that_a_network_held_back_are_one_pace_apart() -> None:
    times = ArrivalTimes()
    for n in range(20):
        times.stamp(1, n * 0.1)
    assert times.stamp(3, 8.0) == pytest.approx([7.4, 7.7, 8.0], abs=0.3)


def test_the_first_burst_comes_as_one_moment() -> None:
    assert ArrivalTimes().stamp(3, 5.0) == pytest.approx([5.0, 5.0001, 5.0002])


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-100, 100)), max_size=30))
def test_times_rise_whatever_the_clock_does(bursts: list[tuple[int, float]]) -> None:
    times, told, now = ArrivalTimes(), list[float](), 1e9
    for count, step_s in bursts:
        now += step_s
        told += times.stamp(count, now)
    assert all(a < b for a, b in itertools.pairwise(told))


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0.01, 4)), max_size=30))
def test_no_sample_is_older_than_the_one_before_or_newer_than_its_arrival(
    bursts: list[tuple[int, float]],
) -> None:
    times, last, now = ArrivalTimes(), 0.0, 1000.0
    for count, step_s in bursts:
        now += step_s
        told = times.stamp(count, now)
        assert last < told[0]
        assert told[-1] <= now + count * 1e-4
        last = told[-1]
