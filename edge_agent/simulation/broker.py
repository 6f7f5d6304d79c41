"""A real Mosquitto of one's own: a free loopback port, its own folder, gone when it is closed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_agent.errors import BrokerError

HOST = "127.0.0.1"
# Debian keeps it out of an ordinary user's PATH.
USUAL_FOLDERS = "/usr/sbin:/usr/local/sbin"
START_S = 10.0
STOP_S = 2.0
# Between finding a free port and using it, another program may take it.
TRIES = 3


def mosquitto_program() -> str:
    """The path of the `mosquitto` program; BrokerError where it is not installed."""
    path = f"{os.environ.get('PATH', os.defpath)}:{USUAL_FOLDERS}"
    found = shutil.which("mosquitto", path=path)
    if found is None:
        raise BrokerError(
            "The broker mosquitto is not installed (looked for it in PATH and /usr/sbin). Install "
            "it with `sudo apt-get install mosquitto`, or run scripts/demo, which does."
        )
    return found


def free_port() -> int:
    """A loopback port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class LocalBroker:
    """One mosquitto for whoever is on this machine; `port` is known once it has started.

    Its settings and log are in `folder`; it keeps nothing on the disk, and no message is dropped
    for want of room.
    """

    host = HOST

    def __init__(self, folder: Path) -> None:
        self.port = 0
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it and wait until it takes connections; BrokerError where it does not."""
        program = mosquitto_program()
        self._folder.mkdir(parents=True, exist_ok=True)
        for _ in range(TRIES):
            if self._try_to_start(program):
                return
        log = self._log.read_text(errors="replace").strip().splitlines()
        raise BrokerError(
            f"{program} does not start: {log[-1] if log else 'it says nothing'}. "
            f"Run `{program} -c {self._configuration}` to see why."
        )

    def check(self) -> None:
        """Raise BrokerError if it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise BrokerError(
                f"The broker (mosquitto, process {self._process.pid}) has ended by itself with "
                f"status {self._process.returncode}. Start again; if it happens again, see "
                f"whether memory is short (`dmesg | tail`)."
            )

    def stop(self) -> None:
        """End it, by its own process id, and wait until it is gone."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_S)
        self._process = None

    @property
    def _configuration(self) -> Path:
        return self._folder / "mosquitto.conf"

    @property
    def _log(self) -> Path:
        return self._folder / "mosquitto.log"

    def _try_to_start(self, program: str) -> bool:
        self.port = free_port()
        lines = [
            f"listener {self.port} {HOST}",
            "allow_anonymous true",
            "persistence false",
            "max_queued_messages 0",
        ]
        if os.geteuid() == 0:
            # Else it becomes the user mosquitto, who may not write into this folder.
            lines.append("user root")
        self._configuration.write_text("\n".join(lines) + "\n")
        with self._log.open("wb") as log:
            # A group of its own: Ctrl-C in the terminal is for us, who then end it in order.
            self._process = subprocess.Popen(
                [*_dies_with_us(), program, "-c", str(self._configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        if self._answers():
            return True
        self.stop()
        return False

    def _answers(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return True
            time.sleep(0.01)
        return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _dies_with_us() -> list[str]:
    """Words that let the kernel end the broker should we be killed before we can end it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
