"""The local socket `<state>/agent.sock` between commands and the running agent.

One JSON object on one line asks; JSON objects, one a line, answer; then the connection is closed.
An answer with `error` and `exit_status` is what went wrong. No network port is opened.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge_agent.control_client import (
    SOCKET_NAME,
    AgentRefused,
    Answer,
    ask,
    closed,
    connected,
    send,
    short_address,
    stream,
)
from edge_agent.errors import AgentNotRunning, EdgeAgentError, StoreError, UsageError

__all__ = ["SOCKET_NAME", "AgentRefused", "ControlServer", "ask", "stream"]

MAX_REQUEST_BYTES = 65_536
MAX_CLIENTS = 16
CLIENT_TIMEOUT_S = 5.0

Handle = Callable[[dict[str, Any]], Iterator[Answer]]


class _ClientGone(Exception):
    """A client left, or took too long to ask or to read: nothing of the agent's concern."""


class ControlServer:
    """Answers commands beside the agent's work, each client in a thread of its own.

    `handle(request)` yields the answers and may raise EdgeAgentError, which is sent to the client.
    It is called in the client's thread, and its iterator is closed when the client leaves; an
    endless one must yield now and then, for that is when a client's leaving is noticed.
    """

    def __init__(self, path: Path, handle: Handle) -> None:
        self._path = path
        self._handle = handle
        self._stopping = threading.Event()
        self._slots = threading.BoundedSemaphore(MAX_CLIENTS)
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. A socket left by a killed agent is replaced; StoreError where one answers."""
        self._listener = _listen(self._path)
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and remove the socket; calling it twice does nothing more."""
        self._stopping.set()
        listener, self._listener = self._listener, None
        if listener is None:
            return
        # Closing alone does not wake a thread that waits in accept(); shutting down does.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(CLIENT_TIMEOUT_S)
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        listener = self._listener
        while listener is not None and not self._stopping.is_set():
            try:
                client, _ = listener.accept()
            except OSError as error:
                # Out of descriptors for a moment is no reason to stop answering for good.
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ECONNABORTED):
                    self._stopping.wait(0.5)
                    continue
                return
            client.settimeout(CLIENT_TIMEOUT_S)
            if not self._slots.acquire(blocking=False):
                with client, suppress(_ClientGone):
                    _tell(client, _told("The agent answers too many commands; try again.", 1))
                continue
            threading.Thread(
                target=self._serve, args=(client,), name="control-client", daemon=True
            ).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.add(client)
        try:
            with client, suppress(_ClientGone):
                self._answer(client)
        finally:
            with self._lock:
                self._clients.discard(client)
            self._slots.release()

    def _answer(self, client: socket.socket) -> None:
        try:
            answers = self._handle(_request(_read_line(client)))
            with closed(answers):
                for answer in answers:
                    if self._stopping.is_set():
                        return
                    _tell(client, answer)
        except EdgeAgentError as error:
            _tell(client, _told(str(error), error.exit_status))


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        # The file takes the mode of the descriptor less the umask, so nobody gets in before chmod.
        os.fchmod(listener.fileno(), 0o660)
        with short_address(path) as address:
            listener.bind(address)
        path.chmod(0o660)
        listener.listen(MAX_CLIENTS)
    except StoreError:
        listener.close()
        raise
    except OSError as error:
        listener.close()
        raise StoreError(
            f"Cannot make the socket {path}: {error.strerror}. Give the agent's user the folder "
            f"{path.parent}, or name another one with --state."
        ) from error
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket of a killed agent, on which the kernel refuses connections."""
    try:
        with connected(path, CLIENT_TIMEOUT_S):
            pass
    except AgentNotRunning as error:
        if isinstance(error.__cause__, ConnectionRefusedError):
            path.unlink(missing_ok=True)
        return
    raise StoreError(
        f"Another agent answers at {path}. Stop it (`systemctl stop edge-agent`), or give this "
        "one a folder of its own with --state."
    )


def _read_line(client: socket.socket) -> bytes:
    try:
        with client.makefile("rb") as lines:
            line = lines.readline(MAX_REQUEST_BYTES + 1)
    except OSError as error:
        raise _ClientGone from error
    if len(line) > MAX_REQUEST_BYTES:
        raise UsageError(f"A request may have {MAX_REQUEST_BYTES} bytes; this one has more.")
    if not line:
        raise _ClientGone
    return line


def _request(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as error:
        raise UsageError(f"A request is one line of JSON, and {line[:80]!r} is none.") from error
    if not isinstance(request, dict) or not isinstance(request.get("ask"), str):
        raise UsageError('A request is a JSON object like {"ask": "status"}.')
    return request


def _tell(client: socket.socket, answer: Answer) -> None:
    try:
        send(client, answer)
    except OSError as error:
        raise _ClientGone from error


def _told(error: str, exit_status: int) -> Answer:
    return {"error": error, "exit_status": exit_status}
