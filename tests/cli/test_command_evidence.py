"""`evidence list` and `evidence erase`, beside a running agent and without one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.store import OutboxMessage, Store
from tests.cli.case_scene import make_case, named
from tests.cli.command_scene import Shelf, make_shelf, running_agent
from tests.shelf.scene import START, put, take

TAKEN = (put(-100, "A1", "cola", 6), take(0, "A1", "cola"), take(300, "A1", "cola"))


@dataclass(frozen=True)
class Kept:
    """A shelf with the pictures of its cases."""

    shelf: Shelf
    cases: list[str]

    def ids(self) -> list[str]:
        return [e["evidence_id"] for e in self.shelf.run("evidence", "list", "--json").json]

    def files(self) -> set[str]:
        return {file.name for file in (self.shelf.state / "evidence").iterdir()}

    def of(self, case_id: str) -> list[str]:
        shown = self.shelf.run("losses", "show", case_id, "--json").json
        return list(shown["evidence"])


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    shelf = make_shelf(tmp_path)
    return Kept(shelf, make_case(shelf.state, *TAKEN, until=1000, known=named()))


def publish(shelf: Shelf, *ids: str, waiting: bool) -> None:
    """As the agent does it; what does not wait has been received."""
    store = Store.open(shelf.state)
    with store.atomic():
        for name in ids:
            store.journal.accept("evidence", name, START)
            store.outbox.put(
                OutboxMessage(name, f"evidence/{name}", b"JPEG", "image/jpeg", False, START)
            )
    if not waiting:
        store.outbox.delivered(ids)
    store.close()


def waiting_pictures(shelf: Shelf) -> list[str]:
    store = Store.read_only(shelf.state)
    found = store.outbox.event_ids("evidence/")
    store.close()
    return found


def test_pictures_are_listed_with_their_files(kept: Kept) -> None:
    listed = kept.shelf.run("evidence", "list", "--json").json
    assert {Path(e["file"]).name for e in listed} == kept.files()
    assert [e["at"] for e in listed] == sorted(e["at"] for e in listed)
    assert {e["published"] for e in listed} == {False}
    done = kept.shelf.run("evidence", "list", "--case", kept.cases[0])
    assert done.status == 0
    for name in kept.of(kept.cases[0]):
        assert name in done.out


def test_the_pictures_of_a_case_are_erased_and_no_others(kept: Kept) -> None:
    before = kept.ids()
    case_id = kept.cases[-1]
    gone = kept.of(case_id)
    assert gone
    assert len(gone) < len(before)
    erased = kept.shelf.run("evidence", "erase", "--case", case_id, "--json").json
    assert set(erased["erased"]) == set(gone)
    assert erased["files"] == len(gone)
    assert kept.ids() == [e for e in before if e not in gone]
    assert kept.files() == {f"{e}.jpg" for e in before if e not in gone}
    shown = kept.shelf.run("losses", "show", case_id)
    assert "no longer kept here" in shown.out


def test_single_pictures_are_erased_by_their_ids(kept: Kept) -> None:
    first, second, *rest = kept.ids()
    done = kept.shelf.run("evidence", "erase", first, second)
    assert done.status == 0, done.err
    assert "2 pictures erased, 2 files" in done.out
    assert kept.ids() == rest


def test_pictures_from_before_a_date_are_erased(kept: Kept) -> None:
    listed = kept.shelf.run("evidence", "list", "--json").json
    middle = listed[len(listed) // 2]["at"]
    (kept.shelf.state / "evidence" / "forgotten.jpg").write_bytes(b"noted nowhere, and new")
    date = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(middle))
    erased = kept.shelf.run("evidence", "erase", "--before", date, "--json").json
    assert set(erased["erased"]) == {e["evidence_id"] for e in listed if e["at"] < int(middle)}
    assert "forgotten.jpg" in kept.files()


def test_all_pictures_are_erased_even_those_that_nothing_notes(kept: Kept) -> None:
    (kept.shelf.state / "evidence" / "forgotten.jpg").write_bytes(b"noted nowhere")
    done = kept.shelf.run("evidence", "erase", "--all", "--yes")
    assert done.status == 0, done.err
    assert kept.ids() == []
    assert kept.files() == set()


def test_what_waits_to_be_sent_is_erased_and_what_the_cloud_has_is_named(kept: Kept) -> None:
    first, second, *_ = kept.ids()
    publish(kept.shelf, first, "snapshot-1-front", waiting=True)
    publish(kept.shelf, second, waiting=False)
    done = kept.shelf.run("evidence", "erase", "--all")
    assert waiting_pictures(kept.shelf) == []
    assert second in done.err
    assert first not in done.err
    assert "operator" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say which pictures"),
        (["--all", "--case", "C1"], "Say which pictures"),
        (["A9-1-before-front"], "No picture 'A9-1-before-front'"),
        (["--case", "C1"], "No case 'C1'"),
        (["--before", "yesterday-ish"], "--before 'yesterday-ish' is no time"),
    ],
)
def test_what_is_not_there_is_not_erased_and_said(kept: Kept, words: list[str], said: str) -> None:
    before = kept.files()
    done = kept.shelf.run("evidence", "erase", *words)
    assert done.status == 2
    assert said in done.error
    assert kept.files() == before


def test_where_there_is_no_state_none_is_made(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    done = shelf.run("evidence", "erase", "--all")
    assert done.status == 2
    assert not shelf.state.exists()


def test_a_running_agent_erases_by_itself(kept: Kept) -> None:
    case_id = kept.cases[0]
    gone = set(kept.of(case_id))
    with running_agent(kept.shelf):
        erased = kept.shelf.run("evidence", "erase", "--case", case_id, "--json").json
        assert set(erased["erased"]) == gone
        assert not gone & set(kept.ids())
        refused = kept.shelf.run("evidence", "erase", "--case", "C1")
        assert refused.status == 2
        assert "No case 'C1'" in refused.error
    assert not {f"{e}.jpg" for e in gone} & kept.files()
