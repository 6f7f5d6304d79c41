"""The agent's local socket, with real sockets and real clients."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.control import MAX_REQUEST_BYTES, AgentRefused, ControlServer, ask, stream
from edge_agent.errors import AgentNotRunning, StoreError, UsageError
from tests.broker import wait_until

WAIT_S = 5.0


class Counter:
    """A handler: says `n` numbers, for ever where none is named; knows how many still speak."""

    def __init__(self) -> None:
        self.speaking = 0
        self.pause = threading.Event()

    def handle(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if request["ask"] == "nothing":
            raise UsageError("No such thing. Ask for numbers.")
        if request["ask"] == "silence":
            return
        self.speaking += 1
        try:
            number = 0
            while number < request.get("n", 10**9):
                yield {"number": number, "name": "苏打水"}
                number += 1
                if "n" not in request:
                    self.pause.wait(0.002)
        finally:
            self.speaking -= 1


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def state(tmp_path: Path, counter: Counter) -> Iterator[Path]:
    server = ControlServer(tmp_path / "agent.sock", counter.handle)
    server.start()
    yield tmp_path
    server.stop()


def raw(state: Path, request: bytes) -> bytes:
    """What comes back for these very bytes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(WAIT_S)
        client.connect(str(state / "agent.sock"))
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_request_gets_its_answer(state: Path) -> None:
    assert ask(state, {"ask": "numbers", "n": 1}) == {"number": 0, "name": "苏打水"}


def test_a_stream_ends_when_all_is_said(state: Path) -> None:
    numbers = [a["number"] for a in stream(state, {"ask": "numbers", "n": 500})]
    assert numbers == list(range(500))


def test_the_socket_is_for_user_and_group_alone(state: Path) -> None:
    assert stat.S_IMODE((state / "agent.sock").stat().st_mode) == 0o660


def test_an_error_comes_back_in_its_words_and_with_its_exit_status(state: Path) -> None:
    with pytest.raises(AgentRefused, match=r"No such thing\. Ask for numbers\.") as refused:
        ask(state, {"ask": "nothing"})
    assert refused.value.exit_status == 2


def test_no_answer_at_all_is_an_error(state: Path) -> None:
    with pytest.raises(AgentNotRunning, match="without an answer"):
        ask(state, {"ask": "silence"})


@pytest.mark.parametrize(
    "request_line", [b"garbage\n", b"[1]\n", b"{}\n", b'{"ask": 3}\n', b"\xff\n"]
)
def test_garbage_is_answered_with_an_error(state: Path, request_line: bytes) -> None:
    answer = json.loads(raw(state, request_line))
    assert answer["exit_status"] == 2
    assert "JSON" in answer["error"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_silence_the_agent(
    tmp_path_factory: pytest.TempPathFactory, request_bytes: bytes
) -> None:
    folder = tmp_path_factory.mktemp("control")
    server = ControlServer(folder / "agent.sock", Counter().handle)
    server.start()
    try:
        raw(folder, request_bytes)
        assert ask(folder, {"ask": "numbers", "n": 1})["number"] == 0
    finally:
        server.stop()


def test_an_endless_request_is_refused(state: Path) -> None:
    # The agent closes while we still send: what it said before must arrive all the same.
    answer = json.loads(raw(state, b"x" * (MAX_REQUEST_BYTES + 1)))
    assert str(MAX_REQUEST_BYTES) in answer["error"]


def test_several_clients_are_served_at_once(state: Path) -> None:
    streams = [stream(state, {"ask": "numbers"}) for _ in range(5)]
    assert [next(s)["number"] for s in streams] == [0] * 5
    assert [next(s)["number"] for s in streams] == [1] * 5
    assert ask(state, {"ask": "numbers", "n": 1})["number"] == 0


def test_a_client_that_leaves_ends_its_stream(state: Path, counter: Counter) -> None:
    answers = stream(state, {"ask": "numbers"})
    next(answers)
    assert counter.speaking == 1
    answers.close()  # type: ignore[attr-defined]
    wait_until(lambda: counter.speaking == 0, "the handler is closed")


def test_a_client_killed_in_mid_stream_does_no_harm(state: Path, counter: Counter) -> None:
    program = (
        "import sys; from pathlib import Path; from edge_agent.control import stream\n"
        "for answer in stream(Path(sys.argv[1]), {'ask': 'numbers'}): print(answer, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(state)], stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        client.kill()
    wait_until(lambda: counter.speaking == 0, "the handler is closed")
    assert ask(state, {"ask": "numbers", "n": 1})["number"] == 0


def test_a_client_that_says_nothing_holds_nobody_up(state: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(state / "agent.sock"))
        assert ask(state, {"ask": "numbers", "n": 1})["number"] == 0


def test_a_client_too_many_is_told_so(state: Path) -> None:
    streams = [stream(state, {"ask": "numbers"}) for _ in range(16)]
    for answers in streams:
        next(answers)
    with pytest.raises(AgentRefused, match="too many"):
        ask(state, {"ask": "numbers", "n": 1})
    for answers in streams:
        answers.close()  # type: ignore[attr-defined]

    def is_free_again() -> bool:
        try:
            return bool(ask(state, {"ask": "numbers", "n": 1}))
        except AgentRefused:
            return False

    wait_until(is_free_again, "a place is free")


def test_where_no_agent_runs_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AgentNotRunning, match="Start it"):
        ask(tmp_path, {"ask": "status"})


def test_an_agent_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "agent.sock"))
        mute.listen()
        with pytest.raises(AgentNotRunning, match="did not answer within"):
            ask(tmp_path, {"ask": "status"}, timeout_s=0.1)


def test_the_socket_of_a_killed_agent_is_replaced(tmp_path: Path, counter: Counter) -> None:
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
        killed.listen()
    assert path.is_socket()
    server = ControlServer(path, counter.handle)
    server.start()
    assert ask(tmp_path, {"ask": "numbers", "n": 1})["number"] == 0
    server.stop()
    assert not path.exists()


def test_a_running_agents_socket_is_left_alone(state: Path, counter: Counter) -> None:
    second = ControlServer(state / "agent.sock", counter.handle)
    with pytest.raises(StoreError, match="Another agent answers"):
        second.start()
    assert ask(state, {"ask": "numbers", "n": 1})["number"] == 0


def test_stopping_ends_open_streams(tmp_path: Path, counter: Counter) -> None:
    server = ControlServer(tmp_path / "agent.sock", counter.handle)
    server.start()
    answers = stream(tmp_path, {"ask": "numbers"})
    next(answers)
    server.stop()
    server.stop()
    for _ in answers:
        pass
    assert not (tmp_path / "agent.sock").exists()
    wait_until(lambda: counter.speaking == 0, "the handler is closed")


def test_a_folder_with_a_very_long_name_works(tmp_path: Path, counter: Counter) -> None:
    folder = tmp_path / ("f" * 120)
    folder.mkdir()
    server = ControlServer(folder / "agent.sock", counter.handle)
    server.start()
    assert ask(folder, {"ask": "numbers", "n": 1})["number"] == 0
    server.stop()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, counter: Counter) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(StoreError, match=r"Cannot make the socket .*missing"):
        ControlServer(missing / "agent.sock", counter.handle).start()
    assert list(tmp_path.iterdir()) == []
