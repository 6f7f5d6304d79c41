"""How long the shelf was watched: counted by the second, written seldom."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.clock import SteadyClock
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.report.keeping import Watch, all_scales_work
from edge_agent.standing import Standing
from edge_agent.store import Store
from edge_agent.systemd_notify import Notifier
from edge_agent.upkeep import Upkeep
from tests.report.month_scene import BERLIN, SHANGHAI, moment
from tests.shelf.scene import settings

TEN = moment("2027-03-02 10:00")


def seconds_by_hour(watch: Watch, now: float) -> dict[str, int]:
    return {cell.key: sums.units for cell, sums in watch.due(now).items()}


def run(watch: Watch, since: float, until: float, step_s: float = 0.25) -> None:
    for n in range(1, round((until - since) / step_s) + 1):
        watch.saw(since + n * step_s, is_watching=True)


def test_seconds_are_booked_in_their_hour() -> None:
    start = moment("2026-03-02 09:58")
    watch = Watch(start, SHANGHAI)
    run(watch, start, start + 660)
    assert seconds_by_hour(watch, start + 660) == {"09": 119, "10": 541}


def test_nothing_is_due_before_ten_minutes_and_nothing_twice() -> None:
    watch = Watch(TEN, SHANGHAI)
    run(watch, TEN, TEN + 599)
    assert watch.due(TEN + 599) == {}
    run(watch, TEN + 599, TEN + 600)
    assert seconds_by_hour(watch, TEN + 600) == {"10": 600}
    watch.written(TEN + 600)
    run(watch, TEN + 600, TEN + 1200)
    assert seconds_by_hour(watch, TEN + 1200) == {"10": 600}


def test_time_without_scales_is_not_watched() -> None:
    watch = Watch(TEN, SHANGHAI)
    run(watch, TEN, TEN + 300)
    for n in range(300):
        watch.saw(TEN + 301 + n, is_watching=False)
    assert seconds_by_hour(watch, TEN + 601) == {"10": 300}
    assert not all_scales_work({"scale main": "gone"})
    assert all_scales_work({"camera front": "gone", "store": "full"})


def test_a_clock_that_is_set_adds_nothing() -> None:
    watch = Watch(TEN, SHANGHAI)
    for at in (TEN + 5000, TEN + 5001, TEN - 9000, TEN - 8999):
        watch.saw(at, is_watching=True)
    assert sum(seconds_by_hour(watch, TEN + 9000).values()) == 2


def test_the_hour_that_comes_twice_can_be_watched_for_two() -> None:
    start = moment("2026-10-25 02:00", BERLIN)
    watch = Watch(start, BERLIN)
    run(watch, start, start + 7200, step_s=10.0)
    assert seconds_by_hour(watch, start + 7200)["02"] in range(7180, 7201)


class Hands:
    """The two clocks of an upkeep, moved by the test."""

    def __init__(self) -> None:
        self.at = TEN

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_upkeep_writes_the_time_watched_with_a_status(tmp_path: Path, hands: Hands) -> None:
    store = Store.open(tmp_path)
    shelf = settings()
    ledger = Ledger(shelf, store)
    standing = Standing(shelf, TEN)
    pipeline = Pipeline(shelf, ledger, store)
    clock = SteadyClock(wall=hands, monotonic=hands)
    upkeep = Upkeep(ledger, pipeline, store, standing, Notifier(None), clock)
    writes = set()
    for n in range(1, 2 * 7200 + 1):
        hands.at = TEN + n / 2
        if n == 3600:
            standing.fault("scale main", "unplugged")
        if n == 7200:
            standing.mended("scale main")
        upkeep.work(hands.at)
        cells = store.history.cells(0, 10**6)
        writes.add(sum(sums.units for sums in cells.values()))
    # Two hours, one half of which nobody watched; the last minutes wait for the next status.
    assert max(writes) in range(5400 - 660, 5401)
    assert len(writes) <= 13
    upkeep.keep_watched()
    upkeep.keep_watched()
    total = sum(sums.units for sums in store.history.cells(0, 10**6).values())
    assert total in range(5398, 5401)
    store.close()
