"""A picture as a list of simple shapes, in points from the upper left corner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

INK, SOFT, FAINT, PAPER = "#1f2933", "#616e7c", "#e4e7eb", "#ffffff"
BLUE, ORANGE, GREEN = "#2c5fa8", "#d9730d", "#2f855a"


@dataclass(frozen=True, slots=True)
class Line:
    """Straight pieces through `points`; `dash` is the length of dashes and of their gaps."""

    points: Sequence[Point]
    color: str
    width: float = 1.0
    dash: float | None = None
    arrows: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A filled rectangle."""

    left: float
    top: float
    width: float
    height: float
    color: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Dots:
    """Filled circles."""

    points: Sequence[Point]
    color: str
    radius: float = 1.6


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `y` is its base line. `upright` turns it to read from below."""

    x: float
    y: float
    text: str
    size: float = 12.0
    color: str = INK
    anchor: Anchor = "start"
    bold: bool = False
    upright: bool = False


Shape = Line | Area | Dots | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of so many points, and what it is called for who cannot see it."""

    width: int
    height: int
    title: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to points; `low` lies at `first`, `high` at `last`."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)

    def ticks(self, about: int) -> list[float]:
        """About so many round values between the ends."""
        step = round_step((self.high - self.low) / about)
        begin = math.ceil(self.low / step - 1e-9)
        end = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(begin, end + 1)]


def round_step(least: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


def number(value: float, digits: int = 1) -> str:
    """A number as people set it: a real minus, no minus before zero."""
    text = f"{value:,.{digits}f}".replace(",", " ")
    return text.lstrip("-") if float(f"{value:.{digits}f}") == 0 else text.replace("-", "−")


def cut(name: str, width: int) -> str:
    """A name that fits; letters of East Asian scripts take the room of two."""
    room = 0
    for number, letter in enumerate(name):
        room += 2 if ord(letter) >= 0x1100 else 1
        if room > width:
            return name[: max(1, number - 1)].rstrip() + "…"
    return name
