"""Answers of scales that speak MT-SICS (and Kern's KCP): bytes in, answers out, no I/O.

A weight is `S S` (stable) or `S D` (dynamic), value, unit; `S I` means that the scale cannot answer
now, `S +` and `S -` that the load is beyond its range (Mettler-Toledo, MT-SICS reference manual,
commands S and SI). Some devices repeat the command that they were asked: `SI S …`. `ES`, `ET` and
`EL` stand for a command not understood, not received well, and not executable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge_agent.sensing.line_cutter import LineCutter
from edge_agent.sensing.mass_units import GRAMS, NOT_GRAMS, TONNE_G, value_of
from edge_agent.sensing.readings import Reading, State, no_weight

LONGEST_LINE = 128

_WEIGHT = re.compile(
    rb"SI? +([SD]) +(- *)?([0-9]{1,9}(?:[.,][0-9]{0,6})?|[.,][0-9]{1,6}) +([A-Za-z%]{1,5}) *"
)
_NO_WEIGHT = re.compile(rb"SI? +([-+IL]) *")
_REFUSAL = re.compile(rb"(E[STL]) *")
_ABOUT = re.compile(rb"(I[0-9]{1,2}) +A +([\x20-\x7e]+)")
_ABOUT_REFUSED = re.compile(rb"I[0-9]{1,2} +[IL] *")
_QUOTED = re.compile(r'"([^"]*)"')

_NO_WEIGHT_STATES: dict[bytes, State] = {b"+": "over", b"-": "under", b"I": "busy", b"L": "busy"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The scale did not do what it was told; `code` is `ES`, `ET`, `EL`, or `I` for a question."""

    code: str


@dataclass(frozen=True, slots=True)
class About:
    """The answer `text` to an inquiry such as `I2` (kind of balance) or `I4` (serial number)."""

    inquiry: str
    text: str


Answer = Reading | Refusal | About


class MtSicsParser:
    """Cuts a byte stream into answers and counts what it had to drop.

    The result does not depend on where the bytes are cut, and memory is bounded by one line.

    Counters: `lines` good ones, `malformed`, `overlong`. `foreign_unit` is the latest unit that is
    no mass, until a weight is understood again.
    """

    def __init__(self) -> None:
        self._cutter = LineCutter(LONGEST_LINE)
        self.lines = 0
        self.malformed = 0
        self.foreign_unit: str | None = None

    @property
    def overlong(self) -> int:
        """Lines dropped because they were too long to be one."""
        return self._cutter.overlong

    @property
    def dropped(self) -> int:
        """Everything that was dropped."""
        return self.malformed + self.overlong

    def feed(self, data: bytes) -> list[Answer]:
        """Take the next bytes; return the answers that they complete."""
        answers = []
        for line in self._cutter.feed(data):
            answer = self._answer(line.strip())
            if answer is None:
                self.malformed += 1
            else:
                self.lines += 1
                answers.append(answer)
        return answers

    def _answer(self, line: bytes) -> Answer | None:
        if found := _WEIGHT.fullmatch(line):
            return self._weigh(found)
        if found := _NO_WEIGHT.fullmatch(line):
            return no_weight(_NO_WEIGHT_STATES[found[1]])
        if found := _REFUSAL.fullmatch(line):
            return Refusal(found[1].decode("ascii"))
        if _ABOUT_REFUSED.fullmatch(line):
            return Refusal("I")
        if found := _ABOUT.fullmatch(line):
            text = found[2].decode("ascii").strip()
            return About(found[1].decode("ascii"), " ".join(_QUOTED.findall(text)) or text)
        return None

    def _weigh(self, found: re.Match[bytes]) -> Answer | None:
        unit = found[4].decode("ascii")
        factor = TONNE_G if unit.lower() == "t" else GRAMS.get(unit.lower())
        if factor is None:
            if unit.lower() not in NOT_GRAMS:
                return None
            self.foreign_unit = unit
            return no_weight("busy")
        self.foreign_unit = None
        grams = value_of(found[3].decode("ascii")) * factor
        return Reading(-grams if found[2] else grams, "stable" if found[1] == b"S" else "moving")
