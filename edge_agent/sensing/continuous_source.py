"""Indicators that send their weight by themselves, at any port that pyserial can open."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.errors import ScaleError
from edge_agent.sensing.arrivals import ArrivalTimes
from edge_agent.sensing.continuous_parser import ContinuousParser
from edge_agent.sensing.mass_units import NOT_GRAMS
from edge_agent.sensing.port import Port
from edge_agent.sensing.readings import one_channel, overloads
from edge_agent.sensing.source import Samples, SourceHealth
from edge_agent.settings import ScaleSettings

_LOOK_S = 0.02
"""Lines carry no time, so they are looked for often: their times are right to this much."""


class ContinuousSource:
    """An open indicator with one channel, 0, which gives grams.

    Opening and reading raise `ScaleError` with what to do next, also where it shows something that
    is no mass.
    """

    pause_s = _LOOK_S

    def __init__(self, settings: ScaleSettings, channels: int, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._parser = ContinuousParser()
        self._times = ArrivalTimes()
        self._beyond = 0
        self._port = Port(settings)

    def read(self) -> Samples:
        """Return the weights that have arrived.

        Times (n,) in Unix seconds and grams (n, channels), NaN where the load is beyond range.
        """
        readings = self._parser.feed(self._port.receive())
        unit = self._parser.foreign_unit
        if unit is not None:
            raise ScaleError(
                f"The indicator at {self._settings.port} shows {NOT_GRAMS[unit.lower()]} ({unit}), "
                "not a mass. Switch it to g or kg."
            )
        self._beyond += sum(reading.is_beyond for reading in readings)
        times = self._times.stamp(len(readings), self._clock())
        return one_channel(times, readings, self._channels)

    def describe(self) -> str | None:
        """Say which kind of lines it sends; it does not say who it is."""
        if self._parser.dialect is None:
            return None
        return f"{self._parser.dialect} lines in {self._parser.unit}"

    def health(self) -> SourceHealth:
        """Give what has been counted so far."""
        parser, complaints = self._parser, []
        if parser.fault is not None:
            complaints.append(
                f"The indicator reports error {parser.fault}. Look it up in its manual."
            )
        return SourceHealth(
            parser.lines, parser.dropped, overloads(self._beyond, self._channels), tuple(complaints)
        )

    def why_silent(self) -> str:
        """Say what is known about why no weight comes."""
        name, parser = self._settings.port, self._parser
        how = f"now {self._settings.baudrate} and {self._settings.framing}"
        usual = "A&D: 2400 and 7E1, CAS: 9600 and 8N1"
        if not self._port.received_bytes:
            return (
                f"The indicator at {name} is open but sends nothing. Check its power and cable, "
                "and that its output is continuous (A&D: stream mode); then run "
                "`edge-agent doctor`."
            )
        if parser.seven_bit:
            return (
                f"The indicator at {name} sends 7 data bits with parity, and {how} is set. Set "
                f'framing = "7E1" (or "7O1"), then run `edge-agent doctor`.'
            )
        fault = f" It reports error {parser.fault}." if parser.fault is not None else ""
        return (
            f"The indicator at {name} sends no valid weights: {self._port.received_bytes} bytes, "
            f"{parser.lines} good lines, {parser.malformed} malformed, {parser.overlong} too long."
            f"{fault} Check `baudrate` and `framing` ({how}; {usual}), and that its output format "
            "is A&D standard or CAS 22 or 18 bytes; then run `edge-agent doctor`."
        )

    def close(self) -> None:
        """Give the port back."""
        self._port.close()
