"""A byte stream into lines, in bounded memory, whatever arrives. No I/O."""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"[\r\n]")


class LineCutter:
    """Cuts at carriage returns and line feeds; the result does not depend on how bytes arrive.

    Lines of more than `longest` bytes are dropped and counted in `overlong`; a flood without line
    ends is one such line. Empty lines are left out.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line = bytearray()
        self._too_long = False
        self.overlong = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the lines that they complete, without their ends."""
        *ended, rest = _LINE_END.split(data)
        lines = []
        for part in ended:
            self._take(part)
            if self._line:
                lines.append(bytes(self._line))
            self._line.clear()
            self._too_long = False
        self._take(rest)
        return lines

    def _take(self, part: bytes) -> None:
        if self._too_long:
            return
        if len(self._line) + len(part) > self._longest:
            self._too_long = True
            self.overlong += 1
            self._line.clear()
            return
        self._line += part
