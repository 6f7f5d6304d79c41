"""Edges and pauses of a device that comes and goes."""

from __future__ import annotations

from edge_agent.sensing.outage import Outage, RetryPauses


def test_a_loss_is_told_once_and_the_return_says_how_long() -> None:
    outage = Outage(RetryPauses())
    assert [outage.failed(now) for now in (0.0, 1.0, 2.0)] == [True, False, False]
    assert [outage.worked(now) for now in (7.5, 8.0)] == [7.5, None]


def test_a_device_that_always_worked_was_never_away() -> None:
    assert Outage(RetryPauses()).worked(3.0) is None


def test_pauses_double_up_to_the_longest() -> None:
    outage = Outage(RetryPauses(first_s=0.5, longest_s=30.0))
    pauses = []
    for now in range(9):
        outage.failed(float(now))
        pauses.append(outage.pause_s)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_pauses_start_anew_after_healthy_work() -> None:
    outage = Outage(RetryPauses(first_s=0.5, healthy_s=10.0))
    outage.failed(0.0)
    outage.failed(1.0)
    outage.worked(2.0)
    outage.worked(12.0)
    outage.failed(13.0)
    assert outage.pause_s == 0.5


def test_a_loose_contact_is_not_told_ever_faster() -> None:
    outage = Outage(RetryPauses(first_s=0.5, healthy_s=10.0))
    pauses = []
    for now in range(4):
        outage.failed(float(now))
        pauses.append(outage.pause_s)
        outage.worked(now + 0.5)
    assert pauses == [0.5, 1, 2, 4]
