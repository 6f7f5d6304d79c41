"""Traces of changes in the store: kept, bounded, and the first to go."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.store import Store, TraceRow, Traces
from edge_agent.store.database import connect_writer
from edge_agent.store.migrations import migrate, migrations
from edge_agent.store.reserve import Reserve


def row(number: int, at: float | None = None) -> TraceRow:
    return TraceRow(f"A1-{number}", "A1", 1000.0 + number if at is None else at, b"x" * number)


def test_a_trace_is_there_after_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    assert store.traces.put([row(1), row(2)], most=10, since=0.0)
    store.close()
    reader = Store.read_only(tmp_path)
    assert reader.traces.get("A1-2") == row(2)
    assert reader.traces.get("A1-3") is None
    reader.close()


def test_a_revised_change_has_one_trace() -> None:
    store = Store.in_memory()
    store.traces.put([row(1)], most=10, since=0.0)
    revised = TraceRow("A1-1", "A1", 1005.0, b"newer")
    store.traces.put([revised], most=10, since=0.0)
    assert store.traces.get("A1-1") == revised
    assert store.traces.count == 1


def test_the_oldest_traces_go_first() -> None:
    store = Store.in_memory()
    for number in range(1, 8):
        store.traces.put([row(number)], most=5, since=0.0)
    assert store.traces.count == 5
    assert store.traces.get("A1-2") is None
    assert store.traces.get("A1-3") == row(3)


def test_traces_past_their_time_go() -> None:
    store = Store.in_memory()
    store.traces.put([row(1), row(2), row(3)], most=10, since=1002.0)
    assert store.traces.get("A1-1") is None
    assert store.traces.get("A1-2") == row(2)


def test_a_nearly_full_disk_drops_traces_and_keeps_its_reserve(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "ballast.bin", 4096)
    db = connect_writer(tmp_path / "agent.db", reserve)
    migrate(db)
    reserve.make()
    assert Traces(db).put([row(n) for n in range(1, 9)], most=100, since=0.0)
    # More room than any disk has.
    full = Traces(db, least_room_bytes=1 << 62)
    assert not full.put([row(20), row(21)], most=100, since=0.0)
    assert full.get("A1-20") is None
    assert full.count == 4
    assert reserve.is_there
    db.close()


def test_a_store_from_before_traces_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    db = connect_writer(path, Reserve(tmp_path / "ballast.bin", 4096))
    migrations.apply(db.raw, stop_before="m002_traces")
    assert "trace" not in db.raw.table_names()
    db.close()
    store = Store.open(tmp_path)
    assert store.traces.put([row(1)], most=10, since=0.0)
    store.close()


@pytest.mark.parametrize("numbers", [0, 3])
def test_traces_are_written_together_or_not_at_all(numbers: int) -> None:
    store = Store.in_memory()
    store.traces.put([row(n) for n in range(1, numbers + 1)], most=10, since=0.0)
    assert store.traces.count == numbers
