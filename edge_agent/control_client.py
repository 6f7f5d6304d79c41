"""The commands' side of the agent's local socket `<state>/agent.sock`; `control.py` is the agent's.

One JSON object on one line asks; JSON objects, one a line, answer; then the connection is closed.
An answer with `error` and `exit_status` is what went wrong.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edge_agent.errors import AgentNotRunning, EdgeAgentError

SOCKET_NAME = "agent.sock"
MAX_ANSWER_BYTES = 64_000_000  # a snapshot in base64 is the longest line there is
# The kernel's sockaddr_un holds 108 bytes with the closing zero (unix(7)).
_LONGEST_PATH = 107

Answer = dict[str, Any]


class AgentRefused(EdgeAgentError):
    """The running agent could not do what a command asked; `exit_status` is the agent's."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


def ask(state: Path, request: Mapping[str, Any], timeout_s: float = 5.0) -> Answer:
    """Ask the running agent one thing and return its one answer.

    Raises AgentNotRunning where none answers within `timeout_s`, AgentRefused where it says no.
    """
    answers = stream(state, request, timeout_s)
    with closed(answers):
        for answer in answers:
            return answer
    raise AgentNotRunning(
        f"The agent at {state} closed the connection without an answer. "
        "See why in its log (`journalctl -u edge-agent -n 50`) and try again."
    )


def stream(state: Path, request: Mapping[str, Any], timeout_s: float = 30.0) -> Iterator[Answer]:
    """Ask the running agent and yield its answers until it has said all, or ends.

    Raises AgentNotRunning where none answers or `timeout_s` pass between two answers,
    AgentRefused where it says no.
    """
    path = state / SOCKET_NAME
    with connected(path, timeout_s) as connection:
        try:
            with suppress(BrokenPipeError):
                # An agent that refuses before it reads has closed, yet its answer is here.
                send(connection, dict(request))
            with connection.makefile("rb") as lines:
                while line := lines.readline(MAX_ANSWER_BYTES):
                    yield _answered(line, path)
        except TimeoutError as error:
            raise AgentNotRunning(
                f"The agent at {path} did not answer within {timeout_s:g} s. "
                "Run `edge-agent service status`, or restart it (`systemctl restart edge-agent`)."
            ) from error
        except ConnectionResetError:
            # It was killed in the middle: for the caller the answers end here.
            return


def _answered(line: bytes, path: Path) -> Answer:
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise AgentNotRunning(
            f"What answers at {path} broke off in the middle of an answer. "
            "Run `edge-agent service status` to see whether the agent still runs."
        ) from error
    if not isinstance(answer, dict):
        raise AgentNotRunning(
            f"What answers at {path} is no edge-agent. Name the agent's own folder with --state."
        )
    if "error" in answer:
        raise AgentRefused(str(answer["error"]), int(answer.get("exit_status", 1)))
    return answer


@contextmanager
def connected(path: Path, timeout_s: float) -> Iterator[socket.socket]:
    """A connection to the socket at `path`; AgentNotRunning where nobody answers there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with connection:
        connection.settimeout(timeout_s)
        try:
            with short_address(path) as address:
                connection.connect(address)
        except OSError as error:
            raise _not_there(path, error) from error
        yield connection


def _not_there(path: Path, error: OSError) -> AgentNotRunning:
    if isinstance(error, PermissionError):
        return AgentNotRunning(
            f"You may not talk to the agent at {path}. Run this command as its user "
            "(`sudo -u edge-agent …`), or join its group."
        )
    return AgentNotRunning(
        f"No agent answers at {path}. Start it (`systemctl start edge-agent`, or "
        "`edge-agent run`), or name its state folder with --state."
    )


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address for a socket whose path may be longer than the kernel's limit."""
    address = str(path)
    if len(os.fsencode(address)) <= _LONGEST_PATH:
        yield address
        return
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def send(connection: socket.socket, message: Answer) -> None:
    """Write one message as one line of JSON; OSError where the other side is gone."""
    connection.sendall(json.dumps(message, ensure_ascii=False).encode() + b"\n")


@contextmanager
def closed(answers: Iterator[Answer]) -> Iterator[None]:
    """Close a generator of answers at the end, so that what it holds is let go of at once."""
    try:
        yield
    finally:
        close = getattr(answers, "close", None)
        if close is not None:
            close()
