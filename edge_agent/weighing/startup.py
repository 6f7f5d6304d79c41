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
    jump = stretch.whiteness * stretch.scatter_g
    if stretch.whiteness >= FIRST_WHITENESS and stretch.range_g <= STILL_RANGE * jump + 1e-9:
        return _measured(trail, tail, stretch)
    tail = trail.tail(SWAYING_S, SWAYING_BLOCKS, 0)
    if tail is None:
        return None
    return _measured(trail, tail, trail.measure(tail, len(trail), 0.0))


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
