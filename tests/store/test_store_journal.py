"""The journal: what was told is there again after a restart, in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import StoreError
from edge_agent.store import JournalRow, Store


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    yield opened
    opened.close()


def test_rows_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with store.atomic():
        assert store.journal.append("payment", 10.5, {"payment_id": "P1"}) == 1
        assert store.journal.append("change", 9.0, {"delta_g": -346.25}) == 2
    store.close()
    store = Store.open(tmp_path)
    assert store.journal.load() == (
        None,
        [
            JournalRow(1, 10.5, "payment", {"payment_id": "P1"}),
            JournalRow(2, 9.0, "change", {"delta_g": -346.25}),
        ],
    )
    store.close()


def test_a_snapshot_stands_for_the_rows_before_it(store: Store) -> None:
    for n in range(1, 6):
        store.journal.append("tick", float(n), {"n": n})
    store.journal.snapshot(3, {"sum": 6, "name": "苏打水"})
    state, rows = store.journal.load()
    assert state == {"sum": 6, "name": "苏打水"}
    assert [row.seq for row in rows] == [4, 5]


def test_an_unreadable_snapshot_gives_way_to_the_one_before(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    for n in range(1, 5):
        store.journal.append("tick", float(n), {})
    store.journal.snapshot(2, {"upto": 2})
    store.journal.snapshot(4, {"upto": 4})
    store.close()
    _execute(tmp_path, "update snapshot set state = x'00' where seq = 4")
    store = Store.open(tmp_path)
    state, rows = store.journal.load()
    assert (state, [row.seq for row in rows]) == ({"upto": 2}, [3, 4])
    store.close()
    _execute(tmp_path, "update snapshot set state = x'00'")
    store = Store.open(tmp_path)
    with pytest.raises(StoreError, match="restore"):
        store.journal.load()
    store.close()


def test_pruning_never_passes_the_older_snapshot(store: Store) -> None:
    for n in range(1, 11):
        store.journal.append("tick", float(n), {})
    assert store.journal.prune(before=100.0) == 0
    for seq in (4, 6, 8):
        store.journal.snapshot(seq, {"upto": seq})
    assert store.journal.prune(before=5.0) == 4
    assert store.journal.prune(before=100.0, limit=1) == 1
    assert store.journal.prune(before=100.0) == 1
    assert [row.seq for row in store.journal.rows()] == [7, 8, 9, 10]


def test_numbers_go_on_after_everything_was_pruned(store: Store) -> None:
    store.journal.append("tick", 1.0, {})
    store.journal.append("tick", 2.0, {})
    store.journal.snapshot(1, {})
    store.journal.snapshot(2, {})
    store.journal.prune(before=100.0)
    assert store.journal.last_seq == 2
    assert store.journal.append("tick", 3.0, {}) == 3


def test_rows_are_found_by_time_and_kind(store: Store) -> None:
    for n in range(1, 7):
        store.journal.append("odd" if n % 2 else "even", float(n), {})
    found = store.journal.rows(since=2.0, until=5.0, kinds=["odd"], limit=1)
    assert [row.seq for row in found] == [3]
    assert [row.seq for row in store.journal.rows(kinds=["even"])] == [2, 4, 6]
    assert store.journal.rows(kinds=[]) == []


def test_a_message_is_accepted_once(store: Store) -> None:
    assert store.journal.accept("cloud", "m1", 1.0)
    assert not store.journal.accept("cloud", "m1", 2.0)
    assert store.journal.accept("other-cloud", "m1", 3.0)
    assert store.journal.forget(before=2.5) == 1
    assert store.journal.accept("cloud", "m1", 4.0)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.atomic():
        store.journal.accept("cloud", "m1", 1.0)
        store.journal.append("payment", 1.0, {})
        raise RuntimeError
    assert store.journal.load() == (None, [])
    assert store.journal.accept("cloud", "m1", 1.0)


def test_an_infinite_number_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.journal.append("change", 1.0, {"delta_g": float("inf")})


def _execute(folder: Path, sql: str) -> None:
    connection = sqlite3.connect(folder / "agent.db")
    connection.execute(sql)
    connection.commit()
    connection.close()
