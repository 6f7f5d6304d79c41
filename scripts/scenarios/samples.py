"""A story's `weights.csv`: ten samples a second around what hands do, and none between.

Between distant actions nothing is written, as if the scale were polled only then: the files stay
small, and the agent's handling of gaps is played through each time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge_agent.simulation.loadcell import LoadCells
from edge_agent.simulation.profiles import PROFILES
from edge_agent.simulation.weights_text import TICKS_PER_S, header, rows
from scripts.scenarios.story import Story

RATE_HZ = 10.0
FIRST_S, BEFORE_S, AFTER_S = 5.0, 3.5, 4.5
# Shorter gaps than this between two windows are not worth leaving.
SHORTEST_GAP_S = 6.0
BLOCK = 6000
# A quiet shelf indoors, whose zero wanders little.
CALM = replace(PROFILES["calm"], drift=0.3, touch=0.5)


def windows(story: Story) -> list[tuple[float, float]]:
    """When there are samples, as seconds of the story."""
    spans = [(0.0, FIRST_S)]
    for action in sorted(story.actions, key=lambda a: a.at):
        at = action.at - story.start_at
        begin, end = at - action.hand_s - BEFORE_S, at + AFTER_S
        if begin <= spans[-1][1] + SHORTEST_GAP_S:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    for begin, end in story.cuts:
        spans += [(begin - BEFORE_S, begin), (end, end + AFTER_S)]
    spans = _without(sorted(spans), story.cuts)
    end = max(story.lasts_s, *(end for _, end in spans))
    return [*spans, (end, end + AFTER_S)]


def _without(
    spans: list[tuple[float, float]], cuts: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    for low, high in cuts:
        parts = [[(a, min(b, low)), (max(a, high), b)] for a, b in spans]
        spans = [span for pair in parts for span in pair if span[0] < span[1]]
    return spans


def weights_csv(story: Story) -> bytes:
    """The whole file."""
    names = story.larder.plates
    cells = LoadCells(story.seed, names, story.levels_g, story.start_at, RATE_HZ, CALM)
    for action in sorted(story.actions, key=lambda a: a.at):
        cells.add(action)
    spans = [(round(a * RATE_HZ), round(b * RATE_HZ)) for a, b in windows(story)]
    last = max(b for _, b in spans)
    text = [header(names)]
    while cells.sample < last:
        first = cells.sample
        grams = cells.take(min(BLOCK, last - first))
        numbers = np.arange(first, cells.sample)
        wanted = np.zeros(numbers.size, dtype=np.bool_)
        for begin, end in spans:
            wanted |= (numbers >= begin) & (numbers < end)
        seconds = numbers[wanted] / RATE_HZ
        for at, by_s in story.clock_set:
            seconds = np.where(seconds >= at, seconds + by_s, seconds)
        ticks = np.rint((story.start_at + seconds) * TICKS_PER_S).astype(np.int64)
        text.append(rows(ticks, grams.T[wanted]))
    return b"".join(text) + b"\n"
