"""`weights.csv` of a recording (contract, section 4), read in large bites."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge_agent.decimal_text import PAD, Flags, Floats, parse_decimals
from edge_agent.errors import RecordingError

BITE_BYTES = 1 << 18
"""Fits the second-level cache of a Pi 5 core together with what is made of it."""

_COMMA, _NEWLINE = ord(","), ord("\n")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


class WeightsCsv:
    """The file's plates, then its rows; `cut_line` is the last line's number if it has no end.

    Such a line is what a power cut leaves: its last number may lack digits, so it is left out.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut_line: int | None = None
        self._has_cut_line = False
        self.plates = _read_header(path)

    def rows(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield times (n,) in Unix seconds and grams (n, plates), NaN for "no sample".

        Raises RecordingError with the line where a field is no number, the number of fields is
        wrong or time goes back.
        """
        line, latest = 2, -np.inf
        width = len(self.plates) + 1
        for lines in self._whole_lines():
            values = self._parse(lines, width, line)
            times = values[:, 0]
            self._check_times(times, latest, line)
            line, latest = line + len(times), times[-1]
            yield times, values[:, 1:]
        self.cut_line = line if self._has_cut_line else None

    def ends(self) -> list[float]:
        """Give the first and the last row's time, reading only the two ends of the file."""
        with self.path.open("rb") as file:
            file.readline()
            first = file.readline()
            size = file.seek(0, 2)
            file.seek(max(0, size - BITE_BYTES))
            last = file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
        times = (line.partition(b",")[0] for line in (first, last))
        return [float(time) for time in times if _NUMBER.fullmatch(time)]

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield bites of whole lines, each ending with a newline; the header is skipped."""
        begun = b""
        with self.path.open("rb") as file:
            file.readline()
            while bite := file.read(BITE_BYTES):
                bite = begun + bite
                end = bite.rfind(b"\n") + 1
                begun = bite[end:]
                if end:
                    whole = bite[:end]
                    yield whole.replace(b"\r\n", b"\n") if b"\r" in whole else whole
        self._has_cut_line = bool(begun)

    def _parse(self, lines: bytes, width: int, first_line: int) -> Floats:
        characters = np.frombuffer(b"0" * PAD + lines, dtype=np.uint8)
        ends = np.flatnonzero((characters == _COMMA) | (characters == _NEWLINE))
        is_newline = characters[ends] == _NEWLINE
        count = int(np.count_nonzero(is_newline))
        if len(ends) != count * width or not is_newline[width - 1 :: width].all():
            raise self._wrong_width(lines, width, first_line)
        lengths = np.diff(ends, prepend=PAD - 1) - 1
        values = parse_decimals(characters, ends, lengths)
        for place in np.flatnonzero(np.isnan(values) & (lengths > 0)).tolist():
            start = int(ends[place] - lengths[place]) - PAD
            field = lines[start : start + int(lengths[place])]
            values[place] = self._slowly(field, first_line + place // width, place % width)
        return values.reshape(count, width)

    def _slowly(self, field: bytes, line: int, column: int) -> float:
        """Read a field that is unusual: `1e3`, `+2`, twenty digits, or wrong."""
        if not _NUMBER.fullmatch(field):
            name = self.plates[column - 1] if column else "time"
            text = field[:40].decode("utf-8", errors="replace")
            raise RecordingError(
                f"{self.path}, line {line}: column {name!r} holds {text!r}, which is not a number. "
                "Write a decimal number, or nothing where there is no sample."
            )
        return float(field)

    def _check_times(self, times: Floats, latest: float, first_line: int) -> None:
        steps = np.diff(times, prepend=latest)
        if (steps >= 0).all():
            return
        wrong: Flags = ~(steps >= 0)
        place = int(np.argmax(wrong))
        where = f"{self.path}, line {first_line + place}"
        if np.isnan(times[place]):
            raise RecordingError(f"{where}: the time is missing. Write Unix seconds.")
        before = times[place - 1] if place else latest
        raise RecordingError(
            f"{where}: time goes back from {before:.4f} to {times[place]:.4f}. "
            "Sort the rows by time."
        )

    def _wrong_width(self, lines: bytes, width: int, first_line: int) -> RecordingError:
        rows = enumerate(lines.splitlines(), first_line)
        line, row = next((n, r) for n, r in rows if r.count(b",") + 1 != width)
        found = row[:60].decode("utf-8", errors="replace")
        return RecordingError(
            f"{self.path}, line {line}: {row.count(b',') + 1} fields, but the header has {width}; "
            f"found {found!r}. Mend or delete that line."
        )


def _read_header(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        first = file.readline()
    try:
        names = next(csv.reader([first.decode("utf-8-sig").rstrip("\r\n")]), [])
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}, line 1: the header is not UTF-8 text.") from error
    if not names or names[0] != "time":
        raise RecordingError(
            f"{path}, line 1: found {','.join(names)[:60]!r}; the header must be "
            "time,<plate>,<plate>,…"
        )
    for name in names[1:]:
        if not name or names.count(name) > 1:
            what = f"plate {name!r} stands twice" if name else "a column has no name"
            raise RecordingError(f"{path}, line 1: {what}. Name each plate once.")
    return tuple(names[1:])
