"""The outbox: in order, once each, until heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.store import OutboxMessage, Store


def message(event_id: str, topic: str = "changes", *, retain: bool = False) -> OutboxMessage:
    return OutboxMessage(event_id, topic, b"{}", "application/json", retain, at=7.0)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    yield opened
    opened.close()


def ids(found: list[OutboxMessage]) -> list[str]:
    return [one.event_id for one in found]


def test_messages_are_due_in_the_order_put(store: Store) -> None:
    for event_id in ("c", "a", "b"):
        store.outbox.put(message(event_id))
    assert ids(store.outbox.due(0.0, 2)) == ["c", "a"]
    assert ids(store.outbox.due(0.0, 9)) == ["c", "a", "b"]


def test_a_message_comes_back_as_it_was_put(store: Store) -> None:
    put = OutboxMessage(
        "r1", "replies", b"\x00\xff", "application/json", False, 1.25, "cloud/answers", b"\x01\x02"
    )
    store.outbox.put(put)
    assert store.outbox.due(0.0, 1) == [put]


def test_an_event_id_waits_once(store: Store) -> None:
    store.outbox.put(message("a"))
    store.outbox.put(message("a"))
    assert store.outbox.depth == 1
    assert ids(store.outbox.due(0.0, 9)) == ["a"]


def test_a_retained_message_takes_the_place_of_an_older_one(store: Store) -> None:
    store.outbox.put(message("s1", "stock", retain=True))
    store.outbox.put(message("t1", "status", retain=True))
    store.outbox.put(message("c1", "stock"))
    store.outbox.put(message("s2", "stock", retain=True))
    assert ids(store.outbox.due(0.0, 9)) == ["t1", "c1", "s2"]


def test_a_sent_message_is_due_again_after_growing_pauses(store: Store) -> None:
    store.outbox.put(message("a"))
    now, pauses = 0.0, []
    for _ in range(9):
        store.outbox.sent(["a"], now)
        pause = next(p for p in range(20, 4000, 20) if store.outbox.due(now + p, 1))
        pauses.append(pause)
        now += pause
    assert pauses == [20, 40, 80, 160, 320, 640, 1280, 2560, 3600]


def test_a_refused_message_is_due_again_after_growing_pauses(store: Store) -> None:
    store.outbox.put(message("a"))
    now, pauses = 0.0, []
    for _ in range(10):
        store.outbox.failed("a", now, "not authorised")
        pause = next(p for p in range(1, 1000) if store.outbox.due(now + p, 1))
        pauses.append(pause)
        now += pause
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert store.outbox.last_failure == "not authorised"


def test_a_new_message_goes_before_one_that_is_tried_again(store: Store) -> None:
    store.outbox.put(message("old"))
    store.outbox.failed("old", 0.0, "quota")
    store.outbox.put(message("new"))
    assert ids(store.outbox.due(5.0, 9)) == ["new", "old"]


def test_a_reconnect_makes_everything_due(store: Store) -> None:
    store.outbox.put(message("a"))
    store.outbox.put(message("b"))
    store.outbox.sent(["a", "b"], 0.0)
    assert store.outbox.due(1.0, 9) == []
    store.outbox.release_all()
    assert ids(store.outbox.due(1.0, 9)) == ["a", "b"]


def test_a_heard_message_is_gone_and_a_foreign_id_is_ignored(store: Store) -> None:
    store.outbox.put(message("a"))
    store.outbox.put(message("b"))
    store.outbox.sent(["a", "nobody"], 0.0)
    store.outbox.failed("nobody", 0.0, "?")
    store.outbox.delivered(["a", "nobody"])
    assert store.outbox.depth == 1
    assert ids(store.outbox.due(0.0, 9)) == ["b"]


def test_what_was_not_heard_is_due_after_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.outbox.put(message("a"))
    store.outbox.put(message("b"))
    store.outbox.sent(["a", "b"], 1e9)
    store.outbox.delivered(["a"])
    store.close()
    store = Store.open(tmp_path)
    assert ids(store.outbox.due(0.0, 9)) == ["b"]
    assert (store.outbox.depth, store.outbox.oldest_at) == (1, 7.0)
    store.close()


def test_a_message_of_a_failed_transaction_is_never_due(store: Store) -> None:
    store.outbox.put(message("status1", "status", retain=True))
    with pytest.raises(RuntimeError), store.atomic():
        store.outbox.put(message("status2", "status", retain=True))
        store.outbox.delivered(["status1"])
        raise RuntimeError
    assert ids(store.outbox.due(0.0, 9)) == ["status1"]
    assert store.outbox.oldest_at == 7.0
