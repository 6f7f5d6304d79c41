"""Scales that speak MT-SICS, at any port that pyserial can open."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge_agent.errors import ScaleError
from edge_agent.sensing.arrivals import ArrivalTimes
from edge_agent.sensing.mass_units import NOT_GRAMS
from edge_agent.sensing.mtsics_dialogue import REFUSALS, MtSicsDialogue
from edge_agent.sensing.port import Port
from edge_agent.sensing.readings import one_channel, overloads
from edge_agent.sensing.source import Samples, SourceHealth
from edge_agent.settings import ScaleSettings


class MtSicsSource:
    """An open scale with one channel, 0, which gives grams. The driver asks for each weight.

    Opening, reading and writing raise `ScaleError` with what to do next, also where the scale
    refuses all questions or shows something that is no mass.
    """

    def __init__(
        self,
        settings: ScaleSettings,
        channels: int,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._monotonic = monotonic
        self._dialogue = MtSicsDialogue(settings.poll_s)
        self._times = ArrivalTimes()
        self._port = Port(settings)

    @property
    def pause_s(self) -> float:
        """Until the next answer is looked for, or the next question is due."""
        return self._dialogue.due_in(self._monotonic())

    def read(self) -> Samples:
        """Return the weights that have arrived, and ask for the next when it is time.

        Times (n,) in Unix seconds and grams (n, channels), NaN where the scale gave no weight.
        """
        received = self._port.receive()
        readings, question = self._dialogue.step(received, self._monotonic())
        if question and not self._port.send(question):
            raise ScaleError(
                f"The scale at {self._settings.port} takes no questions: its line is held. "
                "Switch hardware handshake off in its menu, and check the cable."
            )
        self._check()
        times = self._times.stamp(len(readings), self._clock())
        return one_channel(times, readings, self._channels)

    def describe(self) -> str | None:
        """Say its kind and serial number, as far as it has told them."""
        about = self._dialogue.about
        known = [about.get("I2"), f"serial number {about['I4']}" if "I4" in about else None]
        return ", ".join(word for word in known if word) or None

    def health(self) -> SourceHealth:
        """Give what has been counted so far."""
        dialogue = self._dialogue
        complaints = []
        if dialogue.busy:
            complaints.append(
                "The scale answers that it cannot weigh now. Close its menu or its running "
                "function, and wait until it has zeroed itself."
            )
        return SourceHealth(
            dialogue.parser.lines,
            dialogue.parser.dropped + dialogue.unanswered,
            overloads(dialogue.beyond, self._channels),
            tuple(complaints),
        )

    def why_silent(self) -> str:
        """Say what is known about why no weight comes."""
        name, parser = self._settings.port, self._dialogue.parser
        how = f"now {self._settings.baudrate} and {self._settings.framing}; most such scales: 9600"
        if not self._port.received_bytes:
            return (
                f"The scale at {name} does not answer. Check that it is on, its cable (two scales "
                f"may need a null modem), `baudrate` and `framing` ({how}), and that its interface "
                "is set to MT-SICS (Kern: KCP); then run `edge-agent doctor`."
            )
        return (
            f"The scale at {name} gives no weights: {self._port.received_bytes} bytes, "
            f"{parser.lines} answers understood, {parser.malformed} not, {parser.overlong} too "
            f"long, {self._dialogue.unanswered} questions without an answer. Check `baudrate` and "
            f"`framing` ({how}) and `driver`, then run `edge-agent doctor`."
        )

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def _check(self) -> None:
        refused, unit = self._dialogue.refused, self._dialogue.parser.foreign_unit
        if refused is not None:
            raise ScaleError(
                f"The scale at {self._settings.port} refuses ({refused}): {REFUSALS[refused]}."
            )
        if unit is not None:
            raise ScaleError(
                f"The scale at {self._settings.port} shows {NOT_GRAMS[unit.lower()]} ({unit}), not "
                "a mass. Switch it to g or kg."
            )
