"""A real mosquitto for tests: its own folder, a free loopback port, stopped by its process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

_DEADLINE_S = 10.0


@dataclass(frozen=True)
class ServerTls:
    """Files with which the broker shows who it is and, with `require`, asks it of its clients."""

    ca: Path
    certificate: Path
    key: Path
    require_client_certificate: bool = False


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def mosquitto() -> str:
    """The broker's program; skips the test where it is not installed."""
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    return found


class Broker:
    """One mosquitto; `users` maps names to passwords (None: anyone), `acl` is a file's text."""

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        users: Mapping[str, str] | None = None,
        acl: str | None = None,
        tls: ServerTls | None = None,
        persistence: bool = False,
        extra: str = "",
    ) -> None:
        self.folder = folder
        self.port = port if port is not None else free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {_word(users is None)}"]
        if os.geteuid() == 0:
            lines.append("user root")
        if users is not None:
            lines.append(f"password_file {_password_file(folder, users)}")
        if acl is not None:
            (folder / "acl").write_text(acl)
            (folder / "acl").chmod(0o600)
            lines.append(f"acl_file {folder / 'acl'}")
        if tls is not None:
            lines += [f"cafile {tls.ca}", f"certfile {tls.certificate}", f"keyfile {tls.key}"]
            lines.append(f"require_certificate {_word(tls.require_client_certificate)}")
        if persistence:
            lines += ["persistence true", f"persistence_location {folder}/"]
        self._configuration.write_text("\n".join([*lines, extra]) + "\n")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        log = self.folder / "mosquitto.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [mosquitto(), "-c", str(self._configuration)], stdout=out, stderr=out
            )
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RuntimeError(f"mosquitto did not start: {log.read_text(errors='replace')}")

    def stop(self) -> None:
        """Stop it in order, as the service manager does."""
        self._end(kill=False)

    def kill(self) -> None:
        """Kill it, as a power cut does."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(_DEADLINE_S)
        self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @contextmanager
    def client(
        self, client_id: str = "", *, username: str | None = None, password: str | None = None
    ) -> Iterator[mqtt.Client]:
        """A connected paho client (MQTT 5, its own thread): the operator's cloud of a test."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        if username is not None:
            client.username_pw_set(username, password)
        client.connect(self.host, self.port)
        client.loop_start()
        try:
            wait_until(client.is_connected, "the test's own client is connected")
            yield client
        finally:
            client.disconnect()
            client.loop_stop()


def wait_until(fact: Callable[[], bool], what: str, timeout_s: float = _DEADLINE_S) -> None:
    """Wait until the callable `fact` is true; AssertionError with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s in vain: {what}"
        time.sleep(0.005)


def _word(yes: bool) -> str:
    return "true" if yes else "false"


def _password_file(folder: Path, users: Mapping[str, str]) -> Path:
    path = folder / "passwords"
    path.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
    path.chmod(0o600)
    # -U replaces the plain passwords in the file with their hashes.
    subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, timeout=_DEADLINE_S)
    return path
