"""Lines that A&D and CAS indicators send by themselves: bytes in, readings out, no I/O.

Three shapes, each with a header `ST` stable, `US` unstable, `QT` stable count or `OL` beyond range:

- A&D standard `ST,+00123.45  g` and HW-WP format 2 `ST,+002.40kg` (A&D EK-L p. 28, HW-WP p. 50);
- 18 bytes `ST,GS,+0013.5kg` of A&D indicators, also sent by CAS (CI-600D p. 74);
- CAS 22 bytes `ST,GS,` device, lamps, `,0000013.5 kg` (NT-200 p. 49, CI-600D p. 74). The device
  number may be any byte, even a line end, and the blank may be a byte of relays (CI-400 p. 103).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge_agent.sensing.line_cutter import LineCutter
from edge_agent.sensing.mass_units import GRAMS, NOT_GRAMS, TOLA_G, TONNE_G, value_of
from edge_agent.sensing.readings import Reading, State, no_weight

LONGEST_LINE = 32

_NUMBER = rb" *([+-]? *(?:[0-9]{1,9}(?:[.,][0-9]{0,6})?|[.,][0-9]{1,6})) *"
_UNIT = rb" *([A-Za-z%]{1,3}) *"
_STANDARD = re.compile(rb"(ST|US|QT)," + _NUMBER + _UNIT)
_INDICATOR = re.compile(rb"(ST|US),(?:GS|NT|TR)," + _NUMBER + rb",?" + _UNIT)
# Of fixed width, since the byte before the unit may look like one more digit.
_CAS = re.compile(rb"(ST|US),(?:GS|NT),..,(.{8}).([a-z ][a-z])", re.DOTALL)
_WEIGHT = re.compile(_NUMBER)
_BEYOND = re.compile(rb"OL,(?:(?:GS|NT|TR),)?(?:..,)?( *-)?[^\x00-\x1f]{0,16}", re.DOTALL)
_BARE_HEAD = re.compile(rb"(?:ST|US|OL),(?:GS|NT),")
_FAULT = re.compile(rb"ERR *([\x21-\x7e]{1,8})")

_TOLA_DIALECT = "A&D"
_DIALECTS = ((_STANDARD, _TOLA_DIALECT), (_INDICATOR, "18 bytes"), (_CAS, "CAS 22 bytes"))


@dataclass(frozen=True, slots=True)
class _Weight:
    """A line of known shape: `unit` may still be no mass."""

    state: State
    number: str
    unit: str
    dialect: str


class ContinuousParser:
    """Cuts a byte stream into readings and counts what it had to drop.

    The result does not depend on where the bytes are cut, and memory is bounded by one line.

    Counters: `lines` good ones, `malformed`, `overlong`, `seven_bit` (lines of `malformed` that
    make sense without their eighth bits: the port should be set to 7 data bits). `foreign_unit` is
    the latest unit that is no mass, `unit` and `dialect` the latest that are understood, `fault`
    the latest error that the indicator itself reported.
    """

    def __init__(self) -> None:
        self._cutter = LineCutter(LONGEST_LINE)
        self._head: bytes | None = None
        self.lines = 0
        self.malformed = 0
        self.seven_bit = 0
        self.unit: str | None = None
        self.dialect: str | None = None
        self.foreign_unit: str | None = None
        self.fault: str | None = None

    @property
    def overlong(self) -> int:
        """Lines dropped because they were too long to be one."""
        return self._cutter.overlong

    @property
    def dropped(self) -> int:
        """Everything that was dropped."""
        return self.malformed + self.overlong

    def feed(self, data: bytes) -> list[Reading]:
        """Take the next bytes; return the readings that they complete."""
        told = (self._line(line) for line in self._cutter.feed(data))
        return [reading for reading in told if reading is not None]

    def _line(self, line: bytes) -> Reading | None:
        head, self._head = self._head, None
        if head is not None:
            reading = self._parse(head + b"?" + line)
            if reading is not None:
                return reading
            self.malformed += 1
        reading = self._parse(line)
        if reading is not None:
            return reading
        if _BARE_HEAD.fullmatch(line):
            # Cut by a device number that looks like a line end.
            self._head = line
            return None
        self.malformed += 1
        seven_bits = bytes(byte & 0x7F for byte in line)
        if seven_bits != line and _weight_in(seven_bits.strip()):
            self.seven_bit += 1
        fault = _FAULT.fullmatch(line)
        if fault is not None:
            self.fault = fault[1].decode("ascii")
        return None

    def _parse(self, line: bytes) -> Reading | None:
        beyond = _BEYOND.fullmatch(line)
        if beyond is not None:
            self.lines += 1
            return no_weight("under" if beyond[1] else "over")
        told = _weight_in(line)
        if told is None:
            return None
        unit = told.unit.lower()
        grams = GRAMS.get(unit)
        if unit == "t":
            grams = TOLA_G if told.dialect == _TOLA_DIALECT else TONNE_G
        if grams is None and unit not in NOT_GRAMS:
            return None
        self.lines += 1
        if grams is None:
            self.foreign_unit = told.unit
            return no_weight("busy")
        self.unit, self.dialect, self.foreign_unit, self.fault = told.unit, told.dialect, None, None
        return Reading(value_of(told.number) * grams, told.state)


def _weight_in(line: bytes) -> _Weight | None:
    for pattern, dialect in _DIALECTS:
        found = pattern.fullmatch(line)
        number = None if found is None else _WEIGHT.fullmatch(found[2])
        if found is not None and number is not None:
            state: State = "moving" if found[1] == b"US" else "stable"
            told = number[1].decode("ascii"), found[3].decode("ascii").strip()
            return _Weight(state, *told, dialect)
    return None
