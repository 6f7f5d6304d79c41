"""`edge-agent stock`: what runs low, and the entries behind the counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.doctor import examine
from edge_agent.ledger import Ledger
from edge_agent.shelf.facts import Fact, LevelsFact
from edge_agent.store import Store
from tests.cli.command_scene import Shelf, make_shelf
from tests.shelf.scene import START, payment, settings, take


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An agent has sold three of four colas and all nuts, a day apart, and has ended."""
    shelf = make_shelf(tmp_path)
    store = Store.open(shelf.state)
    ledger = Ledger(settings(), store)
    levels = {"A1": 4 * 346.0, "A2": 2 * 80.0, "B1": 4 * 346.4}
    facts: list[Fact] = [LevelsFact(START - 60, levels)]
    facts += [take(0, "A1", "cola", 3), payment(20, "cola", "cola", "cola")]
    facts += [take(86400, "A2", "nuts", 2), payment(86420, "nuts", "nuts", name="P2")]
    for fact in facts:
        ledger.tick(fact.at)
        ledger.take(fact)
    ledger.tick(START + 90_000)
    store.close()
    return shelf


def test_what_is_low_and_what_is_empty_is_shown(shelf: Shelf) -> None:
    lines = shelf.run("stock").out.splitlines()
    rows = {cells[0]: cells for line in lines if (cells := line.split())}
    assert rows["A1"][-1] == "low"
    assert rows["A2"][-1] == "empty"
    assert rows["A2"][2:4] == ["nuts", "0"]


def test_programs_get_it_as_lists_of_skus(shelf: Shelf) -> None:
    plates = {plate["plate"]: plate for plate in shelf.run("stock", "--json").json["plates"]}
    assert (plates["A1"]["low"], plates["A1"]["empty"]) == (["cola"], [])
    assert (plates["A2"]["low"], plates["A2"]["empty"]) == ([], ["nuts"])
    assert (plates["B1"]["low"], plates["B1"]["empty"]) == (None, None)


def test_the_stock_of_one_plate_or_product(shelf: Shelf) -> None:
    (plate,) = shelf.run("stock", "--plate", "A2", "--json").json["plates"]
    assert plate["plate"] == "A2"
    found = shelf.run("stock", "--sku", "nuts", "--json").json["plates"]
    assert [(p["plate"], p["empty"]) for p in found] == [("A2", ["nuts"])]
    assert "Nothing of that" in shelf.run("stock", "--plate", "Z9").out


def test_every_entry_is_listed_with_what_caused_it(shelf: Shelf) -> None:
    entries = shelf.run("stock", "--entries", "--json").json
    assert [e["number"] for e in entries] == list(range(1, len(entries) + 1))
    sold = next(e for e in entries if e["reason"] == "paid")
    assert (sold["units"], sold["from"], sold["to"]) == (3, "customer", "sold")
    assert sold["cause"] == "payment P1 r3"
    out = shelf.run("stock", "--entries").out
    assert "plate:A1" in out
    assert "payment P1 r3" in out


def test_entries_of_a_plate_a_product_and_a_time(shelf: Shelf) -> None:
    of_plate = shelf.run("stock", "--entries", "--plate", "A2", "--json").json
    assert {e["sku"] for e in of_plate} == {"nuts"}
    of_product = shelf.run("stock", "--entries", "--sku", "cola", "--json").json
    assert {e["sku"] for e in of_product} == {"cola"}
    later = shelf.run("stock", "--entries", "--since", "2026-03-02T12:00:00+00:00", "--json").json
    assert {e["sku"] for e in later} == {"nuts"}
    assert shelf.run("stock", "--entries", "--sku", "tea").out.strip() == "No such entries."


def test_a_time_without_entries_is_wrong_usage(shelf: Shelf) -> None:
    done = shelf.run("stock", "--since", "7d")
    assert done.status == 2
    assert "--entries" in done.error


def test_the_doctor_looks_at_the_ledger(shelf: Shelf) -> None:
    findings = examine(shelf.state / "none.toml", shelf.state, lambda text: None, seconds=0.1)
    found = next(finding for finding in findings if finding.what == "stock ledger")
    assert found.verdict == "ok"
