"""The demo from the outside: a real process with a real broker, put away in order at its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge_agent.errors import BrokerError
from edge_agent.simulation.broker import mosquitto_program

ENDS_WITHIN_S = 30.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "edge_agent.cli.main", "demo", *arguments]


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker to start, and a place for temporary folders, which a killed demo leaves behind."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    try:
        mosquitto_program()
    except BrokerError as error:
        pytest.skip(str(error))


@contextmanager
def running_demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demo in a process of its own that is gone at the end, however the test goes."""
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(ENDS_WITHIN_S)


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def children(pid: int) -> list[int]:
    """The processes whose parent is `pid` (proc(5), stat: the parent is behind the name)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(text.rpartition(")")[2].split()[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def wait_for_event(process: subprocess.Popen[str], name: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == name:
            return event
    raise AssertionError(f"the demo ended without {name!r}")


@pytest.mark.slow
def test_a_demo_finds_what_really_happened() -> None:
    done = subprocess.run(
        command("--for", "16", "--speed", "10", "--seed", "3", "--json"),
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S + 60.0,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = events(done.stdout)
    summary = told[-1]
    assert summary["event"] == "summary"
    assert summary["right"]
    assert summary["cases"]["true"] > 0
    assert summary["cases"]["false"] == summary["cases"]["missing"] == 0
    assert summary["cases"]["twice"] == 0
    assert summary["visits"]["found"] == summary["visits"]["really"] > 2
    assert summary["units_taken"]["found"] == summary["units_taken"]["really"]
    kinds = {event["event"] for event in told}
    assert {"somebody", "hand", "payment", "change", "visit", "case", "summary"} <= kinds


def test_ctrl_c_ends_the_demo_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with running_demo("--speed", "20", "--seed", "4", "--json", "--keep", str(folder)) as demo:
        wait_for_event(demo, "change")
        brokers = children(demo.pid)
        demo.send_signal(signal.SIGINT)
        text, errors = demo.communicate(timeout=ENDS_WITHIN_S)
    assert demo.returncode == 0, errors
    summary = events(text)[-1]
    assert summary["event"] == "summary"
    assert summary["undecided_visits"] > 0
    assert len(brokers) == 1
    assert not Path(f"/proc/{brokers[0]}").exists()
    assert not any((tmp_path / "tmp").iterdir())
    assert (folder / "shelf.toml").exists()
    assert "has stopped" in (folder / "agent.log").read_text()


def test_without_a_terminal_plain_lines_tell_what_happens_until_sigterm() -> None:
    with running_demo("--speed", "20", "--seed", "4") as demo:
        # SIGTERM, where the test above sends SIGINT: the end is the same.
        assert demo.stdout is not None
        line = next(text for text in demo.stdout if "really" in text)
        demo.send_signal(signal.SIGTERM)
        rest, _ = demo.communicate(timeout=ENDS_WITHIN_S)
    assert "visit 1" in line
    assert "Losses told in cases:" in rest
    assert "\x1b" not in line + rest


def test_the_broker_ends_with_a_demo_that_is_killed() -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    with running_demo("--speed", "20", "--seed", "4", "--json") as demo:
        wait_for_event(demo, "somebody")
        brokers = children(demo.pid)
        demo.kill()
        demo.wait(ENDS_WITHIN_S)
        assert len(brokers) == 1
        assert ended(brokers[0])


def ended(pid: int) -> bool:
    """Whether the process is gone within the time, or waits only to be counted by its parent."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_without_mosquitto_the_error_names_the_package(tmp_path: Path) -> None:
    code = (
        "import sys; from edge_agent.simulation import broker; broker.USUAL_FOLDERS = '';"
        "from edge_agent.cli.main import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    assert done.returncode == 1
    assert "apt-get install mosquitto" in done.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--for", "5"], "--for 5 is too short at --speed 4"),
        (["--speed", "0"], "--speed 0 is not possible"),
        (["--visits-per-hour", "0"], "--visits-per-hour 0 is not possible"),
    ],
)
def test_what_cannot_be_played_is_refused(arguments: list[str], names: str) -> None:
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False
    )
    assert done.returncode == 2
    assert names in done.stderr.splitlines()[0]


def test_a_folder_that_holds_something_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    done = subprocess.run(
        command("--keep", str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    assert done.returncode == 2
    assert "--keep needs a new folder" in done.stderr.splitlines()[0]
