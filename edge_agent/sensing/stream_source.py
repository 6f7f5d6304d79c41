"""Scales that speak `stream`, at any port that pyserial can open."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge_agent.sensing.port import Port
from edge_agent.sensing.source import Samples, SourceHealth
from edge_agent.sensing.stream_parser import (
    COUNTS_MAX,
    COUNTS_MIN,
    QUESTION,
    Identity,
    StreamParser,
    StreamSample,
)
from edge_agent.sensing.timebase import Timebase
from edge_agent.settings import ScaleSettings

_log = logging.getLogger(__name__)


class StreamSource:
    """An open port and what has been understood of it so far.

    `channels` is how many columns `read` gives: missing ones are NaN, further ones are cut.
    Opening, reading and writing raise `ScaleError` with what to do next.
    """

    # The board stamps its samples itself.
    pause_s = math.inf

    def __init__(self, settings: ScaleSettings, channels: int, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._parser = StreamParser()
        self._timebase = Timebase()
        self._told_channels = channels
        self._beyond = np.zeros(channels, dtype=np.int64)
        self._port = Port(settings)
        if not self._port.send(QUESTION):
            # A board that cannot be asked may still tell its weights.
            _log.info("scale %s does not take questions", settings.id)

    @property
    def identity(self) -> Identity | None:
        """What the board said of itself, once it has."""
        return self._parser.identity

    def read(self) -> Samples:
        """Return what has arrived: times (n,) Unix seconds, counts (n, channels), NaN = failed."""
        samples = self._parser.feed(self._port.receive())
        if not samples:
            return np.empty(0), np.empty((0, self._channels))
        jumps = self._timebase.jumps
        times = self._timebase.host_times([s.uptime_ms for s in samples], self._clock())
        if self._timebase.jumps > jumps:
            self._tell_jump()
        self._tell_channels(len(samples[-1].counts))
        table = self._table(samples)
        self._beyond += ((table == COUNTS_MIN) | (table == COUNTS_MAX)).sum(axis=0)
        return np.array(times), table

    def describe(self) -> str | None:
        """Say what the board said of itself."""
        told = self._parser.identity
        if told is None:
            return None
        return f"{told.firmware}, {told.channels} channels at {told.samples_per_s:g} samples/s"

    def health(self) -> SourceHealth:
        """Give what has been counted so far; counts at a converter's rails are overloads."""
        overloads = tuple(self._beyond.tolist())
        return SourceHealth(self._parser.lines, self._parser.dropped, overloads)

    def why_silent(self) -> str:
        """Say what is known about why no sample comes."""
        name, parser = self._settings.port, self._parser
        if not self._port.received_bytes:
            return (
                f"The scale at {name} is open but sends nothing. Check its power and cable, then "
                "run `edge-agent doctor`."
            )
        return (
            f"The scale at {name} stopped sending valid lines: {self._port.received_bytes} bytes, "
            f"{parser.lines} good lines, {parser.bad_checksum} with a wrong checksum, "
            f"{parser.malformed} malformed, {parser.overlong} too long. Check baudrate (now "
            f"{self._settings.baudrate}) and driver, then run `edge-agent doctor`."
        )

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

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
