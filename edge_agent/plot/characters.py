"""A trace in the terminal, two by four dots a character (Braille patterns, U+2800)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from edge_agent.plot.change_plot import ChangePlot
from edge_agent.plot.drawing import number

COLUMNS, ROWS = 72, 10
# The bit of each dot within a Braille pattern, by row and column (Unicode chapter 21.1).
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800


def to_lines(plot: ChangePlot, width: int = COLUMNS, height: int = ROWS) -> list[str]:
    """The trace as lines of text: grams at the left, beginning and end marked below.

    `width` and `height` are the trace's, in characters; grams and their axis come on top.
    """
    across, rows = 2 * width, 4 * height
    span_s = max(float(plot.times[-1] - plot.times[0]), 0.1)
    columns = np.minimum((plot.times - plot.times[0]) / span_s * across, across - 1).astype(int)
    low = min(float(plot.grams.min()), plot.level_g, plot.base_g)
    high = max(float(plot.grams.max()), plot.level_g, plot.base_g)
    range_g = max(high - low, 1e-6)
    heights = np.round((high - plot.grams) / range_g * (rows - 1)).astype(int)
    cells = np.zeros((height, width), dtype=int)
    places = list(zip(columns.tolist(), heights.tolist(), strict=True))
    for (before, last), (column, here) in pairwise([places[0], *places]):
        # Neighbours are joined, so that a fast step is a line, and few samples are one too.
        dots = [(c, last) for c in range(before, column)]
        dots += [(column, row) for row in range(min(last, here), max(last, here) + 1)]
        for across_at, row in dots:
            cells[row // 4, across_at // 2] |= _BITS[row % 4][across_at % 2]
    texts = ["".join(chr(_BLANK + cell) for cell in row) for row in cells.tolist()]
    labels = [""] * height
    for grams in (low, high, plot.base_g, plot.level_g):
        labels[round((high - grams) / range_g * (rows - 1)) // 4] = number(grams)
    margin = max(len(label) for label in labels)
    lines = [f"{label:>{margin}} ┤{text}" for label, text in zip(labels, texts, strict=True)]
    return [*lines, *(" " * (margin + 1) + line for line in _marks(plot, span_s, width))]


def _marks(plot: ChangePlot, span_s: float, width: int) -> list[str]:
    """The time axis, with where the change began and settled."""
    axis = ["─"] * width
    places = [
        min(width - 1, max(0, int((at - plot.times[0]) / span_s * width)))
        for at in (plot.began_at, plot.settled_at)
    ]
    for place in places:
        axis[place] = "┴"
    began, settled = places
    words = f"settled after {number(plot.settled_at - plot.began_at, 1)} s"
    if settled + len(words) > width:
        below = f"{'began':>{began}}".rjust(began) if began >= 5 else "began"
        below = below.ljust(max(settled - len(words), len(below) + 1)) + words
    else:
        below = ("began".rjust(began) if began >= 5 else "began").ljust(settled) + " " + words
    return [f"└{''.join(axis)}", f" {below}"]
