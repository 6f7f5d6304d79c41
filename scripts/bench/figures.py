"""Two pictures: F1 by scene and detector, and what each detector said of one double pick."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
    number,
)
from edge_agent.reported import ReportedChange
from edge_agent.scoring_actions import actions
from edge_agent.scoring_pairs import pair_changes, same_weight
from edge_agent.truth import TrueChange
from scripts.bench.judging import Outcome
from scripts.bench.report import Results
from scripts.bench.rivals import AGENT, CUSUM, PELT, PUBLISHED, VARIANCE
from scripts.bench.signals import SCENES, Signal

RED, PURPLE, GREY, TEAL = "#c53030", "#805ad5", "#8a94a0", "#0d8f8f"
COLORS = {AGENT: BLUE, PUBLISHED: GREY, VARIANCE: ORANGE, CUSUM: TEAL, PELT: PURPLE}

WIDTH = 960
LEFT, RIGHT = 300.0, 840.0
ROW = 44.0
BEFORE_S, AFTER_S = 2.5, 3.5
SHOWN_GAP_S = (0.6, 0.95)
SHOWN_LEAST_G = 30.0


def f1_drawing(results: Results) -> Drawing:
    """A row a scene, a dot a detector, each at its own height so that none hides another."""
    scenes = [name for name in results if _true(results[name])]
    lowest = min(o.found.f1 or 0.0 for n in scenes for o in results[n].values())
    axis = Axis(math.floor(10 * lowest) / 10, 1.0, LEFT, RIGHT)
    top = 122.0
    bottom = top + ROW * len(scenes)
    shapes: list[Shape] = [
        Text(24, 34, "F1 by scene and detector", 17, bold=True),
        Text(24, 54, "A hit settles within 2 s, its weight within 3 g or 3 %", 12, SOFT),
        *_legend(list(COLORS)),
        Text(RIGHT + 14, top - 12, "agent", 11, BLUE),
        Text(RIGHT + 62, top - 12, "next", 11, SOFT),
    ]
    for tenth in range(round(10 * axis.low), 11):
        x = axis.at(tenth / 10)
        shapes.append(Line([(x, top - 6), (x, bottom)], FAINT))
        shapes.append(Text(x, bottom + 18, f"{tenth / 10:.1f}", 11, SOFT, "middle"))
    for row, scene in enumerate(scenes):
        shapes += _f1_row(scene, results[scene], axis, top + ROW * row)
    return Drawing(WIDTH, round(bottom + 36), "F1 by scene and detector", tuple(shapes))


def _f1_row(scene: str, outcomes: Mapping[str, Outcome], axis: Axis, top: float) -> list[Shape]:
    middle = top + ROW / 2
    f1 = {name: outcome.found.f1 or 0.0 for name, outcome in outcomes.items()}
    shapes: list[Shape] = [
        Line([(axis.first, top + ROW), (axis.last, top + ROW)], FAINT),
        Text(axis.first - 16, middle + 4, SCENES[scene].title, 12, INK, "end"),
        Text(axis.last + 14, middle + 4, f"{f1[AGENT]:.3f}", 12, BLUE, bold=True),
        Text(axis.last + 62, middle + 4, f"{max(f1[n] for n in f1 if n != AGENT):.3f}", 12, SOFT),
    ]
    for place, (name, value) in enumerate(f1.items()):
        y = middle + 7.0 * (place - (len(f1) - 1) / 2)
        shapes.append(Dots([(axis.at(value), y)], COLORS[name], 5.5 if name == AGENT else 4.0))
    return shapes


def _true(outcomes: Mapping[str, Outcome]) -> bool:
    return any(o.found.found + o.found.missed for o in outcomes.values())


def _legend(names: Sequence[str]) -> list[Shape]:
    shapes: list[Shape] = []
    x = 24.0
    for name in names:
        shapes.append(Dots([(x + 5, 78)], COLORS[name], 5.0))
        shapes.append(Text(x + 16, 82, name, 12))
        x += 42 + 6.2 * len(name)
    return shapes


@dataclass(frozen=True, slots=True)
class Moment:
    """Some seconds of one plate: its samples, the true changes, and what each detector told."""

    signal: Signal
    column: int
    true: tuple[TrueChange, ...]
    told: Mapping[str, list[ReportedChange]]

    @property
    def begins_at(self) -> float:
        """The first time that is shown."""
        return self.true[0].at - BEFORE_S

    @property
    def ends_at(self) -> float:
        """The last time that is shown."""
        return self.true[-1].at + AFTER_S


def double_pick(signal: Signal, told: Mapping[str, list[ReportedChange]]) -> Moment | None:
    """The signal's first double pick of about 0.8 s and some weight; None where it has none."""
    names = [plate.plate for plate in signal.plates]
    for action in actions(sorted(signal.truth, key=lambda t: t.at), ()):
        heavy = all(abs(t.grams or 0) >= SHOWN_LEAST_G for t in action.true)
        if len(action.true) == 2 and heavy:
            gap_s = action.true[1].at - action.true[0].at
            if SHOWN_GAP_S[0] <= gap_s <= SHOWN_GAP_S[1]:
                column = names.index(action.true[0].plate)
                return Moment(signal, column, tuple(action.true), told)
    return None


def moment_drawing(moment: Moment) -> Drawing:
    """The plate's weight above, below it a lane for each detector."""
    top, floor = 70.0, 290.0
    lanes = floor + 34.0
    bottom = lanes + ROW * len(moment.told)
    gap_s = moment.true[-1].at - moment.true[0].at
    shapes: list[Shape] = [
        Text(24, 34, f"What each said of two picks {gap_s:.2f} s apart", 17, bold=True),
        Text(24, 54, "Dots: when it settled; bars: when it was first told", 12, SOFT),
        *_seconds(moment, top, bottom),
        *_trace(moment, top, floor),
    ]
    for t in moment.true:
        x = _at(moment, t.at)
        shapes.append(Line([(x, top), (x, bottom)], INK, 1.0, dash=4.0))
        shapes.append(Text(x, top - 6, _grams(t.grams or 0.0), 11, INK, "middle"))
    for row, (name, told) in enumerate(moment.told.items()):
        y = lanes + ROW * (row + 0.5)
        shapes.append(Line([(LEFT, y + ROW / 2), (RIGHT, y + ROW / 2)], FAINT))
        shapes.append(Text(LEFT - 16, y + 4, name, 12, COLORS[name], "end", bold=name == AGENT))
        shapes += _said(moment, told, y)
    return Drawing(WIDTH, round(bottom + 40), "A double pick", tuple(shapes))


def _at(moment: Moment, at: float) -> float:
    part = (at - moment.begins_at) / (moment.ends_at - moment.begins_at)
    return LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, part))


def _seconds(moment: Moment, top: float, bottom: float) -> list[Shape]:
    shapes: list[Shape] = []
    first = moment.true[0].at
    for second in range(math.ceil(-BEFORE_S), math.floor(moment.ends_at - first) + 1):
        x = _at(moment, first + second)
        shapes.append(Line([(x, top), (x, bottom)], FAINT))
        shapes.append(Text(x, bottom + 18, f"{number(second, 0)} s", 11, SOFT, "middle"))
    return shapes


def _trace(moment: Moment, top: float, floor: float) -> list[Shape]:
    times, grams = moment.signal.times, moment.signal.grams[:, moment.column]
    shown = (times >= moment.begins_at) & (times <= moment.ends_at) & ~np.isnan(grams)
    xs, ys = times[shown], grams[shown]
    low, high = float(ys.min()), float(ys.max())
    margin = 0.06 * (high - low)
    scale = (floor - top) / (high - low + 2 * margin)
    points = [
        (_at(moment, float(x)), floor - scale * (float(y) - low + margin))
        for x, y in zip(xs, ys, strict=True)
    ]
    shapes: list[Shape] = [Line(points, BLUE, 1.4)]
    for level in (low, high):
        y = floor - scale * (level - low + margin)
        shapes.append(Text(LEFT - 16, y + 4, f"{level:.0f} g", 11, SOFT, "end"))
    return shapes


def _said(moment: Moment, told: Sequence[ReportedChange], y: float) -> list[Shape]:
    plate = moment.signal.plates[moment.column].plate
    here = [
        c for c in told if c.plate == plate and moment.begins_at <= c.settled_at <= moment.ends_at
    ]
    right = {id(c) for _, c in pair_changes(moment.true, here, same_weight)}
    shapes: list[Shape] = []
    free_x = -math.inf
    for change in sorted(here, key=lambda c: c.settled_at):
        color = GREEN if id(change) in right else RED
        x = _at(moment, change.settled_at)
        if math.isfinite(change.told_at):
            known_x = _at(moment, change.told_at)
            shapes.append(Line([(x, y), (known_x, y)], color, 1.2))
            shapes.append(Area(known_x - 1.5, y - 7, 3, 14, color))
        shapes.append(Dots([(x, y)], color, 4.5))
        label_x = max(x, free_x)
        # The dashed lines stay behind the figures.
        shapes.append(Area(label_x - 26, y - 19, 52, 12, PAPER))
        shapes.append(Text(label_x, y - 9, _grams(change.delta_g), 11, color, "middle"))
        free_x = label_x + 58
    if not here:
        shapes.append(Text(_at(moment, moment.true[0].at) + 8, y + 4, "nothing", 11, RED))
    return shapes


def _grams(grams: float) -> str:
    return f"{'+' if grams > 0 else ''}{number(grams)} g"
