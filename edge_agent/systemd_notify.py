"""Tells systemd that the agent is ready, alive, ending (sd_notify(3), sd_watchdog_enabled(3))."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

_log = logging.getLogger(__name__)


class Notifier:
    """Sends datagrams to `socket_path`; does nothing where it is None (not under systemd).

    A path that begins with `@` is in the abstract namespace. A word that cannot be sent is
    logged, once until one can be: if systemd misses it, the watchdog is its business.
    """

    def __init__(self, socket_path: str | None, watchdog_interval_s: float | None = None) -> None:
        self._address = _address(socket_path) if socket_path else None
        self._unheard = False
        self.watchdog_interval_s = watchdog_interval_s

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], pid: int | None = None) -> Notifier:
        """Build it from `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.

        `watchdog_interval_s` is half of what systemd allows, as its manual advises; None when no
        watchdog waits for this process.
        """
        own_pid = os.getpid() if pid is None else pid
        usec = environ.get("WATCHDOG_USEC", "")
        for_us = environ.get("WATCHDOG_PID", str(own_pid)) == str(own_pid)
        interval_s = int(usec) / 2e6 if usec.isdecimal() and int(usec) and for_us else None
        return cls(environ.get("NOTIFY_SOCKET"), interval_s)

    def ready(self) -> None:
        """Starting has ended."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._send("STATUS=" + " ".join(text.splitlines()))

    def watchdog(self) -> None:
        """The agent makes progress; to be called every `watchdog_interval_s`."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Ending has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._unheard:
                _log.warning("systemd does not hear us at %r: %s", self._address, error)
            self._unheard = True
        else:
            self._unheard = False


def _address(socket_path: str) -> str:
    return "\0" + socket_path[1:] if socket_path.startswith("@") else socket_path
