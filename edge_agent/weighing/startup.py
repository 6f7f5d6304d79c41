"""The first rest of a plate: its level when nothing is known of it yet, not even its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_agent.weighing.plateau import SIGMA_FLOOR_G, STILL_RANGE, Stretch
from edge_agent.weighing.trail import Trail

FIRST_S, FIRST_BLOCKS = 0.95, 5
# White noise of ten blocks is this white in 19 of 20 cases; a ramp or a swaying hand is not.
FIRST_WHITENESS = 0.72
SWAYING_S, SWAYING_BLOCKS = 15.0, 30


@dataclass(frozen=True, slots=True)
class FirstRest:
    """Where a plate came to rest first: level, its deviation, noise of samples and blocks; g."""

    since: float
    level_g: float
    sigma_g: float
    sample_g: float
    block_g: float


def first_rest(trail: Trail) -> FirstRest | None:
    """Return the rest that the end of the trail shows, None while it still moves.

    Nothing is known of the noise, so movement is told from noise by whiteness alone; a plate
    that sways for 15 s is taken as it is, with the deviation that this means.
    """
    tail = trail.tail(FIRST_S, FIRST_BLOCKS, 0)
    if tail is None:
        return None
    stretch = trail.measure(tail, len(trail), 0.0)
    if stretch.whiteness >= FIRST_WHITENESS and stretch.range_g <= _usual_range(trail, tail):
        return _measured(trail, tail, stretch)
    tail = trail.tail(SWAYING_S, SWAYING_BLOCKS, 0)
    if tail is None:
        return None
    return _measured(trail, tail, trail.measure(tail, len(trail), 0.0))


def _usual_range(trail: Trail, first: int) -> float:
    """Return how far apart the block means are by noise alone, spikes and rare steps aside.

    From the median difference of neighbours (0.954 deviations for normal values), or the
    smallest step of a coarse channel that mostly repeats itself.
    """
    steps = np.abs(np.diff(trail.means[first:]))
    some = steps[steps > 0]
    smallest = float(some.min()) if len(some) else 0.0
    return 1.2 * STILL_RANGE * max(float(np.median(steps)) / 0.954, 0.3 * smallest)


def _measured(trail: Trail, first: int, stretch: Stretch) -> FirstRest:
    _, grams = trail.samples(first, len(trail))
    sample = float(np.std(grams, ddof=1)) if len(grams) > 1 else 0.0
    return FirstRest(
        trail.starts[first],
        stretch.mean_g,
        max(stretch.sigma_g, SIGMA_FLOOR_G),
        sample,
        stretch.scatter_g,
    )
