"""`changes list | plot` and `plates`: from what a store holds, and from a running agent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from edge_agent.store import Store, TraceRow
from edge_agent.times import rfc3339
from edge_agent.trace_codec import pack
from tests.broker import wait_until
from tests.cli.command_scene import SODA, Board, Shelf, make_shelf, running_agent

START = 1_760_000_000.0


def told(change_id: str, at: float, **more: Any) -> dict[str, Any]:
    """A change as it is published, and kept for commands."""
    return {
        "change_id": change_id,
        "revision": 1,
        "plate": "A1",
        "started_at": rfc3339(at - 1.0),
        "settled_at": rfc3339(at),
        "delta_g": -346.2,
        "sigma_g": 0.11,
        "items": [{"sku": SODA, "quantity": -1}],
        "confidence": 0.9997,
        "alternatives": [],
        "kind": "removed",
        **more,
    }


UNSURE = {
    "plate": "A2",
    "delta_g": 231.0,
    "items": [],
    "kind": "unidentified",
    "confidence": 0.3,
    "alternatives": [
        {"items": [{"sku": "water", "quantity": 1}], "confidence": 0.4},
        {"items": [{"sku": SODA, "quantity": 1}], "confidence": 0.3},
    ],
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf whose store holds two changes, one of them with its trace."""
    shelf = make_shelf(tmp_path)
    store = Store.open(shelf.state)
    since = np.arange(-3, 3, 1 / 80)
    grams = 1038.0 - np.where(since > -0.5, 346.2, 0.0)
    samples = pack(START + since, grams)
    with store.atomic():
        for change in (told("A1-1", START), told("A2-2", START + 60, **UNSURE)):
            at = START if change["plate"] == "A1" else START + 60
            store.views.put("change", change["change_id"], at, change)
    store.traces.put([TraceRow("A1-1", "A1", START, samples)], most=10, since=0.0)
    store.close()
    return shelf


def test_changes_are_listed_the_newest_first(shelf: Shelf) -> None:
    done = shelf.run("changes", "list")
    assert done.status == 0, done.err
    first, second = [line for line in done.out.splitlines() if "A1-1" in line or "A2-2" in line]
    assert "A2-2" in first
    assert "+231.0 ± 0.1" in first
    assert "perhaps 1 × Water [still] or 1 more" in first
    assert "-346.2 ± 0.1" in second
    assert "1 × Soda 330 ml" in second
    # Never quite sure.
    assert "99.9 %" in second


def test_changes_are_for_programs_what_was_published(shelf: Shelf) -> None:
    assert [c["change_id"] for c in shelf.run("changes", "list", "--json").json] == ["A2-2", "A1-1"]
    assert shelf.run("changes", "list", "--plate", "A1", "--json").json == [told("A1-1", START)]
    assert len(shelf.run("changes", "list", "--limit", "1", "--json").json) == 1
    assert shelf.run("changes", "list", "--since", "1h", "--json").json == []


def test_a_store_without_changes_says_so(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    Store.open(shelf.state).close()
    assert "No changes yet." in shelf.run("changes", "list").out
    assert "no change 'last'" in shelf.run("changes", "plot", "last").error


def test_a_change_is_drawn_in_the_terminal(shelf: Shelf) -> None:
    done = shelf.run("changes", "plot", "A1-1")
    assert done.status == 0, done.err
    assert "Plate A1: 1 × Soda 330 ml taken" in done.out
    assert "1 038.0" in done.out
    assert "691.8" in done.out


def test_a_change_is_drawn_as_svg(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "change.svg"
    done = shelf.run("changes", "plot", "A1-1", "--out", str(out))
    assert done.status == 0, done.err
    assert ElementTree.parse(out).getroot().tag.endswith("svg")
    assert "1 × Soda 330 ml" in out.read_text()


@pytest.mark.skipif(not hasattr(cv2, "FontFace"), reason="OpenCV 4 has no fonts of its own")
def test_a_change_is_drawn_as_png(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "change.PNG"
    assert shelf.run("changes", "plot", "A1-1", "--out", str(out)).status == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_the_samples_of_a_change_are_there_for_programs(shelf: Shelf) -> None:
    found = shelf.run("changes", "plot", "A1-1", "--json").json
    assert found["change_id"] == "A1-1"
    assert found["seconds"][0] == pytest.approx(-2.0)
    assert found["grams"][-1] == pytest.approx(691.8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["A9-9"], "changes list"),
        (["A2-2"], "No trace of change A2-2"),
        (["A1-1", "--out", "change.gif"], ".svg or .png"),
        (["A1-1", "--out", "/nowhere/at/all.svg"], "Cannot write"),
    ],
)
def test_what_cannot_be_drawn_is_wrong_usage(shelf: Shelf, arguments: list[str], said: str) -> None:
    done = shelf.run("changes", "plot", *arguments)
    assert done.status == 2
    assert said in done.error


STOCK = {
    "plates": [
        {
            "plate": "A1",
            "level_g": 692.3,
            "counted": True,
            "items": [{"sku": SODA, "quantity": 3}],
            "by_weight": [{"sku": SODA, "quantity": 2}],
            "residual_g": -345.7,
            "sigma_g": 3.6,
            "disagreement": {
                "reason": "missed_change",
                "since": rfc3339(START),
                "explanation": "1 × Soda 330 ml fewer, and no change was seen",
                "off_g": -345.7,
                "apart": [{"sku": SODA, "quantity": -1}],
            },
        },
        {
            "plate": "A2",
            "level_g": 1041.0,
            "counted": True,
            "items": [{"sku": "water", "quantity": 2}],
            "by_weight": [{"sku": "water", "quantity": 2}],
            "residual_g": 1.0,
            "sigma_g": 3.6,
            "disagreement": None,
        },
    ]
}


def test_plates_are_shown_by_both_ledgers(shelf: Shelf) -> None:
    store = Store.open(shelf.state)
    store.views.put("stock", "stock", START, STOCK)
    store.close()
    done = shelf.run("plates")
    assert done.status == 0, done.err
    first, second = [line for line in done.out.splitlines() if " 5000 " in line]
    shown = " ".join(first.split("5000        400")[1].split())
    assert shown == "692.3 3 × Soda 330 ml 2 × Soda 330 ml -345.7 ± 3.6"
    shown = " ".join(second.split("5000        400")[1].split())
    assert shown == "1041.0 2 × Water [still] the same +1.0 ± 3.6"
    assert "A1: 1 × Soda 330 ml fewer, and no change was seen; since 20" in done.out
    rows = shelf.run("plates", "--json").json
    assert rows[0]["id"] == "A1"
    assert rows[0]["stock"]["disagreement"]["reason"] == "missed_change"


def test_a_stock_of_an_older_agent_is_shown_as_far_as_it_goes(shelf: Shelf) -> None:
    items = [{"sku": SODA, "quantity": 3}]
    old = {"plates": [{"plate": "A1", "level_g": 1.0, "counted": True, "items": items}]}
    store = Store.open(shelf.state)
    store.views.put("stock", "stock", START, old)
    store.close()
    done = shelf.run("plates")
    assert "3 × Soda 330 ml" in done.out
    assert "cannot tell" in done.out


def test_plates_are_listed_before_any_agent_has_run(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("plates")
    assert done.status == 0
    assert done.err == ""
    assert "(Soda 330 ml)" in done.out
    assert [p["stock"] for p in make_shelf(tmp_path).run("plates", "--json").json] == [None, None]


@pytest.mark.slow
def test_a_running_agent_keeps_the_trace_of_what_is_taken(tmp_path: Path) -> None:
    with Board() as board:
        shelf = make_shelf(tmp_path, board.port)
        board.grams = [692.0, 520.0]
        with running_agent(shelf):
            wait_until(
                lambda: json.loads(shelf.run("weigh", "--once", "--json").out)["plates"][0][
                    "still"
                ],
                "the plate rests",
            )
            board.grams[0] = 346.0
            wait_until(
                lambda: shelf.run("changes", "plot", "last").status == 0, "the trace is kept", 20.0
            )
            found = shelf.run("changes", "plot", "last", "--json").json
    assert found["items"] == [{"sku": SODA, "quantity": -1}]
    before = np.array(found["grams"])[np.array(found["seconds"]) < -0.05]
    assert np.median(before) == pytest.approx(692.0, abs=0.5)
    assert found["grams"][-1] == pytest.approx(346.0, abs=3.0)
    assert found["seconds"][0] < -0.5
