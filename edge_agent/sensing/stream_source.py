"""Scales that speak `stream`, at any port that pyserial can open."""

from __future__ import annotations

import errno
import logging
import os
import termios
from collections.abc import Callable
from pathlib import Path

import numpy as np
import serial
from numpy.typing import NDArray

from edge_agent.errors import ScaleError
from edge_agent.sensing.probe import ports_sentence
from edge_agent.sensing.stream_parser import QUESTION, Identity, StreamParser, StreamSample
from edge_agent.sensing.timebase import Timebase
from edge_agent.settings import ScaleSettings

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 4096
_MAX_CHUNKS = 64
_READ_TIMEOUT_S = 0.01
_WRITE_TIMEOUT_S = 0.5


class StreamSource:
    """An open port and what has been understood of it so far.

    `channels` is how many columns `read` gives: missing ones are NaN, further ones are cut.
    Opening, reading and writing raise `ScaleError` with what to do next.
    """

    def __init__(self, settings: ScaleSettings, channels: int, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._parser = StreamParser()
        self._timebase = Timebase()
        self._received_bytes = 0
        self._told_channels = channels
        self._port = self._open()
        self._ask()

    @property
    def identity(self) -> Identity | None:
        """What the board said of itself, once it has."""
        return self._parser.identity

    def read(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what has arrived: times (n,) Unix seconds, counts (n, channels), NaN = failed."""
        samples = self._parser.feed(self._receive())
        if not samples:
            return np.empty(0), np.empty((0, self._channels))
        jumps = self._timebase.jumps
        times = self._timebase.host_times([s.uptime_ms for s in samples], self._clock())
        if self._timebase.jumps > jumps:
            self._tell_jump()
        self._tell_channels(len(samples[-1].counts))
        return np.array(times), self._table(samples)

    def why_silent(self) -> str:
        """Say what is known about why no sample comes."""
        name, parser = self._settings.port, self._parser
        if not self._received_bytes:
            return (
                f"The scale at {name} is open but sends nothing. Check its power and cable, then "
                "run `edge-agent doctor`."
            )
        return (
            f"The scale at {name} stopped sending valid lines: {self._received_bytes} bytes, "
            f"{parser.lines} good lines, {parser.bad_checksum} with a wrong checksum, "
            f"{parser.malformed} malformed, {parser.overlong} too long. Check baudrate (now "
            f"{self._settings.baudrate}) and driver, then run `edge-agent doctor`."
        )

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def _open(self) -> serial.SerialBase:
        try:
            # Exclusive: a second reader would steal every other byte from the first.
            return serial.serial_for_url(
                self._settings.port,
                baudrate=self._settings.baudrate,
                timeout=_READ_TIMEOUT_S,
                write_timeout=_WRITE_TIMEOUT_S,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:
            raise ScaleError(_why_not_open(str(self._settings.port), error)) from error

    def _ask(self) -> None:
        try:
            self._port.write(QUESTION)
        except serial.SerialTimeoutException:
            # A board that cannot be asked may still tell its weights.
            _log.info("scale %s does not take questions", self._settings.id)
        except (OSError, termios.error) as error:
            raise self._lost(error) from error

    def _receive(self) -> bytes:
        received = bytearray()
        try:
            for _ in range(_MAX_CHUNKS):
                chunk = self._port.read(_CHUNK_BYTES)
                received += chunk
                if len(chunk) < _CHUNK_BYTES:
                    break
        except (OSError, termios.error) as error:
            raise self._lost(error) from error
        self._received_bytes += len(received)
        return bytes(received)

    def _table(self, samples: list[StreamSample]) -> NDArray[np.float64]:
        table = np.full((len(samples), self._channels), np.nan)
        for row, sample in zip(table, samples, strict=True):
            counts = sample.counts[: self._channels]
            # numpy turns None into NaN
            row[: len(counts)] = np.array(counts, dtype=np.float64)
        return table

    def _tell_channels(self, sent: int) -> None:
        if sent < self._channels and sent != self._told_channels:
            _log.warning(
                "scale %s sends %d channels, but a plate in shelf.toml is on channel %d: it gets "
                "no weights. Correct `channel` or the board.",
                self._settings.id,
                sent,
                self._channels - 1,
            )
        self._told_channels = sent

    def _tell_jump(self) -> None:
        jump = self._timebase.last_jump
        if jump is not None:
            what = "restarted" if jump.restarted else "and host clock parted"
            _log.warning("scale %s: board %s (%+.1f s)", self._settings.id, what, jump.shift_s)

    def _lost(self, error: Exception) -> ScaleError:
        return ScaleError(
            f"The scale at {self._settings.port} was lost ({error}). Check its cable and power; "
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
