"""What the weight did around each change is remembered, packed and kept."""

from __future__ import annotations

import logging
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import StoreError
from edge_agent.store import Store
from edge_agent.trace_codec import MOST_SAMPLES, FloatArray, pack, thinned, unpack
from edge_agent.traces import REMEMBERED_S, TraceKeeper
from edge_agent.weighing.change import WeightChange

START = 1_760_000_000.0
RATE_HZ = 80.0


def change(settled_s: float, began_s: float | None = None, revision: int = 1) -> WeightChange:
    began = settled_s - 1.0 if began_s is None else began_s
    return WeightChange("B-1", revision, "B", START + began, START + settled_s, -100.0, 0.1, 200.0)


class Plates:
    """Two plates whose weights are their own times, so that one sees which samples were kept."""

    def __init__(self, keeper: TraceKeeper) -> None:
        self._keeper = keeper
        self._told = 0

    def until(self, second: float) -> None:
        """Weigh on, in blocks of 0.1 s, and keep what is due."""
        while self._told < second * RATE_HZ:
            since = (self._told + np.arange(8)) / RATE_HZ
            grams = np.stack((np.zeros(8), since), axis=1)
            grams[3, 1] = np.nan
            self._keeper.remember(["A", "B"], START + since, grams)
            self._told += 8
            self._keeper.keep_due(START + float(since[-1]))


def seconds_kept(store: Store, change_id: str = "B-1") -> FloatArray:
    row = store.traces.get(change_id)
    assert row is not None
    times, grams = unpack(row.samples)
    assert times - START == pytest.approx(grams, abs=0.01)
    return grams


def test_a_trace_goes_from_before_a_change_to_after_it() -> None:
    store = Store.in_memory()
    keeper = TraceKeeper(store.traces)
    plates = Plates(keeper)
    plates.until(20)
    keeper.on_change(change(19.0))
    plates.until(30)
    seconds = seconds_kept(store)
    assert seconds[0] == pytest.approx(16.0, abs=0.03)
    assert seconds[-1] == pytest.approx(22.0, abs=0.03)
    # One of eight was missing.
    assert len(seconds) == pytest.approx(7 / 8 * 6 * RATE_HZ, abs=2)


def test_a_change_near_the_start_has_what_there_is() -> None:
    store = Store.in_memory()
    plates = Plates(keeper := TraceKeeper(store.traces))
    plates.until(2)
    keeper.on_change(change(1.5, 0.5))
    plates.until(12)
    assert seconds_kept(store)[0] == 0.0


def test_a_revision_takes_the_place_of_what_was_kept() -> None:
    store = Store.in_memory()
    plates = Plates(keeper := TraceKeeper(store.traces))
    plates.until(20)
    keeper.on_change(change(19.0))
    plates.until(30)
    keeper.on_change(change(28.0, 18.0, revision=2))
    plates.until(40)
    seconds = seconds_kept(store)
    assert seconds[0] == pytest.approx(16.0, abs=0.1)
    assert seconds[-1] == pytest.approx(31.0, abs=0.1)


def test_a_late_revision_does_not_cut_what_was_kept() -> None:
    store = Store.in_memory()
    plates = Plates(keeper := TraceKeeper(store.traces))
    plates.until(20)
    keeper.on_change(change(19.0))
    plates.until(20 + REMEMBERED_S + 5)
    keeper.on_change(change(19.1, 18.0, revision=2))
    plates.until(20 + REMEMBERED_S + 15)
    assert seconds_kept(store)[0] == pytest.approx(16.0, abs=0.03)


def test_what_was_no_change_or_not_watched_has_no_trace() -> None:
    store = Store.in_memory()
    plates = Plates(keeper := TraceKeeper(store.traces))
    plates.until(20)
    keeper.on_change(replace(change(19.0), withdrawn=True))
    keeper.on_change(replace(change(19.0), unobserved=True))
    plates.until(30)
    keeper.keep_all(START + 30)
    assert store.traces.count == 0


def test_an_agent_that_stops_keeps_what_it_has() -> None:
    store = Store.in_memory()
    plates = Plates(keeper := TraceKeeper(store.traces))
    plates.until(20)
    keeper.on_change(change(19.5))
    assert store.traces.count == 0
    keeper.keep_all(START + 20)
    assert seconds_kept(store)[-1] == pytest.approx(20.0, abs=0.05)


def test_a_clock_that_was_set_back_starts_anew() -> None:
    store = Store.in_memory()
    keeper = TraceKeeper(store.traces)
    for begin in (START + 5000, START):
        for block in range(100):
            times = begin + block / 10 + np.arange(8) / RATE_HZ
            keeper.remember(["B"], times, np.ones((8, 1)))
    keeper.on_change(change(8.0))
    keeper.keep_all(START + 10)
    row = store.traces.get("B-1")
    assert row is not None
    assert unpack(row.samples)[0][0] == pytest.approx(START + 5.0, abs=0.02)


def test_a_trace_that_cannot_be_written_is_lost_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Store.open(tmp_path).close()
    reader = Store.read_only(tmp_path)
    failing = TraceKeeper(reader.traces)
    failing.remember(["B"], START + np.arange(80) / RATE_HZ, np.ones((80, 1)))
    failing.on_change(change(0.5, 0.2))
    with caplog.at_level(logging.WARNING):
        failing.keep_all(START + 10)
        failing.on_change(change(0.6, 0.2))
        failing.keep_all(START + 10)
    assert [r.message for r in caplog.records if "without their traces" in r.message] == [
        caplog.records[0].message
    ]
    reader.close()


grams = st.floats(-20_000, 20_000).map(lambda g: round(g, 2))


@given(
    steps=st.lists(st.tuples(st.floats(0.0001, 3.0), grams), min_size=1, max_size=80),
    began=st.floats(1e9, 4e9),
)
def test_a_packed_trace_is_unpacked_as_it_was(
    steps: list[tuple[float, float]], began: float
) -> None:
    times = began + np.cumsum([step for step, _ in steps])
    weights = np.array([g for _, g in steps])
    back_times, back_grams = unpack(pack(times, weights))
    assert back_times == pytest.approx(times, abs=1.1e-4)
    assert back_grams == pytest.approx(weights, abs=0.0051)


def test_a_second_of_trace_takes_a_hundred_bytes() -> None:
    chance = np.random.default_rng(1)
    times = START + np.round(np.arange(480) / RATE_HZ, 3)
    assert len(pack(times, 300 + chance.normal(0, 0.3, 480))) < 6 * 180


@given(st.lists(grams, min_size=1, max_size=3000))
def test_a_thinned_trace_keeps_its_extremes_and_its_order(weights: list[float]) -> None:
    before = np.arange(len(weights)) / RATE_HZ
    times, kept = thinned(before, np.array(weights))
    assert len(kept) <= MOST_SAMPLES
    assert kept.max() == max(weights)
    assert kept.min() == min(weights)
    assert (np.diff(times) > 0).all()
    assert set(times.tolist()) <= set(before.tolist())


@pytest.mark.parametrize("damaged", [b"", b"no trace", zlib.compress(b"short")])
def test_a_damaged_trace_is_an_error_with_what_to_do(damaged: bytes) -> None:
    with pytest.raises(StoreError, match="changes list"):
        unpack(damaged)
