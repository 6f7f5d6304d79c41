"""Two takes without a rest between them, found by what a unit weighs.

A hand that takes twice within a second often does not let the plate rest: it presses, the platform
rings. Yet the weight stays about one unit lower for as long as the hand needs to come back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.doubles import Landing
from edge_agent.weighing.goods import Goods

FloatArray = npt.NDArray[np.float64]

# How long the weight must stay, in samples and seconds, and within what share of the unit.
LEAST_SAMPLES, LEAST_S = 3, 0.22
NEAR_SHARE = 0.2
# What such a level is trusted to, as a share of the unit: a hand may weigh on it.
DOUBT_SHARE = 0.08


def held_level(
    times: FloatArray, grams: FloatArray, before_g: float, after_g: float, sigma_g: float,
    goods: Goods,
) -> Landing | None:  # fmt: skip
    """Find where samples (n,) stayed one unit away from `before_g` on their way to `after_g`.

    None where the whole may be a single unit, or cannot be two steps of goods.
    """
    whole = after_g - before_g
    if whole > 0 or len(times) < LEAST_SAMPLES or goods.is_single(whole, sigma_g):
        return None
    best: Landing | None = None
    for unit_g, _ in goods.parts(whole, sigma_g):
        held = _longest_stay(times, grams, before_g - unit_g, NEAR_SHARE * unit_g)
        if held is not None and (best is None or held.end - held.start > best.end - best.start):
            best = Landing(held.start, held.end, held.level_g, DOUBT_SHARE * unit_g + sigma_g)
    return best


def _longest_stay(
    times: FloatArray, grams: FloatArray, level_g: float, near_g: float
) -> Landing | None:
    near = np.concatenate(([False], np.abs(grams - level_g) <= near_g, [False]))
    edges = np.flatnonzero(np.diff(near.astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    if not len(begins):
        return None
    longest = int((ends - begins).argmax())
    first, last = int(begins[longest]), int(ends[longest])
    # The signal came and went between two samples.
    interval_s = float(times[-1] - times[0]) / max(len(times) - 1, 1)
    stayed_s = float(times[last - 1] - times[first]) + 0.5 * interval_s
    if last - first < LEAST_SAMPLES or stayed_s < LEAST_S:
        return None
    return Landing(
        float(times[first]), float(times[last - 1]), float(np.median(grams[first:last])), 0.0
    )
