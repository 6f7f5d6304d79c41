"""Who on a Modbus line is asked when, and what each round comes to. Pure: time is passed in.

One question at a time, since a line has one master. A round asks for everything once and becomes
one row. A device that does not answer costs `timeout_s` or twice that; once it has failed
`FEW_FAILURES` times it is asked less and less often, so that it does not slow down the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_agent.sensing.modbus_frames import FRAMINGS, ReadRequest, Refused, Registers, Reply
from edge_agent.sensing.modbus_map import Place, reading_of, requests_for
from edge_agent.sensing.readings import Reading
from edge_agent.settings_scales import ModbusSettings

FEW_FAILURES = 3
REST_S = 2.0
LONGEST_REST_S = 8.0
LOOK_S = 0.003

# MODBUS over Serial Line V1.02, section 2.5.1.1: 3.5 characters, and 1.75 ms above 19200 baud.
_SILENT_CHARACTERS = 3.5
_BITS_OF_A_CHARACTER = 11
_LEAST_SILENCE_S = 0.00175

WRONG_QUESTION = (1, 2, 3)
"""Exception codes that mean that the register map does not fit the device."""


@dataclass(slots=True)
class Item:
    """One question and how it went of late: `refused` is an exception's code, None for silence."""

    request: ReadRequest
    failures: int = 0
    refused: int | None = None
    rests_until: float = float("-inf")


@dataclass(slots=True)
class _Round:
    started_at: float
    waiting: list[Item]
    values: dict[Place, int] = field(default_factory=dict)


class ModbusRounds:
    """Asks for all registers again and again, a round every `poll_s` or as fast as it goes.

    `now` is a monotonic time in seconds. `answers` and `failures` count questions; `items` tell how
    each question went of late.
    """

    def __init__(self, settings: ModbusSettings, poll_s: float, baudrate: int) -> None:
        self.weights = sorted(settings.weight, key=lambda weight: weight.channel)
        self.items = [Item(request) for request in requests_for(self.weights)]
        self.answers = 0
        self.failures = 0
        self._framing = FRAMINGS[settings.transport]()
        self._timeout_s = settings.timeout_s
        # RTU answers carry no number: a late one must not be taken for the next question's.
        self._late_s = settings.timeout_s if settings.transport == "rtu" else 0.0
        self._poll_s = poll_s
        self._silence_s = max(
            _SILENT_CHARACTERS * _BITS_OF_A_CHARACTER / baudrate, _LEAST_SILENCE_S
        )
        self._round: _Round | None = None
        self._asked: Item | None = None
        self._asked_at = float("-inf")
        self._next_at = float("-inf")

    def step(self, received: bytes, now: float) -> tuple[dict[int, Reading] | None, bytes]:
        """Take what has arrived; return what a finished round has read, and what to send now.

        The readings are by channel, with none for a channel whose registers did not all come; None
        while the round is not finished, or when nobody answered in it.
        """
        reply = self._framing.feed(received)
        if self._asked is not None:
            self._note(self._asked, reply, now)
        row = None
        if self._asked is None and self._round is not None and not self._round.waiting:
            row = self._finish(self._round)
        if self._asked is not None or now < self._next_at:
            return row, b""
        if self._round is None:
            self._round = _Round(now, [i for i in self.items if i.rests_until <= now])
        if not self._round.waiting:
            return row, b""
        self._asked, self._asked_at = self._round.waiting.pop(0), now
        return row, self._framing.ask(self._asked.request)

    def due_in(self, now: float) -> float:
        """How long `step` may wait, in seconds."""
        return LOOK_S if self._asked is not None else max(self._next_at - now, 0.0)

    def does_not_fit(self) -> bool:
        """Whether every question was refused for what it asks."""
        return all(item.refused in WRONG_QUESTION for item in self.items)

    def _note(self, item: Item, reply: Reply | None, now: float) -> None:
        if isinstance(reply, Registers):
            self._take(item, reply)
            self._next_at = now + self._silence_s
        elif isinstance(reply, Refused):
            self._fail(item, reply.code, now)
            self._next_at = now + self._silence_s
        elif now - self._asked_at >= self._timeout_s:
            self._fail(item, None, now)
            self._next_at = now + self._late_s
        else:
            return
        self._asked = None

    def _take(self, item: Item, reply: Registers) -> None:
        self.answers += 1
        item.failures, item.refused = 0, None
        asked = item.request
        if self._round is not None:
            for n, value in enumerate(reply.values):
                self._round.values[asked.unit, asked.function, asked.address + n] = value

    def _fail(self, item: Item, code: int | None, now: float) -> None:
        self.failures += 1
        item.failures += 1
        item.refused = code
        rests = item.failures - FEW_FAILURES
        if rests >= 0:
            item.rests_until = now + min(REST_S * 2.0 ** min(rests, 10), LONGEST_REST_S)

    def _finish(self, done: _Round) -> dict[int, Reading] | None:
        self._round = None
        self._next_at = max(done.started_at + self._poll_s, self._next_at)
        if not done.values:
            return None
        readings = ((w.channel, reading_of(w, done.values)) for w in self.weights)
        return {channel: reading for channel, reading in readings if reading is not None}


def named(request: ReadRequest) -> str:
    """Name a question as a technician would."""
    last = request.address + request.count - 1
    which = f"register {last}" if request.count == 1 else f"registers {request.address} to {last}"
    return f"unit {request.unit}, {which} (function {request.function})"


def complaints_of(items: Sequence[Item], *, lasting: bool = True) -> list[str]:
    """Say of each question that fails what is wrong, and what to do.

    Only of those that were refused or keep failing, unless also single failures are wanted.
    """
    least = FEW_FAILURES if lasting else 1
    failing = [i for i in items if i.refused is not None or i.failures >= least]
    return [f"{named(i.request)}: {_what_to_do(i)}" for i in failing]


def _what_to_do(item: Item) -> str:
    if item.refused is None:
        return "no answer. Check that it is on, its number (`unit`) and the A and B wires"
    return REFUSALS.get(item.refused, f"refused with exception {item.refused}. Look in its manual")


REFUSALS = {
    1: "it does not know this function (exception 1). Set `function` to the other one",
    2: "it has no such register (exception 2). Check `address`, `type` and `function` against its "
    "manual: addresses count from 0, so a manual's 40001 is 0",
    3: "it does not give so many registers at once (exception 3). Check `address` and `type`",
    4: "it has failed (exception 4). Switch it off and on, and check its load cell",
    5: "it is busy for long (exception 5). Wait, or switch it off and on",
    6: "it is busy (exception 6). Let no other master ask it, or raise `poll_s`",
    10: "the gateway has no way to it (exception 10). Check the gateway's settings",
    11: "the gateway gets no answer from it (exception 11). Check that it is on, its number "
    "(`unit`) and the A and B wires",
}
"""What to do at each exception code (Application Protocol Specification, section 7)."""
