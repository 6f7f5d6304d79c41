"""The first rest of a plate: its level when nothing is known of it yet, not even its noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge_agent.weighing.plateau import SIGMA_FLOOR_G, STILL_RANGE, Stretch
from edge_agent.weighing.trail import Trail

FIRST_S, FIRST_BLOCKS = 0.95, 5
# White noise of ten blocks is this white in 19 of 20 cases; a ramp or a swaying hand is not.
FIRST_WHITENESS = 0.72
# Blocks scatter as their samples do, by the root of the count, unless something slower than a
# tenth of a second moves the plate: a hand.
SWAY_SHARE, LEAST_SWAY_G = 2.0, 0.5
# A cell that scatters by more of its capacity than this is not calm, whatever it looks like.
NOISIEST_SHARE = 0.001
# A level that is not the last run's is told only after this long.
CONFIRMED_S = 3.0
SWAYING_S, SWAYING_BLOCKS = 15.0, 30


@dataclass(frozen=True, slots=True)
class FirstRest:
    """Where a plate came to rest first: level, its deviation, noise of samples and blocks; g."""

    since: float
    level_g: float
    sigma_g: float
    sample_g: float
    block_g: float


def first_rest(trail: Trail, capacity_g: float, span_s: float = FIRST_S) -> FirstRest | None:
    """Return the rest that the last `span_s` of the trail show, None while it still moves.

    Nothing is known of the noise, so movement is told from noise by whiteness alone; a plate
    that sways for 15 s is taken as it is, with the deviation that this means.
    """
    tail = trail.tail(span_s, FIRST_BLOCKS, 0)
    if tail is None:
        return None
    stretch = trail.measure(tail, len(trail), 0.0)
    if stretch.whiteness >= FIRST_WHITENESS and _is_calm(trail, tail, stretch, capacity_g):
        return _measured(trail, tail, stretch)
    tail = trail.tail(SWAYING_S, SWAYING_BLOCKS, 0)
    if tail is None:
        return None
    return _measured(trail, tail, trail.measure(tail, len(trail), 0.0))


def _is_calm(trail: Trail, first: int, stretch: Stretch, capacity_g: float) -> bool:
    """Whether a white stretch scatters as a cell does, and not as one under a hand."""
    if stretch.range_g > _usual_range(trail, first):
        return False
    if stretch.scatter_g <= LEAST_SWAY_G:
        return True
    noise = min(SWAY_SHARE * _by_samples(trail, first), NOISIEST_SHARE * capacity_g)
    return stretch.scatter_g <= noise


def _usual_range(trail: Trail, first: int) -> float:
    """Return how far apart the block means are by noise alone, spikes and rare steps aside.

    From the median difference of neighbours (0.954 deviations for normal values), or the
    smallest step of a coarse channel that mostly repeats itself.
    """
    steps = np.abs(np.diff(trail.means[first:]))
    some = steps[steps > 0]
    smallest = float(some.min()) if len(some) else 0.0
    return 1.2 * STILL_RANGE * max(float(np.median(steps)) / 0.954, 0.3 * smallest)


def _by_samples(trail: Trail, first: int) -> float:
    """Return what the samples about their block's mean let the means scatter; g.

    Infinite where blocks have too few samples to say.
    """
    blocks = [grams for _, grams in trail.blocks(first) if len(grams) > 2]
    if not blocks:
        return math.inf
    return math.sqrt(
        math.fsum(np.var(grams, ddof=1) / len(grams) for grams in blocks) / len(blocks)
    )


def _measured(trail: Trail, first: int, stretch: Stretch) -> FirstRest:
    _, grams = trail.samples(first)
    sample = float(np.std(grams, ddof=1)) if len(grams) > 1 else 0.0
    return FirstRest(
        trail.starts[first],
        stretch.mean_g,
        max(stretch.sigma_g, SIGMA_FLOOR_G),
        sample,
        stretch.scatter_g,
    )
