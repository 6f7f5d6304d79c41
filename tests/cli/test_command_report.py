"""`edge-agent report` on a shelf whose agent has stored something."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from edge_agent.report.keeping import fold_old
from edge_agent.store import Store
from edge_agent.times import rfc3339
from tests.cli.command_scene import SODA, Shelf, make_shelf

NOW = time.time()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


@pytest.fixture
def busy(shelf: Shelf) -> Shelf:
    """A visit and a loss a minute ago, and the same forty days ago, folded since."""
    store = Store.open(shelf.state)
    for name, at in (("new", NOW - 60), ("old", NOW - 40 * 86400)):
        line = {
            "kind": "unpaid",
            "sku": SODA,
            "name": "Soda",
            "quantity": 2,
            "unit_price": 350,
            "value": 700,
            "plate": "A1",
            "confidence": 0.97,
        }
        case = {
            "case_id": name,
            "revision": 1,
            "state": "closed",
            "resolution": "confirmed",
            "started_at": rfc3339(at),
            "ended_at": rfc3339(at + 9),
            "opened_at": rfc3339(at + 30),
            "lines": [line],
        }
        visit = {
            "visit_id": name,
            "revision": 1,
            "started_at": rfc3339(at),
            "changes": ["A1-1"],
            "taken": [{"sku": SODA, "quantity": 5}],
            "paid": [],
            "paid_not_taken": [],
        }
        store.views.put("case", name, at + 40, case)
        store.views.put("visit", name, at + 40, visit)
    assert fold_old(store, NOW, 30.0) == 2
    store.close()
    return shelf


def test_the_last_thirty_days_are_told_unless_others_are_named(busy: Shelf) -> None:
    done = busy.run("report")
    assert done.status == 0
    assert "2 units of 5 taken: 40.0 %" in done.out
    assert "Soda 330 ml" in done.out


def test_folded_days_are_in_the_report(busy: Shelf) -> None:
    told = busy.run("report", "--last", "60d", "--json").json
    assert told["total"]["loss"]["lost"] == 4
    assert told["total"]["visits"] == 2
    (soda,) = told["products"]
    assert (soda["name"], soda["taken"], soda["value"]["value"]) == ("Soda 330 ml", 10, 1400)


def test_one_day_can_be_named(busy: Shelf) -> None:
    day = (date.fromtimestamp(NOW - 40 * 86400)).isoformat()
    told = busy.run("report", "--from", day, "--to", day, "--json").json
    assert told["span"] == {"from": day, "to": day, "days": 1}
    assert told["total"]["loss"]["lost"] == 2


def test_files_are_written_where_they_are_asked_for(busy: Shelf, tmp_path: Path) -> None:
    table, page = tmp_path / "losses.csv", tmp_path / "losses.html"
    done = busy.run("report", "--csv", str(table), "--html", str(page))
    assert (done.status, done.out) == (0, "")
    assert table.read_bytes().startswith(b"section,key,name,metric,unit,value,low,high\r\n")
    assert page.read_text().startswith("<!doctype html>")
    assert str(table) in done.err


def test_a_day_without_anything_is_an_empty_report(busy: Shelf) -> None:
    day = (date.fromtimestamp(NOW) - timedelta(days=20)).isoformat()
    done = busy.run("report", "--from", day, "--to", day)
    assert done.status == 0
    assert "nothing is recorded in these days" in done.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "2026-13-01"], "--from '2026-13-01' is no date"),
        (["--from", "9999-01-01"], "has not come yet"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "Swap --from and --to"),
        (["--last", "soon"], "7d, 30d, 4w"),
    ],
)
def test_a_wrong_range_is_told_in_one_line(busy: Shelf, options: list[str], words: str) -> None:
    done = busy.run("report", *options)
    assert done.status == 2
    assert words in done.error


def test_a_folder_that_is_not_there_is_named(busy: Shelf, tmp_path: Path) -> None:
    done = busy.run("report", "--html", str(tmp_path / "no" / "page.html"))
    assert done.status == 2
    assert "Name another file with --html" in done.error


def test_without_a_state_the_next_step_is_told(shelf: Shelf) -> None:
    done = shelf.run("report")
    assert done.status == 2
    assert "Start the agent" in done.error
