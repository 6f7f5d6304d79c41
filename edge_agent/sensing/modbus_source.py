"""Weight transmitters that speak Modbus: RTU or TCP, at any port that pyserial can open."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np

from edge_agent.errors import ScaleError
from edge_agent.sensing.arrivals import ArrivalTimes
from edge_agent.sensing.modbus_rounds import ModbusRounds, complaints_of
from edge_agent.sensing.port import Port
from edge_agent.sensing.source import Samples, SourceHealth
from edge_agent.settings import ScaleSettings

_log = logging.getLogger(__name__)


class ModbusSource:
    """A line with one or several transmitters, which gives grams; channels as in the settings.

    Opening, reading and writing raise `ScaleError` with what to do next, also where the register
    map fits none of the devices.
    """

    def __init__(
        self,
        settings: ScaleSettings,
        channels: int,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if settings.modbus is None:
            raise ScaleError(
                f"Scale {settings.id!r} has no register map. Add a [scale.modbus] table to its "
                "settings; config/shelf.example.toml shows one."
            )
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._monotonic = monotonic
        self._rounds = ModbusRounds(settings.modbus, settings.poll_s, settings.baudrate)
        self._times = ArrivalTimes()
        self._beyond = np.zeros(channels, dtype=np.int64)
        self._told: list[str] = []
        self._without: list[int] = []
        self._port = Port(settings)

    @property
    def pause_s(self) -> float:
        """Until the next answer is looked for, or the next question is due."""
        return self._rounds.due_in(self._monotonic())

    def read(self) -> Samples:
        """Return the round that has been finished, if any, and ask on.

        Times (n,) in Unix seconds and grams (n, channels), n at most 1, NaN for a channel whose
        transmitter did not answer or gave no weight.
        """
        readings, question = self._rounds.step(self._port.receive(), self._monotonic())
        if question and not self._port.send(question):
            raise ScaleError(
                f"The line at {self._settings.port} takes no questions. Check its adapter, then "
                "run `edge-agent doctor`."
            )
        if self._rounds.does_not_fit():
            raise ScaleError(
                f"Nobody at {self._settings.port} has what the register map asks for: "
                f"{'; '.join(complaints_of(self._rounds.items))}."
            )
        if readings is None:
            return np.empty(0), np.empty((0, self._channels))
        self._tell_changes()
        self._without = sorted(c for c, reading in readings.items() if reading.state == "busy")
        row = np.full((1, self._channels), np.nan)
        for channel, reading in readings.items():
            if channel < self._channels:
                row[0, channel] = reading.grams
                self._beyond[channel] += reading.is_beyond
        return np.array(self._times.stamp(1, self._clock())), row

    def describe(self) -> str | None:
        """Say which units answer."""
        units = sorted({i.request.unit for i in self._rounds.items if not i.failures})
        if not self._rounds.answers or not units:
            return None
        return f"answers from unit{'s' * (len(units) > 1)} {', '.join(map(str, units))}"

    def health(self) -> SourceHealth:
        """Give what has been counted so far: answers and questions that failed."""
        complaints = complaints_of(self._rounds.items)
        complaints += [
            f"channel {channel}: its transmitter reports a fault. Check its load cell and wires"
            for channel in self._without
        ]
        return SourceHealth(
            self._rounds.answers,
            self._rounds.failures,
            tuple(self._beyond.tolist()),
            tuple(complaints),
        )

    def why_silent(self) -> str:
        """Say what is known about why no weight comes."""
        rounds, received = self._rounds, self._port.received_bytes
        how = (
            f"`baudrate` and `framing` (now {self._settings.baudrate} and {self._settings.framing})"
        )
        if rounds.answers:
            heard = f"it worked before, {rounds.answers} times: check power and wires"
        elif any(item.refused is not None for item in rounds.items):
            heard = "somebody answers, but gives no weights"
        elif received:
            heard = (
                f"{received} bytes came that are no answers: check {how} and `transport`, and that "
                "no other master is on the line"
            )
        else:
            heard = f"nothing comes back at all: check {how}"
        wrong = "; ".join(complaints_of(rounds.items, lasting=False)) or "no answer yet"
        return (
            f"No weights from the line at {self._settings.port} ({heard}). {wrong}. Then run "
            "`edge-agent doctor`."
        )

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def _tell_changes(self) -> None:
        wrong = complaints_of(self._rounds.items)
        for complaint in wrong:
            if complaint not in self._told:
                _log.warning("scale %s: %s", self._settings.id, complaint)
        self._told = wrong
