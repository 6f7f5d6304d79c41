"""`edge-agent run` as a process: its start, its end, what it tells systemd, its state folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edge_agent.control import ask
from edge_agent.store.store import Store
from tests.broker import Broker, free_port, wait_until
from tests.faults.fault_scene import GOODS, START_UNITS, Life, payment, scene

STOP_S = 2.0


@contextmanager
def black_hole() -> Iterator[tuple[int, socket.socket]]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        yield listener.getsockname()[1], listener


def test_it_tells_systemd_that_it_is_ready_how_it_stands_and_that_it_lives(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        life = made.run(environment={"WATCHDOG_USEC": "400000"}).ready()
        life.until(lambda: life.words.count("WATCHDOG=1") > 2, "the watchdog is fed")
        assert life.words.index("READY=1") < life.words.index("WATCHDOG=1")
        assert "STATUS=weighing, cloud offline" in life.words
        status, _ = life.end()
        assert status == 0
        assert life.words[-1] == "STOPPING=1"


def test_a_lost_scale_stands_in_the_line_for_systemd(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.shelf.unplug()
        life = made.run().ready()
        life.until(
            lambda: any(w.startswith("STATUS=scale main: No scale at") for w in life.words),
            "the status line names the scale",
        )
        assert life.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_while_the_broker_is_away_and_the_scale_absent(
    tmp_path: Path, number: int
) -> None:
    with scene(tmp_path) as made:
        made.shelf.unplug()
        made.write(broker_port=free_port())
        life = made.run().ready()
        life.until(lambda: life.said("connection refused") == 1, "the broker was tried for")
        status, took_s = life.end(number)
        assert (status, took_s < STOP_S) == (0, True), f"{took_s:.1f} s\n{life.log}"


@pytest.mark.parametrize("tls", ["tls = false", ""])
def test_it_ends_at_once_while_a_port_takes_the_connection_and_says_nothing(
    tmp_path: Path, tls: str
) -> None:
    with scene(tmp_path) as made, black_hole() as (port, listener):
        made.write(broker_port=port)
        if not tls:
            made.config.write_text(made.config.read_text().replace("tls = false", "tls = true"))
        life = made.run().ready()
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(10) != b""  # it speaks, and waits for an answer
            status, took_s = life.end()
        assert (status, took_s < STOP_S) == (0, True), f"{took_s:.1f} s\n{life.log}"


def test_a_second_agent_on_the_same_state_is_told_who_has_it(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        first = made.run().ready()
        second = made.run()
        assert second.process.wait(20) == 1
        assert second.log.startswith(f"error: Another agent (process {first.process.pid})")
        assert "--state" in second.log
        assert first.process.poll() is None


def test_a_state_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.state.mkdir()
        made.state.chmod(0o555)
        # Root may write anywhere, unless that right is taken from it.
        without = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
        life = made.run(prefix=without if os.geteuid() == 0 else ())
        assert life.process.wait(20) == 1
        assert life.log.startswith("error: Cannot ")
        assert str(made.state) in life.log
        assert "Traceback" not in life.log


def test_an_evidence_folder_that_cannot_be_used_is_an_error_that_names_it(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.state.mkdir()
        (made.state / "evidence").write_text("no folder")
        life = made.run()
        assert life.process.wait(20) == 1
        assert life.log.startswith("error: ")
        assert str(made.state / "evidence") in life.log
        assert "Traceback" not in life.log


def test_a_wrong_setting_ends_the_start_with_the_line_and_status_2(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.config.write_text(made.config.read_text().replace("channel = 1", "channel = 0"))
        life = made.run()
        assert life.process.wait(20) == 2
        assert life.log.startswith("error: ")
        assert "channel 0" in life.log
        assert "Traceback" not in life.log


def on_a_small_disk(state: Path, size: str) -> tuple[str, ...]:
    """A command that gives a process a small disk of its own at the state folder."""
    state.mkdir(exist_ok=True)
    mount = f'mount -t tmpfs -o size={size} none "{state}" && exec "$@"'
    who = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    prefix = ("unshare", *who, "--mount", "sh", "-c", mount, "sh")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a test mount a disk of its own (unshare)")
    return prefix


def seen_from(life: Life, path: Path) -> Path:
    """A path as the process sees it."""
    return Path(f"/proc/{life.process.pid}/root{path}")


def fill(folder: Path) -> Path:
    """Leave no room on the disk of this folder; returns the file that takes it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def payments_in(state: Path, copy: Path) -> int:
    """How many payments the journal of a running agent holds, by a copy of its files."""
    copy.mkdir(exist_ok=True)
    for file in state.glob("agent.db*"):
        shutil.copyfile(file, copy / file.name)
    with closing(Store.read_only(copy)) as store:
        return len(store.journal.rows(kinds=["payment"]))


def test_a_disk_without_room_at_the_start_is_an_error_that_says_so(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        life = made.run(prefix=on_a_small_disk(made.state, "16k"))
        assert life.process.wait(20) == 1
        assert life.log.startswith("error: ")
        assert str(made.state) in life.log
        assert "room" in life.log
        assert "Traceback" not in life.log


def test_a_disk_that_fills_up_is_said_once_and_what_came_meanwhile_is_kept(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = made.run(prefix=on_a_small_disk(made.state, "2m")).ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        state = seen_from(life, made.state)
        filler = fill(state)
        cloud.say("payments", payment("P1", "cola"))
        life.until(lambda: life.said("No room left") == 1, "the full disk is said")
        made.shelf.units["A2"] -= 1
        cloud.say("payments", payment("P2", "gum"))
        wait_until(lambda: len(cloud.heard("payments")) == 2, "both payments were sent")
        filler.unlink()
        life.until(lambda: bool(cloud.heard("changes")), "the change is told")
        # SQLite follows the link in /proc to another disk than the process sees: read a copy.
        life.until(lambda: payments_in(state, tmp_path / "copy") == 2, "both payments are filed")
        assert [c["delta_g"] for c in cloud.data("changes")] == [pytest.approx(-120, abs=1)]
        assert life.said("No room left") == 1
        assert life.said("the store works again") == 1
        assert life.end()[0] == 0


def test_without_a_broker_it_decides_and_its_cases_are_provisional(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        life = made.run().ready()
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.views.get("stock", "stock") is not None, "it has counted")
            made.shelf.units["A1"] -= 2
            life.until(lambda: bool(store.views.list("case")), "a case is opened")
            (case,) = store.views.list("case")
        assert case["state"] == "provisional"
        (line,) = case["lines"]
        assert (line["kind"], line["sku"], line["quantity"]) == ("unpaid", "cola", 2)
        assert case["value"] == 2 * GOODS["A1"][2]


def test_goods_that_leave_while_it_is_down_are_unobserved_and_a_case_of_their_own(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        made.shelf.units["A1"] -= 1
        life.until(lambda: bool(cloud.heard("changes")), "the change is told")
        # In the middle of the visit: what follows must find this change told, and once.
        life.kill()
        made.shelf.units["A2"] -= 2
        life = made.run().ready()
        life.until(lambda: len(cloud.latest("losses", "case_id")) == 2, "two cases")
        changes = cloud.latest("changes", "change_id").values()
        assert sorted((c["plate"], c["kind"], c["items"][0]["quantity"]) for c in changes) == [
            ("A1", "removed", -1),
            ("A2", "unobserved", -2),
        ]
        cases = cloud.latest("losses", "case_id").values()
        lines = {(c["visit_id"] is None, c["lines"][0]["kind"]): c["value"] for c in cases}
        assert lines == {(False, "unpaid"): 350, (True, "unobserved"): 2400}


def test_a_stop_keeps_the_levels_so_that_nothing_is_found_at_the_next_start(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        made.shelf.units["B1"] -= 1
        life.until(lambda: bool(cloud.heard("changes")), "the change is told")
        assert life.end()[0] == 0
        life = made.run().ready()
        life.until(
            lambda: all(p["still"] for p in ask(made.state, {"ask": "weights"})["plates"]),
            "all plates have found their level",
        )
        made.shelf.units["A2"] -= 1
        life.until(lambda: len(cloud.latest("changes", "change_id")) == 2, "the next change")
        assert {c["kind"] for c in cloud.data("changes")} == {"removed"}
        stock = {p["plate"]: p["items"] for p in cloud.data("stock")[-1]["plates"]}
        assert stock["B1"] == [{"sku": "gum", "quantity": START_UNITS - 1}]
