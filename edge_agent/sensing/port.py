"""A scale's port: anything that pyserial can open, read without waiting."""

from __future__ import annotations

import errno
import os
import termios
from pathlib import Path

import serial

from edge_agent.errors import ScaleError
from edge_agent.sensing.serial_ports import ports_sentence
from edge_agent.settings import ScaleSettings

_CHUNK_BYTES = 4096
_MOST_BYTES = 256 * 1024
_WRITE_TIMEOUT_S = 0.5


class Port:
    """An open port. Opening, reading and writing raise `ScaleError` with what to do next.

    `received_bytes` counts what has arrived since it was opened.
    """

    def __init__(self, settings: ScaleSettings) -> None:
        self._name = str(settings.port)
        self.received_bytes = 0
        try:
            # Exclusive: a second reader would steal every other byte from the first.
            self._serial = serial.serial_for_url(
                self._name,
                baudrate=settings.baudrate,
                bytesize=int(settings.framing[0]),
                parity=settings.framing[1],
                stopbits=int(settings.framing[2]),
                timeout=0,
                # pyserial's rfc2217 knows none: it refuses to open with one.
                write_timeout=None if self._name.startswith("rfc2217:") else _WRITE_TIMEOUT_S,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:
            raise ScaleError(_why_not_open(self._name, error)) from error

    def receive(self) -> bytes:
        """Return what has arrived since the last call, without waiting for more."""
        received = bytearray()
        try:
            while len(received) < _MOST_BYTES:
                chunk = self._serial.read(_CHUNK_BYTES)
                if not chunk:
                    break
                received += chunk
        except (OSError, termios.error) as error:
            raise self._lost(error) from error
        self.received_bytes += len(received)
        return bytes(received)

    def send(self, data: bytes) -> bool:
        """Send all of `data`; False when the other side takes nothing."""
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            return False
        except (OSError, termios.error) as error:
            raise self._lost(error) from error
        return True

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()

    def _lost(self, error: Exception) -> ScaleError:
        return ScaleError(
            f"The scale at {self._name} was lost ({error}). Check its cable and power; "
            "it is tried again. If it stays away, run `edge-agent doctor`."
        )


def _why_not_open(port: str, error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return f"No scale at {port}. {ports_sentence()} Run `edge-agent doctor`."
    if number in (errno.EACCES, errno.EPERM):
        group = _group_of(port)
        return (
            f"No permission to open the scale at {port}. Add the agent's user to the group "
            f"{group} (`sudo usermod -aG {group} …`), then run `edge-agent doctor`."
        )
    if number in (errno.EAGAIN, errno.EBUSY):
        return (
            f"Another program is using the scale at {port}, perhaps a running agent. Stop it "
            "(`systemctl stop edge-agent`), then run `edge-agent doctor`."
        )
    return f"The scale at {port} cannot be opened: {error}. Run `edge-agent doctor`."


def _group_of(port: str) -> str:
    try:
        return Path(os.path.realpath(port)).group()
    except (OSError, KeyError):
        return "dialout"
