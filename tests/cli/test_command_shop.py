"""What the agent knows: `status`, `stock`, `visits`, `losses`, from its store and without it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from edge_agent.cli.moments import parse_since
from edge_agent.errors import UsageError
from edge_agent.store import EvidenceFile, Store
from edge_agent.times import rfc3339
from tests.cli.command_scene import SODA, Shelf, make_shelf, running_agent

NOW = time.time()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def case(case_id: str, state: str, at: float, resolution: str | None = None) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "revision": 2,
        "state": state,
        "visit_id": "V1",
        "started_at": rfc3339(at),
        "ended_at": rfc3339(at + 5),
        "opened_at": rfc3339(at + 200),
        "lines": [
            {
                "kind": "substituted",
                "sku": SODA,
                "name": "Soda [330 ml]",
                "quantity": 2,
                "unit_price": 350,
                "value": 700,
                "plate": "A1",
                "confidence": 0.97,
                "paid_as": "water",
            }
        ],
        "value": 700,
        "currency": "CNY",
        "confidence": 0.97,
        "payments": ["P1"],
        "evidence": ["E1", "E2"],
        "explanation": "2 × Soda was taken and paid for as water.",
        "resolution": resolution,
    }


@pytest.fixture
def busy(shelf: Shelf) -> Shelf:
    """A shelf whose agent has stored something and has ended."""
    store = Store.open(shelf.state)
    with store.atomic():
        for case_id, state, resolution in (
            ("C1", "open", None),
            ("C2", "closed", "paid"),
            ("C3", "provisional", None),
        ):
            store.views.put("case", case_id, NOW - 60, case(case_id, state, NOW - 60, resolution))
        for visit_id, at in (("V1", NOW - 600), ("V0", NOW - 3 * 86400)):
            visit = {
                "visit_id": visit_id,
                "revision": 1,
                "started_at": rfc3339(at),
                "ended_at": rfc3339(at + 9),
                "changes": [],
                "taken": [{"sku": SODA, "quantity": 2}],
                "paid": [{"payment_id": "P1", "sku": "water", "quantity": 1}],
                "paid_not_taken": [],
                "state": "short",
                "case_id": "C1",
            }
            store.views.put("visit", visit_id, at, visit)
        plates = [
            {"plate": "A1", "level_g": 692.0, "items": [{"sku": SODA, "quantity": 2}]},
            {"plate": "A2", "level_g": None, "items": []},
        ]
        store.views.put("stock", "stock", NOW, {"plates": plates})
        store.views.put_evidence(EvidenceFile("E1", "A1-1", NOW, "A1-1-before.jpg", 10))
    store.close()
    return shelf


@pytest.mark.parametrize("command", ["status", "stock", "visits", "losses list", "losses show C1"])
def test_without_any_state_the_error_says_how_to_get_some(shelf: Shelf, command: str) -> None:
    done = shelf.run(*command.split())
    assert done.status == 2
    assert str(shelf.state) in done.err
    assert "edge-agent run" in done.err
    assert done.error


@pytest.mark.parametrize(
    "command", ["losses confirm C1", "losses dismiss C1", "restock start", "restock finish"]
)
def test_what_only_the_agent_may_do_says_that_none_runs(busy: Shelf, command: str) -> None:
    done = busy.run(*command.split())
    assert done.status == 1
    assert "Start it" in done.error


def test_stock_is_a_table_with_names(busy: Shelf) -> None:
    done = busy.run("stock")
    assert done.status == 0
    row = next(line for line in done.out.splitlines() if line.strip().startswith("A1"))
    assert row.split()[:5] == ["A1", "692.0", "Soda", "330", "ml"]
    assert row.split()[-1] == "2"
    assert busy.run("stock", "--json").json["plates"][0]["plate"] == "A1"


def test_stock_is_shown_without_settings_too(busy: Shelf, tmp_path: Path) -> None:
    done = Shelf(tmp_path / "none.toml", busy.state).run("stock")
    assert done.status == 0
    assert SODA in done.out


def test_visits_are_those_of_a_day_unless_told_otherwise(busy: Shelf) -> None:
    assert [v["visit_id"] for v in busy.run("visits", "--json").json] == ["V1"]
    assert len(busy.run("visits", "--since", "7d", "--json").json) == 2
    shown = busy.run("visits").out
    assert f"2 × {SODA}" in shown
    assert "V0" not in shown


def test_a_since_that_is_no_time_is_refused(busy: Shelf) -> None:
    done = busy.run("visits", "--since", "yesterday")
    assert done.status == 2
    assert "'yesterday'" in done.error


@pytest.mark.parametrize(
    ("text", "before_s"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1.5d", 129600)]
)
def test_since_counts_back(text: str, before_s: float) -> None:
    assert parse_since(text, 1e9) == 1e9 - before_s


def test_since_takes_dates() -> None:
    assert parse_since("2026-03-01T12:00:00Z", 0.0) == 1772366400.0
    with pytest.raises(UsageError):
        parse_since("2026-13-01", 0.0)


def test_closed_cases_are_listed_only_when_asked_for(busy: Shelf) -> None:
    assert {c["case_id"] for c in busy.run("losses", "list", "--json").json} == {"C1", "C3"}
    assert len(busy.run("losses", "list", "--all", "--json").json) == 3
    only = busy.run("losses", "list", "--state-is", "closed", "--json").json
    assert [c["case_id"] for c in only] == ["C2"]
    shown = busy.run("losses", "list", "--all").out
    assert "7.00 CNY" in shown
    assert "closed (paid)" in shown
    assert "Soda [330 ml]" in shown


def test_a_case_is_shown_whole(busy: Shelf) -> None:
    shown = busy.run("losses", "show", "C1").out
    for fact in ("substituted", "7.00 CNY", "97 %", "P1", "paid for as water", "V1"):
        assert fact in shown
    assert str(busy.state / "evidence" / "A1-1-before.jpg") in shown
    assert "E2 (no longer kept here)" in shown
    files = busy.run("losses", "show", "C1", "--json").json["evidence_files"]
    assert files["E2"] is None


def test_an_unknown_case_is_refused_with_those_there_are(busy: Shelf) -> None:
    done = busy.run("losses", "show", "C9")
    assert done.status == 2
    assert "'C9'" in done.error
    assert "C1" in done.error


def test_status_without_an_agent_tells_what_is_stored_and_fails(busy: Shelf) -> None:
    done = busy.run("status", "--json")
    assert done.status == 1
    assert done.json["running"] is False
    assert done.json["open_cases"] == 2
    assert "Start it" in done.error


def test_a_damaged_database_is_an_error_in_words(busy: Shelf) -> None:
    database = busy.state / "agent.db"
    database.write_bytes(b"no database at all" * 1000)
    done = busy.run("visits")
    assert done.status == 1
    assert str(database) in done.error


@pytest.mark.slow
def test_a_running_agent_tells_its_status_and_takes_restocks(shelf: Shelf) -> None:
    with running_agent(shelf):
        assert shelf.run("status", "--json").json["running"] is True
        assert "cloud: offline" in shelf.run("status").out
        started = shelf.run("restock", "start", "--json")
        assert started.status == 0
        again = shelf.run("restock", "start")
        assert again.status == 2
        assert started.json["restock_id"] in again.error
        assert shelf.run("restock", "finish").status == 0
        unknown = shelf.run("losses", "confirm", "C9")
        assert unknown.status == 2
        assert "C9" in unknown.error
