"""`weigh`, `calibrate`, `tare`, `record`, `doctor`, `mqtt test`, with a real serial line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.cli.recorder import in_order
from edge_agent.recordings import Recording
from edge_agent.settings_file import load_settings
from tests.broker import Broker, free_port, wait_until
from tests.cli.command_scene import Board, Shelf, Terminal, make_shelf, running_agent


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as board:
        yield board


@pytest.fixture
def shelf(tmp_path: Path, board: Board) -> Shelf:
    return make_shelf(tmp_path, board.port)


@pytest.mark.slow
def test_weigh_opens_the_scale_where_no_agent_runs(shelf: Shelf, board: Board) -> None:
    board.grams = [346.0, 1040.0]
    done = shelf.run("weigh", "--once", "--json")
    assert done.status == 0
    first, second = done.json["plates"]
    assert first["weight_g"] == pytest.approx(346.0, abs=1.5)
    assert second["weight_g"] == pytest.approx(1040.0, abs=1.5)
    assert first["rate_hz"] == pytest.approx(80, rel=0.15)


@pytest.mark.slow
def test_weigh_asks_the_agent_that_holds_the_scale(shelf: Shelf, board: Board) -> None:
    board.grams = [346.0, 0.0]
    with running_agent(shelf):
        done = shelf.run("weigh", "--once", "--json")
        assert done.json["plates"][0]["weight_g"] == pytest.approx(346.0, abs=1.5)
        plate, weight, unit, *_ = shelf.run("weigh", "--for", "1").out.split()
        assert (plate, unit) == ("A1", "g")
        assert float(weight) == pytest.approx(346.0, abs=1.5)


@pytest.mark.slow
def test_weigh_ends_quietly_at_ctrl_c(shelf: Shelf) -> None:
    command = [sys.executable, "-m", "edge_agent.cli.main", "weigh", "--config", str(shelf.config)]
    with subprocess.Popen(
        [*command, "--state", str(shelf.state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("A1")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_a_port_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, "/dev/ttyUSB99")
    for command in (["weigh", "--once"], ["tare", "A1", "--yes"], ["weigh", "--for", "1"]):
        done = shelf.run(*command)
        assert done.status == 1
        assert "/dev/ttyUSB99" in done.err
        assert "edge-agent doctor" in done.err


def put_on(board: Board, grams: float) -> tuple[str, Callable[[], None]]:
    """Somebody who puts the mass on plate A1 when told to."""
    return f"Put {grams:g} g on plate A1", lambda: board.grams.__setitem__(0, 500.0)


@pytest.mark.slow
def test_calibration_finds_zero_and_scale_and_writes_them(shelf: Shelf, board: Board) -> None:
    text = shelf.config.read_text()
    shelf.config.write_text(
        text.replace("zero_counts = 84000  # by hand\ncounts_per_g = 400.0\n", "")
    )
    command = ["calibrate", "A1", "--mass", "500", "--yes", "--seconds", "1", "--json"]
    done = shelf.run(*command, when=put_on(board, 500))
    assert done.status == 0, done.err
    plate = load_settings(shelf.config).plate[0]
    assert plate.counts_per_g == pytest.approx(400.0, rel=0.002)
    assert plate.zero_counts == pytest.approx(84000, abs=100)
    assert done.json["noise_g"] == pytest.approx(0.5, rel=0.4)
    assert "# what the technician wrote" in shelf.config.read_text()


@pytest.mark.slow
def test_a_calibration_is_told_to_the_running_agent(shelf: Shelf, board: Board) -> None:
    with running_agent(shelf):
        wait_until(
            lambda: (
                shelf.run("weigh", "--once", "--json").json["plates"][0]["weight_g"] is not None
            ),
            "the agent weighs",
        )
        command = ["calibrate", "A1", "--mass", "1000", "--yes", "--seconds", "1"]
        done = shelf.run(*command, when=put_on(board, 1000))
        assert done.status == 0, done.err
        wait_until(
            lambda: (
                abs(shelf.run("weigh", "--once", "--json").json["plates"][0]["weight_g"] - 1000) < 5
            ),
            "the agent weighs with the new calibration",
        )


@pytest.mark.slow
def test_a_person_is_led_through_the_calibration(shelf: Shelf, board: Board) -> None:
    with Terminal(shelf, "calibrate", "A1", "--mass", "500", "--seconds", "1") as terminal:
        terminal.wait_for("Take everything off plate A1, then press Enter")
        terminal.press_enter()
        terminal.wait_for("Put 500 g on plate A1, in its middle, then press Enter")
        board.grams[0] = 500.0
        terminal.press_enter()
        terminal.wait_for("Plate A1 is calibrated")
        assert terminal.process.wait(10) == 0
    plate = load_settings(shelf.config).plate[0]
    assert plate.counts_per_g == pytest.approx(400.0, rel=0.002)


@pytest.mark.slow
def test_a_plate_that_is_tared_with_goods_on_it_is_spoken_of(shelf: Shelf, board: Board) -> None:
    board.grams[0] = 692.0
    done = shelf.run("tare", "A1", "--yes", "--seconds", "1")
    assert done.status == 0, done.err
    assert "By its old zero plate A1 weighed 69" in done.err
    assert "take everything off" in done.err


@pytest.mark.slow
def test_a_calibration_that_makes_a_cell_another_one_is_spoken_of(
    shelf: Shelf, board: Board
) -> None:
    command = ["calibrate", "A1", "--mass", "520", "--yes", "--seconds", "1"]
    done = shelf.run(*command, when=put_on(board, 520))
    assert done.status == 0, done.err
    assert "had counts_per_g = 400: it weighs 4.0 % more from now on" in done.err


@pytest.mark.slow
def test_a_terminal_shows_a_live_table(shelf: Shelf) -> None:
    with Terminal(shelf, "weigh", "--for", "1") as terminal:
        terminal.wait_for("weight g")
        terminal.wait_for("A1")
        assert terminal.process.wait(10) == 0


@pytest.mark.slow
def test_a_mass_that_never_comes_changes_nothing(shelf: Shelf) -> None:
    before = shelf.config.read_text()
    command = ["calibrate", "A1", "--mass", "500", "--yes", "--seconds", "0.5", "--wait", "1"]
    done = shelf.run(*command)
    assert done.status == 1
    assert "No load was noticed on plate A1" in done.err
    assert shelf.config.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["calibrate", "Z9", "--mass", "500", "--yes"], "A1, A2"),
        (["calibrate", "A1", "--mass", "-5", "--yes"], "--mass is -5"),
        (["calibrate", "A1", "--mass", "nan", "--yes"], "--mass is nan"),
        (["calibrate", "A1", "--mass", "9000", "--yes"], "capacity_g"),
        (["tare", "Z9", "--yes"], "A1, A2"),
    ],
)
def test_an_impossible_calibration_is_refused_at_once(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = make_shelf(tmp_path).run(*arguments)
    assert done.status == 2
    assert said in done.error


def test_nothing_is_asked_where_nobody_can_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        done = make_shelf(tmp_path).run("tare", "A1")
    assert done.status == 2
    assert "--yes" in done.error


@pytest.mark.slow
def test_tare_moves_the_zero_alone(shelf: Shelf, board: Board) -> None:
    board.grams = [10.0, 0.0]
    done = shelf.run("tare", "A1", "--yes", "--seconds", "1", "--json")
    assert done.json["moved_g"] == pytest.approx(10.0, abs=0.5)
    plate = load_settings(shelf.config).plate[0]
    assert plate.zero_counts == pytest.approx(88000, abs=200)
    assert plate.counts_per_g == 400.0


@pytest.mark.slow
def test_a_plate_that_moves_is_not_tared(shelf: Shelf, board: Board) -> None:
    before = shelf.config.read_text()
    ending = threading.Event()

    def shake() -> None:
        while not ending.wait(0.2):
            board.grams[0] = 60.0 - board.grams[0]

    shaker = threading.Thread(target=shake)
    shaker.start()
    done = shelf.run("tare", "A1", "--yes", "--seconds", "1")
    ending.set()
    shaker.join()
    assert done.status == 1
    assert "moved by" in done.err
    assert shelf.config.read_text() == before


@pytest.mark.slow
def test_a_recording_of_the_live_shelf_can_be_read(
    shelf: Shelf, board: Board, tmp_path: Path
) -> None:
    board.grams = [346.0, 0.0]
    done = shelf.run("record", "--out", str(tmp_path / "rec"), "--for", "1", "--json")
    assert done.status == 0, done.err
    recording = Recording(tmp_path / "rec")
    assert recording.plates_in_file == ("A1", "A2")
    grams = np.concatenate([block for _, block in recording.weight_blocks()])
    assert len(grams) == done.json["rows"] >= 40
    assert grams[:, 0].mean() == pytest.approx(346.0, abs=0.5)


@pytest.mark.slow
def test_a_recording_through_the_agent_ends_with_the_agent(
    shelf: Shelf, board: Board, tmp_path: Path
) -> None:
    with running_agent(shelf) as agent:
        command = ["record", "--out", str(tmp_path / "rec"), "--for", "60", "--json"]
        ending = threading.Timer(1.5, agent.terminate)
        done = shelf.run(*command, when=("Recording 2 plates", ending.start))
    assert done.status == 0, done.err
    assert done.json["rows"] >= 20
    assert done.json["seconds"] < 30


def test_a_folder_that_is_not_empty_is_not_recorded_to(shelf: Shelf, tmp_path: Path) -> None:
    done = shelf.run("record", "--out", str(tmp_path), "--for", "1")
    assert done.status == 2
    assert str(tmp_path) in done.error


def test_rows_of_several_scales_are_put_in_order() -> None:
    rows = [(1.0, {"A": 1.0}), (1.2, {"A": 1.0}), (1.1, {"B": 2.0}), (3.0, {}), (1.5, {"B": 2.0})]
    assert [at for at, _ in in_order(iter(rows))] == [1.0, 1.1, 1.2, 1.5]


@pytest.mark.slow
def test_the_doctor_finds_a_healthy_scale(shelf: Shelf, board: Board) -> None:
    board.grams = [346.0, 520.0]
    done = shelf.run("doctor", "--json")
    verdicts = {c["check"]: c["verdict"] for c in done.json["checks"]}
    assert verdicts["settings"] == "ok"
    assert verdicts["scale main"] == "ok"
    assert verdicts["plate A1"] == "ok"
    assert verdicts["packages"] == "ok"
    assert done.status == 0, done.out


@pytest.mark.slow
def test_the_doctor_asks_the_running_agent(shelf: Shelf) -> None:
    with running_agent(shelf):
        shelf.run("weigh", "--once")
        checks = shelf.run("doctor", "--json").json["checks"]
    verdicts = {c["check"]: c["verdict"] for c in checks}
    assert verdicts["agent"] == "ok"
    assert verdicts["plate A1"] == "ok"
    assert verdicts["database"] == "ok"
    assert "scale main" not in verdicts


@pytest.mark.slow
def test_the_doctor_blames_a_lost_scale_and_not_the_plugs_of_its_plates(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, "/dev/ttyUSB99")
    with running_agent(shelf):
        checks = shelf.run("doctor", "--json", "--seconds", "2").json["checks"]
    by_name = {c["check"]: c for c in checks}
    assert by_name["scale main"]["verdict"] == "fail"
    assert "/dev/ttyUSB99" in by_name["scale main"]["detail"]
    assert not [name for name in by_name if name.startswith("plate")]


@pytest.mark.slow
def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    port = free_port()
    mqtt = f'\n[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
    camera = '\n[[camera]]\nid = "front"\nsource = "/nowhere/at/all"\n'
    shelf = make_shelf(tmp_path, "/dev/ttyUSB99", camera + mqtt)
    shelf.state.mkdir()
    (shelf.state / "agent.db").write_bytes(b"no database at all" * 1000)
    done = shelf.run("doctor")
    assert done.status == 1
    failed = [line for line in done.out.splitlines() if line.startswith("fail")]
    for what in ("database", "scale main", "camera front", "broker"):
        assert any(line.split(None, 1)[1].startswith(what) for line in failed), what


@pytest.mark.slow
def test_the_doctor_goes_on_with_wrong_settings(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    shelf.config.write_text("nonsense")
    done = shelf.run("doctor")
    assert done.status == 1
    assert f"fail  settings: {shelf.config}" in done.out
    assert "python" in done.out


def test_mqtt_test_walks_all_steps(tmp_path: Path, broker: Broker) -> None:
    mqtt = f'\n[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n'
    done = make_shelf(tmp_path, extra=mqtt).run("mqtt", "test", "--json")
    assert done.status == 0
    assert done.json["ok"] is True
    assert [s["step"] for s in done.json["steps"]][-1] == "receive"


def test_mqtt_test_names_the_step_that_failed(tmp_path: Path) -> None:
    mqtt = f'\n[mqtt]\nhost = "127.0.0.1"\nport = {free_port()}\ntls = false\n'
    done = make_shelf(tmp_path, extra=mqtt).run("mqtt", "test")
    assert done.status == 1
    assert "step tcp" in done.error
    assert "fail  tcp" in done.out


def test_mqtt_test_without_a_broker_in_the_settings_is_wrong_usage(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("mqtt", "test")
    assert done.status == 2
    assert "[mqtt]" in done.error


def test_a_snapshot_is_a_picture(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    from edge_agent.vision.frames import encode_jpeg

    image = np.full((90, 160, 3), 99, dtype=np.uint8)
    (pictures / "1.jpg").write_bytes(encode_jpeg(image, 90))
    camera = f'\n[[camera]]\nid = "front"\nsource = "{pictures}"\n'
    shelf = make_shelf(tmp_path, extra=camera)
    done = shelf.run("camera", "snapshot", "--out", str(tmp_path / "shot.jpg"), "--json")
    assert done.status == 0, done.err
    assert (tmp_path / "shot.jpg").read_bytes().startswith(b"\xff\xd8")
    other = shelf.run("camera", "snapshot", "--camera", "back")
    assert other.status == 2
    assert "front" in other.error


def test_a_shelf_without_a_camera_has_no_snapshot(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("camera", "snapshot")
    assert done.status == 2
    assert "[[camera]]" in done.error
