"""What the commands read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge_agent.store import EvidenceFile, Store


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    yield opened
    opened.close()


def test_the_newest_payload_of_a_thing_is_shown(store: Store) -> None:
    store.views.put("case", "c1", 1.0, {"revision": 1})
    store.views.put("case", "c1", 1.0, {"revision": 2})
    assert store.views.get("case", "c1") == {"revision": 2}
    assert store.views.get("visit", "c1") is None


def test_things_are_listed_by_time(store: Store) -> None:
    for n in range(5):
        store.views.put("visit", f"v{n}", float(n), {"n": n})
    assert [v["n"] for v in store.views.list("visit", limit=2)] == [4, 3]
    assert [v["n"] for v in store.views.list("visit", since=3.0, newest_first=False)] == [3, 4]


def test_a_deleted_thing_is_not_shown(store: Store) -> None:
    store.views.put("rejection", "r1", 1.0, {})
    store.views.delete("rejection", "r1")
    assert store.views.list("rejection") == []


def test_pruning_spares_what_is_counted_and_the_present(store: Store) -> None:
    store.views.put("scan", "old", 1.0, {})
    store.views.put("scan", "new", 9.0, {})
    store.views.put("rejection", "old", 1.0, {})
    store.views.put("visit", "old", 1.0, {})
    store.views.put("stock", "stock", 1.0, {"plates": []})
    assert store.views.prune(before=5.0) == 2
    assert store.views.get("scan", "new") == {}
    assert store.views.get("visit", "old") == {}
    assert store.views.get("stock", "stock") == {"plates": []}


def test_a_reason_stays_as_long_as_its_case(store: Store) -> None:
    store.views.put("case", "kept", 1.0, {"state": "open"})
    store.views.put("reason", "kept", 1.0, {"why": 1})
    store.views.put("reason", "gone", 1.0, {"why": 2})
    assert store.views.prune(before=5.0) == 1
    assert store.views.get("reason", "kept") == {"why": 1}
    assert store.views.get("reason", "gone") is None


def test_a_plate_has_one_last_level(store: Store) -> None:
    store.views.put_levels({"A1": (1.0, 100.0, 0.1), "A2": (1.0, 200.0, 0.2)})
    store.views.put_levels({"A1": (2.0, 50.5, 0.3)})
    assert store.views.levels() == {"A1": (2.0, 50.5, 0.3), "A2": (1.0, 200.0, 0.2)}


def test_evidence_is_listed_by_age_and_forgotten(store: Store) -> None:
    late = EvidenceFile("e2", "A1-2", 2.0, "e2.jpg", 200)
    early = EvidenceFile("e1", "A1-1", 1.0, "e1.jpg", 100)
    for one in (late, early):
        store.views.put_evidence(one)
    assert store.views.evidence() == [early, late]
    assert store.views.evidence(change_id="A1-2") == [late]
    assert store.views.get_evidence("e1") == early
    assert store.views.evidence_bytes() == 300
    store.views.delete_evidence(["e1", "nobody"])
    assert store.views.evidence(limit=1) == [late]
    assert store.views.get_evidence("e1") is None
