"""`scan`: from pictures, through a camera that is opened here, and through the agent's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import cv2

from edge_agent.vision.frames import Image
from tests.cli.command_scene import Board, Shelf, Terminal, make_shelf, running_agent
from tests.vision.printed_codes import (
    NOTHING_HELD,
    SODA,
    ean13_bars,
    in_hand,
    label,
    qr_label,
    seen,
)


def shown(bars: str, number: int = 0) -> Image:
    """A label in a hand, with a camera's noise."""
    return seen(in_hand(label(bars, 1.6, 60), number), seed=number)


def write(path: Path, picture: Image) -> Path:
    """Save a picture."""
    assert cv2.imwrite(str(path), picture)
    return path


def shelf_with_pictures(folder: Path, bars: str, count: int, port: str = "") -> Shelf:
    """A shelf whose camera sees nothing for a second, and then a label."""
    pictures = folder / "pictures"
    pictures.mkdir()
    nothing = cv2.imencode(".png", seen(NOTHING_HELD))[1].tobytes()
    held_still = [cv2.imencode(".png", shown(bars, number))[1].tobytes() for number in range(6)]
    for number in range(count):
        (pictures / f"{number}.png").write_bytes(nothing if number < 5 else held_still[number % 6])
    extra = f'\n[[camera]]\nid = "front"\nsource = "{pictures}"\n'
    return make_shelf(folder, port or "/dev/serial/by-id/none", extra)


def test_pictures_are_read_each_on_a_line_of_json(tmp_path: Path) -> None:
    soda = write(tmp_path / "soda.png", shown(ean13_bars(SODA)))
    pay = write(tmp_path / "pay.png", seen(in_hand(qr_label("pay:7", 110), 0)))
    empty = write(tmp_path / "empty.png", seen(NOTHING_HELD))
    done = make_shelf(tmp_path).run("scan", "--json", str(soda), str(pay), str(empty))
    assert done.status == 0
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"picture": str(soda), "codes": [{"text": SODA, "format": "EAN-13"}]},
        {"picture": str(pay), "codes": [{"text": "pay:7", "format": "QR"}]},
        {"picture": str(empty), "codes": []},
    ]


def test_pictures_are_told_with_names_and_what_is_not_in_the_catalogue(tmp_path: Path) -> None:
    soda = write(tmp_path / "soda.png", shown(ean13_bars(SODA)))
    other = write(tmp_path / "other.png", shown(ean13_bars("4006381333931")))
    done = make_shelf(tmp_path).run("scan", str(soda), str(other))
    assert done.out.splitlines() == [
        f"{soda}: {SODA}  EAN-13  Soda 330 ml",
        f"{other}: 4006381333931  EAN-13  not in the catalogue",
    ]


def test_pictures_are_read_where_there_is_no_shelf(tmp_path: Path) -> None:
    soda = write(tmp_path / "soda.png", shown(ean13_bars(SODA)))
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent.cli.main", "scan", str(soda)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "EDGE_AGENT_CONFIG": "/nowhere.toml"},
    )
    assert done.stdout == f"{soda}: {SODA}  EAN-13\n", done.stderr


def test_a_code_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    # A terminal takes what follows an escape character as an order.
    evil = write(tmp_path / "evil.png", seen(in_hand(qr_label("a\x1b[2Jb\nc", 110), 0)))
    done = make_shelf(tmp_path).run("scan", str(evil))
    assert done.out.splitlines() == [f"{evil}: a\\x1b[2Jb\\nc  QR  not in the catalogue"]


def test_a_picture_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("scan", str(tmp_path / "none.png"))
    assert done.status == 2
    assert "none.png cannot be read" in done.error


def test_a_file_that_is_no_picture_is_wrong_usage(tmp_path: Path) -> None:
    text = tmp_path / "list.txt"
    text.write_text("soda")
    done = make_shelf(tmp_path).run("scan", str(text))
    assert done.status == 2
    assert "list.txt is no picture" in done.error


def test_the_camera_is_opened_here_where_no_agent_runs(tmp_path: Path) -> None:
    done = shelf_with_pictures(tmp_path, ean13_bars(SODA), 20).run("scan", "--json")
    assert done.status == 0
    told = done.json
    assert told["code"] == told["sku"] == SODA
    assert (told["name"], told["in_catalogue"]) == ("Soda 330 ml", True)
    assert (told["camera"], told["format"]) == ("front", "EAN-13")


def test_once_ends_with_the_first_scan_and_says_if_there_was_none(tmp_path: Path) -> None:
    shelf = shelf_with_pictures(tmp_path, ean13_bars("4006381333931"), 100)
    first = shelf.run("scan", "--once")
    assert first.status == 0
    assert first.out.splitlines()[0].endswith("4006381333931  EAN-13  not in the catalogue")
    none = shelf.run("scan", "--once", "--seconds", "0.4")
    assert (none.status, none.out) == (1, "")


def test_scans_come_through_the_running_agents_camera(tmp_path: Path) -> None:
    with Board() as board:
        shelf = shelf_with_pictures(tmp_path, ean13_bars(SODA), 60, board.port)
        with running_agent(shelf):
            done = shelf.run("scan", "--once", "--seconds", "11")
    assert done.status == 0
    assert done.out.splitlines()[0].endswith(f"{SODA}  EAN-13  Soda 330 ml")


def test_ctrl_c_ends_a_live_scan_in_order(tmp_path: Path) -> None:
    shelf = shelf_with_pictures(tmp_path, ean13_bars(SODA), 100)
    with Terminal(shelf, "scan") as terminal:
        terminal.wait_for("Soda 330 ml")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("Ended.")
        assert terminal.process.wait(10) == 0


def test_a_shelf_without_a_camera_cannot_scan_live(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("scan")
    assert done.status == 2
    assert "has no camera" in done.error
