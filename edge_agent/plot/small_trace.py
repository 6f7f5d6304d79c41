"""The weight around one change, small: several of them stand on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.plot.change_plot import ChangePlot, grams_axis, trace_points
from edge_agent.plot.drawing import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    SOFT,
    Area,
    Axis,
    Drawing,
    Line,
    Shape,
    Text,
    number,
)

WIDTH, HEIGHT = 700, 172
LEFT, RIGHT, TOP, BOTTOM = 62.0, 582.0, 26.0, 142.0
MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Mark:
    """Something else that happened at `at` (Unix seconds): a payment."""

    at: float
    text: str


def draw_small_trace(plot: ChangePlot, marks: Sequence[Mark] = ()) -> Drawing:
    """Draw the trace with both levels; marks within its time as upright lines."""
    since = plot.times - plot.began_at
    across = Axis(float(since[0]), max(float(since[-1]), float(since[0]) + 0.1), LEFT, RIGHT)
    up = grams_axis(plot, MARGIN, BOTTOM, TOP)
    settled_s = plot.settled_at - plot.began_at
    began, settled = across.at(0.0), across.at(settled_s)
    base, level = up.at(plot.base_g), up.at(plot.level_g)
    shapes: list[Shape] = [
        Area(began, TOP, max(1.0, settled - began), BOTTOM - TOP, BLUE, 0.06),
        *_axes(across, up),
        Line([(LEFT, base), (RIGHT, base)], ORANGE, 1.2, dash=5),
        Line([(began, level), (RIGHT, level)], GREEN, 1.2, dash=5),
        *_marks(plot, across, marks),
        Line(trace_points(plot, across, up), BLUE, 1.3),
        Text(began - 3, TOP - 8, "began", 10.5, SOFT, "end"),
        Text(settled + 3, TOP - 8, f"settled after {number(settled_s)} s", 10.5, SOFT),
        *_levels(plot, base, level),
    ]
    return Drawing(WIDTH, HEIGHT, f"{plot.title}: {plot.subtitle}", tuple(shapes))


def _axes(across: Axis, up: Axis) -> list[Shape]:
    shapes: list[Shape] = []
    for grams in up.ticks(3):
        y = up.at(grams)
        shapes.append(Line([(LEFT, y), (RIGHT, y)], FAINT))
        shapes.append(Text(LEFT - 6, y + 4, number(grams, 0), 10.5, SOFT, "end"))
    for second in across.ticks(8):
        x = across.at(second)
        shapes.append(Line([(x, BOTTOM), (x, BOTTOM + 4)], SOFT))
        text = f"{number(second)} s"
        shapes.append(Text(x, BOTTOM + 17, text, 10.5, SOFT, "middle"))
    return [*shapes, Line([(LEFT, BOTTOM), (RIGHT, BOTTOM)], SOFT)]


def _marks(plot: ChangePlot, across: Axis, marks: Sequence[Mark]) -> list[Shape]:
    shapes: list[Shape] = []
    for mark in marks:
        since_s = mark.at - plot.began_at
        if across.low <= since_s <= across.high:
            x = across.at(since_s)
            shapes.append(Line([(x, TOP), (x, BOTTOM)], INK, 1.2, dash=3))
            shapes.append(Text(x - 3, BOTTOM - 5, mark.text, 10.5, INK, "end"))
    return shapes


def _levels(plot: ChangePlot, base: float, level: float) -> list[Shape]:
    """Right of the trace: both levels and what lies between them."""
    x = RIGHT + 10
    # Labels keep a line's height from each other, whatever the change weighs.
    apart = max(0.0, 19.0 - abs(level - base) / 2) * (1 if level >= base else -1)
    sign = "+" if plot.delta_g > 0 else ""
    shapes: list[Shape] = []
    if abs(level - base) > 12:
        shapes.append(Line([(RIGHT + 5, base), (RIGHT + 5, level)], INK, 1.2, arrows=True))
    middle = (base + level) / 2
    return [
        *shapes,
        Text(x + 2, base - apart + 4, f"{number(plot.base_g)} g", 11, ORANGE),
        Text(x + 2, middle + 4, f"{sign}{number(plot.delta_g)} g", 13, INK, bold=True),
        Text(x + 2, level + apart + 4, f"{number(plot.level_g)} g", 11, GREEN),
    ]
