"""`losses show` and `losses why`: from what a real ledger left in a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge_agent.shelf.facts import RestockFact, RestockLine
from edge_agent.store import Store
from edge_agent.store.views import ViewKind
from tests.cli.case_scene import make_case, named
from tests.cli.command_scene import Shelf
from tests.shelf.scene import START, change, payment, put, take

MIXED = (
    take(0, "A2", "nuts"),
    take(6, "A1", "cola", 3),
    change(12, "B1", -346.4),
    payment(40, "cola", "zero"),
    payment(60, "nuts", state="closed", name="P2"),
    payment(-900, "cola", name="P0"),
)


@dataclass(frozen=True)
class Cases:
    """A shelf, and the ids of its cases."""

    shelf: Shelf
    ids: list[str]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    folder = tmp_path_factory.mktemp("mixed")
    ids = make_case(folder / "state", *MIXED, until=1000, known=named(nuts="[b]Nuts[/b] 坚果"))
    return Cases(Shelf(folder / "shelf.toml", folder / "state"), ids)


def drop(shelf: Shelf, kind: ViewKind, key: str) -> None:
    store = Store.open(shelf.state)
    store.views.delete(kind, key)
    store.close()


def test_a_case_is_shown_with_all_that_led_to_it(mixed: Cases) -> None:
    done = mixed.shelf.run("losses", "show", mixed.ids[0])
    assert done.status == 0, done.err
    for fact in (
        "What happened",
        "payment P2   ended without money",
        "1 × Zero taken, as a payment says",
        "Plate A1: 3 × Cola taken",
        "settled after 0.8 s",
        "1 × [b]Nuts[/b] 坚果",
        "feigned (P2)",
        "paid (P1)",
        "before-front.jpg",
    ):
        assert fact in done.out, fact
    # The trace, in Braille patterns.
    assert any(0x2800 < ord(letter) <= 0x28FF for letter in done.out)


def test_the_json_of_a_case_holds_its_reasons(mixed: Cases) -> None:
    shown = mixed.shelf.run("losses", "show", mixed.ids[0], "--json").json
    assert shown["case_id"] == mixed.ids[0]
    assert shown["reason"]["units"]
    assert set(shown["evidence_files"]) == set(shown["evidence"])


def test_why_lists_the_payments_with_their_prices(mixed: Cases) -> None:
    done = mixed.shelf.run("losses", "why", mixed.ids[0])
    assert done.status == 0, done.err
    for fact in (
        "it has brought no money (closed)",
        "paid 9 min too early",
        "taken by a unit of this visit at",
        "chosen",
        "misfit +",
        "Unpaid costs 24.00",
    ):
        assert fact in done.out, fact
    found = mixed.shelf.run("losses", "why", mixed.ids[0], "--json").json
    units: list[dict[str, Any]] = found["units"]
    assert len(units) == 5
    assert {u["kind"] for u in units if u["outcome"] == "missing"} == {"feigned", "underpaid"}


def test_a_page_is_written_where_it_is_wanted(mixed: Cases, tmp_path: Path) -> None:
    out = tmp_path / "case.html"
    done = mixed.shelf.run("losses", "show", mixed.ids[0], "--html", str(out))
    assert done.status == 0, done.err
    assert str(out) in done.out
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    done = mixed.shelf.run("losses", "show", mixed.ids[0], "--html", str(tmp_path / "no" / "x"))
    assert done.status == 2
    assert "--html" in done.error


@pytest.mark.parametrize("command", ["show", "why"])
def test_an_unknown_case_is_refused_with_the_newest_and_how_long_they_are_kept(
    mixed: Cases, command: str
) -> None:
    done = mixed.shelf.run("losses", command, "C9")
    assert done.status == 2
    for fact in ("'C9'", mixed.ids[0], "retention_days"):
        assert fact in done.error


def test_a_case_without_reasons_is_shown_as_far_as_it_is_kept(tmp_path: Path) -> None:
    (case_id,) = make_case(tmp_path / "state", take(0, "A2", "nuts"), until=500)
    shelf = Shelf(tmp_path / "shelf.toml", tmp_path / "state")
    drop(shelf, "reason", case_id)
    done = shelf.run("losses", "show", case_id)
    assert done.status == 0, done.err
    assert "is not kept" in done.out
    assert "Plate A2: 1 × Nuts taken" in done.out
    done = shelf.run("losses", "why", case_id)
    assert done.status == 2
    assert f"edge-agent losses show {case_id}" in done.error


def test_a_restock_s_case_shows_the_order(tmp_path: Path) -> None:
    order = RestockFact(START, "7", 1, "started", START, "Li", (RestockLine("nuts", 3, "A2"),))
    over = RestockFact(START + 60, "7", 2, "finished", START + 60, "Li", ())
    ids = make_case(tmp_path / "state", order, put(10, "A2", "nuts", 2), over, until=1000)
    shelf = Shelf(tmp_path / "shelf.toml", tmp_path / "state")
    assert ids == ["R7"]
    assert "the restock ended" in shelf.run("losses", "show", "R7").out
    assert "Restock 7 by Li" in shelf.run("losses", "why", "R7").out


def test_reasons_are_kept_as_long_as_their_case(tmp_path: Path) -> None:
    (case_id,) = make_case(tmp_path / "state", take(0, "A2", "nuts"), until=500)
    store = Store.open(tmp_path / "state")
    store.views.prune(START + 1e9)
    assert store.views.get("reason", case_id) is not None
    store.views.delete("case", case_id)
    store.views.prune(START + 1e9)
    assert store.views.get("reason", case_id) is None
    store.close()
