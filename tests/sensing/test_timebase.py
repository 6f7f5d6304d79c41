"""From the board's uptime to the host's time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sensing.timebase import Timebase

T0 = 1_772_000_000.0
SAMPLE_MS = 12.5


class Board:
    """Makes bursts of uptimes as a board with its own crystal would."""

    def __init__(self, uptime_ms: float = 5000.0, drift: float = 0.0) -> None:
        self.uptime_ms = uptime_ms
        self.drift = drift

    def burst(self, samples: int = 8) -> list[int]:
        out = []
        for _ in range(samples):
            self.uptime_ms = (self.uptime_ms + SAMPLE_MS * (1 + self.drift)) % 2**32
            out.append(int(self.uptime_ms))
        return out


def test_samples_of_a_burst_are_spaced_as_the_board_took_them() -> None:
    times = Timebase().host_times([1000, 1012, 1025, 1037], T0)
    assert times == pytest.approx([T0 - 0.037, T0 - 0.025, T0 - 0.012, T0], abs=1e-6)


def test_a_late_burst_does_not_shift_its_samples() -> None:
    board, timebase = Board(), Timebase()
    for n in range(20):
        timebase.host_times(board.burst(), T0 + n * 0.1)
    delayed = timebase.host_times(board.burst(), T0 + 20 * 0.1 + 0.4)
    assert delayed[-1] == pytest.approx(T0 + 2.0, abs=0.005)


def test_the_first_burst_may_be_late_and_is_caught_up() -> None:
    board, timebase = Board(), Timebase()
    timebase.host_times(board.burst(), T0 + 0.3)
    for n in range(1, 300):
        times = timebase.host_times(board.burst(), T0 + n * 0.1)
    assert times[-1] == pytest.approx(T0 + 29.9, abs=0.005)


@pytest.mark.parametrize("drift", [-0.005, -0.0001, 0.0001, 0.005])
def test_a_drifting_crystal_is_followed(drift: float) -> None:
    board, timebase = Board(drift=drift), Timebase()
    worst = 0.0
    for n in range(3000):
        arrived_at = T0 + n * 0.1
        worst = max(worst, abs(timebase.host_times(board.burst(), arrived_at)[-1] - arrived_at))
    assert worst < 0.05
    assert timebase.jumps == 0


def test_uptime_wraps_without_a_jump() -> None:
    board, timebase = Board(uptime_ms=2**32 - 450), Timebase()
    times: list[float] = []
    for n in range(20):
        times += timebase.host_times(board.burst(), T0 + n * 0.1)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert max(gaps) < 0.02
    assert timebase.jumps == 0


@pytest.mark.parametrize("uptime_ms", [3_600_000.0, 3_000_000_000.0, 4_294_000_000.0])
def test_a_restarted_board_is_noticed_and_time_goes_on(uptime_ms: float) -> None:
    board, timebase = Board(uptime_ms=uptime_ms), Timebase()
    for n in range(10):
        timebase.host_times(board.burst(), T0 + n * 0.1)
    times = timebase.host_times(Board(uptime_ms=200).burst(), T0 + 3.0)
    assert times[-1] == pytest.approx(T0 + 3.0)
    assert timebase.jumps == 1
    assert timebase.last_jump is not None
    assert timebase.last_jump.restarted


def test_a_restart_inside_a_burst_is_noticed() -> None:
    board, timebase = Board(uptime_ms=80_000), Timebase()
    timebase.host_times(board.burst(), T0)
    times = timebase.host_times(board.burst() + Board(uptime_ms=0).burst(), T0 + 0.5)
    assert times == sorted(times)
    assert times[-1] <= T0 + 0.7
    assert timebase.jumps == 1


def test_a_host_clock_set_forward_is_noticed_and_taken_over() -> None:
    board, timebase = Board(), Timebase()
    for n in range(100):
        timebase.host_times(board.burst(), T0 + n * 0.1)
    for n in range(100, 200):
        times = timebase.host_times(board.burst(), T0 + 3600 + n * 0.1)
    assert times[-1] == pytest.approx(T0 + 3600 + 19.9, abs=0.01)
    assert timebase.jumps == 1


def test_a_host_clock_set_back_never_makes_time_go_backwards() -> None:
    board, timebase = Board(), Timebase()
    times: list[float] = []
    for n in range(100):
        times += timebase.host_times(board.burst(), T0 + n * 0.1)
    for n in range(100, 200):
        times += timebase.host_times(board.burst(), T0 - 60 + n * 0.1)
    assert all(a < b for a, b in itertools.pairwise(times))
    assert timebase.jumps == 1
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert sum(gap < 0.005 for gap in gaps) == 1


def test_a_stalled_network_is_no_jump() -> None:
    board, timebase = Board(), Timebase()
    for n in range(50):
        timebase.host_times(board.burst(), T0 + n * 0.1)
    for n in range(50, 150):  # ten seconds held back, then delivered in pieces at once
        times = timebase.host_times(board.burst(), T0 + 15.0 + n * 0.001)
    assert timebase.jumps == 0
    assert times[-1] == pytest.approx(T0 + 14.9, abs=0.25)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5),
            st.floats(-100.0, 100.0),
        ),
        max_size=20,
    )
)
def test_time_rises_whatever_the_board_and_the_clock_do(
    bursts: list[tuple[list[int], float]],
) -> None:
    timebase = Timebase()
    times: list[float] = []
    for uptimes, arrived in bursts:
        got = timebase.host_times(uptimes, T0 + arrived)
        assert len(got) == len(uptimes)
        times += got
    assert all(a < b for a, b in itertools.pairwise(times))
