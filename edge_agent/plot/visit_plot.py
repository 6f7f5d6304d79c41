"""A visit and its payments on one axis of time: what left which plate, and when who paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge_agent.plot.drawing import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PAPER,
    SOFT,
    Area,
    Axis,
    Dots,
    Drawing,
    Line,
    Shape,
    Text,
    cut,
    number,
)

WIDTH = 700
LEFT, RIGHT, TOP, ROW = 148.0, 668.0, 44.0, 26.0
# An event farther off than this share of the visit and its grace would squeeze all others.
BESIDE = 0.12
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Event:
    """One thing on a lane at `at`: goods that left or came, a payment begun, paid or ended."""

    at: float
    text: str
    kind: Literal["taken", "put", "begun", "paid", "ended", "refunded"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A plate or a payment with its events."""

    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class VisitPlot:
    """Lanes from top to bottom; times are Unix seconds. `grace_s` follows `ended_at`."""

    title: str
    started_at: float
    ended_at: float
    grace_s: float
    lanes: tuple[Lane, ...]


_COLORS = {
    "taken": BLUE,
    "put": GREEN,
    "begun": SOFT,
    "paid": GREEN,
    "ended": ORANGE,
    "refunded": ORANGE,
}


def draw_visit(plot: VisitPlot) -> Drawing:
    """Draw the lanes; what happened long before or after lies at the edge, with how long."""
    across = _axis(plot)
    bottom = TOP + ROW * len(plot.lanes)
    begin, end = across.at(plot.started_at), across.at(plot.ended_at)
    grace = min(RIGHT, across.at(plot.ended_at + plot.grace_s))
    shapes: list[Shape] = [
        Area(begin, TOP - 4, max(2.0, end - begin), bottom - TOP + 4, BLUE, 0.10),
        Area(end, TOP - 4, max(0.0, grace - end), bottom - TOP + 4, GREEN, 0.07),
        Text(begin, TOP - 10, "visit", 10.5, BLUE),
        *([Text(grace, TOP - 10, "grace", 10.5, GREEN, "end")] if grace - end > 70 else []),
        *_ticks(plot, across, bottom),
    ]
    for place, lane in enumerate(plot.lanes):
        shapes += _lane(lane, plot, across, TOP + ROW * (place + 0.5))
    return Drawing(WIDTH, round(bottom + 30), plot.title, tuple(shapes))


def _axis(plot: VisitPlot) -> Axis:
    begin, end = plot.started_at, plot.ended_at + plot.grace_s
    reach = max(end - begin, 1.0)
    times = [event.at for lane in plot.lanes for event in lane.events]
    low = max([begin - reach, min([begin, *times])])
    used = max([plot.ended_at, *(at for at in times if at <= end + BESIDE * reach)])
    high = max(used, min(end, max([used, *times])))
    margin = max(0.05 * (high - low), 1.0)
    return Axis(low - margin, high + margin, LEFT, RIGHT)


def _ticks(plot: VisitPlot, across: Axis, bottom: float) -> list[Shape]:
    since = Axis(across.low - plot.started_at, across.high - plot.started_at, LEFT, RIGHT)
    shapes: list[Shape] = [Line([(LEFT, bottom), (RIGHT, bottom)], SOFT)]
    for second in since.ticks(7):
        x = since.at(second)
        shapes.append(Line([(x, TOP - 4), (x, bottom)], FAINT))
        shapes.append(Line([(x, bottom), (x, bottom + 4)], SOFT))
        shapes.append(Text(x, bottom + 17, f"{number(second, 0)} s", 10.5, SOFT, "middle"))
    return shapes


def _lane(lane: Lane, plot: VisitPlot, across: Axis, y: float) -> list[Shape]:
    shapes: list[Shape] = [
        Text(LEFT - 10, y + 4, cut(lane.name, LONGEST_NAME), 11.5, INK, "end"),
        Line([(LEFT, y), (RIGHT, y)], FAINT),
    ]
    places = _places(lane, across)
    if len(places) > 1 and lane.events[0].kind == "begun":
        shapes.append(Line([(places[0][0], y), (places[-1][0], y)], SOFT, 2.0))
    free = LEFT
    for number_, (x, event) in enumerate(places):
        shapes.append(Dots([(x, y)], _COLORS[event.kind], 5.0))
        if event.kind == "begun":
            shapes.append(Dots([(x, y)], PAPER, 2.5))
        beyond = places[number_ + 1][0] if number_ + 1 < len(places) else RIGHT + 30
        shapes += _label(event, plot, x, y, free, beyond)
        free = x + 8
    return shapes


def _places(lane: Lane, across: Axis) -> list[tuple[float, Event]]:
    """Where the events lie; of several beyond one edge the last, which says what came of it."""
    places = [(_inside(across.at(event.at)), event) for event in lane.events]
    last_at = {x: event for x, event in places}
    return [(x, e) for x, e in places if LEFT < x < RIGHT or last_at[x] is e]


def _inside(x: float) -> float:
    return min(RIGHT, max(LEFT, x))


def _label(
    event: Event, plot: VisitPlot, x: float, y: float, free: float, beyond: float
) -> list[Shape]:
    """The event's words beside its dot, on the side that has room for them; else none."""
    text = event.text
    if x >= RIGHT:
        text = f"{text}, {_later(event.at - plot.ended_at)} later"
    elif x <= LEFT:
        text = f"{text}, {_later(plot.started_at - event.at)} before"
    width = 5.9 * len(text) + 12
    if x + width <= beyond:
        return [Text(x + 8, y + 4, text, 10.5, INK)]
    if x - width >= free:
        return [Text(x - 8, y + 4, text, 10.5, INK, "end")]
    return []


def _later(seconds: float) -> str:
    if seconds >= 5400:
        return f"{number(seconds / 3600)} h"
    return f"{number(seconds / 60, 0)} min"
