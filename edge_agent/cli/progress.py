"""How far long work is, as one line on standard error."""

from __future__ import annotations

import sys


class Progress:
    """A line on standard error that says how far long work is; only on a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1
        self._on = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._on and self._shown >= 0:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def __call__(self, part: float) -> None:
        """Show that `part` of it, 0 to 1, is done."""
        percent = int(100 * part)
        if self._on and percent != self._shown:
            self._shown = percent
            bar = "█" * (percent // 4) + "·" * (25 - percent // 4)
            print(f"\r{self._what} {bar} {percent:3d} %", end="", file=sys.stderr, flush=True)
