"""The picture of one change: what the weight did, where it stood before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.plot.drawing import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    SOFT,
    Area,
    Axis,
    Dots,
    Drawing,
    Line,
    Point,
    Shape,
    Text,
    number,
)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

WIDTH, HEIGHT = 880, 548
LEFT, RIGHT, TOP, BOTTOM = 74.0, 716.0, 92.0, 372.0
# The strip below shows the rests before and after, enlarged.
STRIP_TOP, STRIP_BOTTOM = 412.0, 492.0
STRIP_SIGMAS = 3.5
# Beside few samples a line alone would hide how few there are.
FEW_SAMPLES = 220
MARGIN = 0.08


@dataclass(frozen=True, slots=True)
class ChangePlot:
    """A change and its trace: `times` (n,) Unix seconds, `grams` (n,), n > 0.

    `base_g` is the level before, `level_g` the one that was told, `sigma_g` its deviation.
    `title` and `subtitle` say what it was.
    """

    title: str
    subtitle: str
    times: FloatArray
    grams: FloatArray
    began_at: float
    settled_at: float
    base_g: float
    delta_g: float
    sigma_g: float

    @property
    def level_g(self) -> float:
        """The level after the change."""
        return self.base_g + self.delta_g


def base_of(times: FloatArray, grams: FloatArray, began_at: float, delta_g: float) -> float:
    """The level before a change: the median of what the trace has from before it.

    A trace that begins later is taken back from its end.
    """
    before = grams[times < began_at - 0.05]
    if len(before) >= 3:
        return float(np.median(before))
    return float(np.median(grams[-max(3, len(grams) // 5) :])) - delta_g


def grams_axis(plot: ChangePlot, margin: float, bottom: float, top: float) -> Axis:
    """An upright axis for the trace and both levels, with this share of their range beyond them."""
    values = np.concatenate((plot.grams, [plot.base_g, plot.level_g]))
    low, high = float(values.min()), float(values.max())
    beyond = max(margin * (high - low), 3 * plot.sigma_g, 0.5)
    return Axis(low - beyond, high + beyond, bottom, top)


def trace_points(plot: ChangePlot, across: Axis, up: Axis) -> list[Point]:
    """Where the samples lie; `across` is in seconds since the change began."""
    since = plot.times - plot.began_at
    return [
        (across.at(t), up.at(g)) for t, g in zip(since.tolist(), plot.grams.tolist(), strict=True)
    ]


def draw_change(plot: ChangePlot) -> Drawing:
    """Draw the trace with its levels, its beginning and its end, and what changed between."""
    since = plot.times - plot.began_at
    across = Axis(float(since[0]), max(float(since[-1]), 0.1), LEFT, RIGHT)
    up = grams_axis(plot, MARGIN, BOTTOM, TOP)
    shapes = (
        Text(LEFT, 34, plot.title, 19, INK, bold=True),
        Text(LEFT, 57, plot.subtitle, 12.5, SOFT),
        *_grid(across, up),
        *_levels(plot, across, up),
        *_moments(plot, across),
        *_trace(plot, across, up),
        *_step(plot, up),
        *draw_rests(plot, across),
    )
    return Drawing(WIDTH, HEIGHT, f"{plot.title}: {plot.subtitle}", shapes)


def _grid(across: Axis, up: Axis) -> list[Shape]:
    shapes: list[Shape] = []
    ticks = up.ticks(6)
    digits = _digits(ticks)
    for grams in ticks:
        y = up.at(grams)
        shapes.append(Line([(LEFT, y), (RIGHT, y)], FAINT))
        shapes.append(Text(LEFT - 8, y + 4, number(grams, digits), 11.5, SOFT, "end"))
    seconds = across.ticks(9)
    digits = _digits(seconds)
    for second in seconds:
        x = across.at(second)
        shapes.append(Line([(x, BOTTOM), (x, BOTTOM + 5)], SOFT))
        shapes.append(Line([(x, STRIP_BOTTOM), (x, STRIP_BOTTOM + 5)], SOFT))
        shapes.append(Text(x, STRIP_BOTTOM + 19, number(second, digits), 11.5, SOFT, "middle"))
    shapes.append(Line([(LEFT, BOTTOM), (RIGHT, BOTTOM)], SOFT))
    shapes.append(Line([(LEFT, STRIP_BOTTOM), (RIGHT, STRIP_BOTTOM)], SOFT))
    middle = (LEFT + RIGHT) / 2
    shapes.append(Text(middle, STRIP_BOTTOM + 40, "seconds since it began", 12, SOFT, "middle"))
    middle = (TOP + BOTTOM) / 2
    shapes.append(Text(18, middle, "grams on the plate", 12, SOFT, "middle", upright=True))
    return shapes


def _digits(ticks: list[float]) -> int:
    """How many decimals tell these ticks apart."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _levels(plot: ChangePlot, across: Axis, up: Axis) -> list[Shape]:
    began, settled = across.at(0), across.at(plot.settled_at - plot.began_at)
    base, level = up.at(plot.base_g), up.at(plot.level_g)
    top = up.at(plot.level_g + 2 * plot.sigma_g)
    height = max(2.0, up.at(plot.level_g - 2 * plot.sigma_g) - top)
    return [
        Area(settled, level - height / 2, RIGHT - settled, height, GREEN, 0.28),
        Line([(LEFT, base), (RIGHT, base)], ORANGE, 1.3, dash=6),
        Line([(began, level), (RIGHT, level)], GREEN, 1.3, dash=6),
    ]


def _moments(plot: ChangePlot, across: Axis) -> list[Shape]:
    settled_s = plot.settled_at - plot.began_at
    began, settled = across.at(0), across.at(settled_s)
    said = f"settled after {number(settled_s, 1)} s"
    return [
        Area(began, TOP, max(1.0, settled - began), BOTTOM - TOP, BLUE, 0.05),
        Line([(began, TOP - 6), (began, BOTTOM)], SOFT, 1, dash=2),
        Line([(settled, TOP - 6), (settled, BOTTOM)], SOFT, 1, dash=2),
        Text(began - 4, TOP - 10, "began", 11.5, SOFT, "end"),
        Text(settled + 4, TOP - 10, said, 11.5, SOFT),
    ]


def _trace(plot: ChangePlot, across: Axis, up: Axis) -> list[Shape]:
    points = trace_points(plot, across, up)
    line = Line(points, BLUE, 1.4)
    return [line, Dots(points, BLUE)] if len(points) <= FEW_SAMPLES else [line]


def _step(plot: ChangePlot, up: Axis) -> list[Shape]:
    """Right of the trace: both levels, and an arrow from one to the other."""
    base, level = up.at(plot.base_g), up.at(plot.level_g)
    x, text = RIGHT + 16, RIGHT + 28
    shapes: list[Shape] = []
    if abs(level - base) > 14:
        shapes.append(Line([(x, base), (x, level)], INK, 1.4, arrows=True))
    middle = (base + level) / 2
    # Levels that lie close together push their labels apart.
    apart = max(0.0, 27 - abs(level - base) / 2) * (1 if level >= base else -1)
    digits = 1 if plot.sigma_g >= 0.05 else 2
    delta = f"{number(plot.delta_g, digits)}" if plot.delta_g < 0 else (
        f"+{number(plot.delta_g, digits)}"
    )  # fmt: skip
    return [
        *shapes,
        Text(text, base - apart + 4, f"before {number(plot.base_g, digits)} g", 12, ORANGE),
        Text(text, middle + 1, f"{delta} g", 15, INK, bold=True),
        Text(text, middle + 15, f"± {number(plot.sigma_g, max(1, digits))} g", 11.5, SOFT),
        Text(text, level + apart + 4, f"after {number(plot.level_g, digits)} g", 12, GREEN),
    ]


def draw_rests(plot: ChangePlot, across: Axis) -> list[Shape]:
    """The strip below: how far the samples at rest are off their level, and twice its deviation."""
    parts = [
        (plot.times < plot.began_at, plot.base_g, ORANGE),
        (plot.times > plot.settled_at, plot.level_g, GREEN),
    ]
    rests = [plot.grams[part] - level for part, level, _ in parts if part.any()]
    noise = max((1.4826 * float(np.median(np.abs(rest))) for rest in rests), default=0.0)
    reach = max(STRIP_SIGMAS * noise, 3 * plot.sigma_g, 0.1)
    up = Axis(-reach, reach, STRIP_BOTTOM, STRIP_TOP)
    settled = across.at(plot.settled_at - plot.began_at)
    band = up.at(-2 * plot.sigma_g) - up.at(2 * plot.sigma_g)
    top = up.at(2 * plot.sigma_g)
    shapes: list[Shape] = [Area(settled, top, RIGHT - settled, band, GREEN, 0.28)]
    ticks = up.ticks(3)
    for grams in ticks:
        y = up.at(grams)
        shapes.append(Line([(LEFT, y), (RIGHT, y)], FAINT))
        shapes.append(Text(LEFT - 8, y + 4, number(grams, _digits(ticks)), 11.5, SOFT, "end"))
    for part, level, color in parts:
        shapes.append(_rest(plot, across, up, part, level, color))
    middle = (STRIP_TOP + STRIP_BOTTOM) / 2
    return [
        *shapes,
        Text(18, middle, "g off", 12, SOFT, "middle", upright=True),
        Text(RIGHT + 12, middle - 4, "at rest, enlarged", 11.5, SOFT),
        Text(RIGHT + 12, middle + 11, "band: its level ± 2 σ", 11.5, SOFT),
    ]


def _rest(
    plot: ChangePlot, across: Axis, up: Axis, part: BoolArray, level_g: float, color: str
) -> Shape:
    """Samples at rest as dots; what is off the strip lies on its edge."""
    off = np.clip(plot.grams[part] - level_g, up.low, up.high)
    since = plot.times[part] - plot.began_at
    points = zip(since.tolist(), off.tolist(), strict=True)
    return Dots([(across.at(t), up.at(g)) for t, g in points], color, 1.5)
