"""Is a stretch of blocks at rest, and at what level? The stillness tests, from own noise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

# Range of five normal values: 2.33 deviations in the mean, 4.9 in one of 500; a little more for
# noise that is not quite normal.
STILL_RANGE = 5.2
# Share of the scatter that neighbouring blocks must explain for it to be noise and not a
# movement (von Neumann's ratio; 1 for white noise, 0.3 for a hand that sways once a second).
WHITE_SHARE = 0.65
# The least standard deviation that a level is trusted to: creep and drift are under it.
SIGMA_FLOOR_G = 0.03
# Goods, people and air move any plate by this much, however quiet its cell is.
UNREST_G = 0.08


@dataclass(frozen=True, slots=True)
class Noise:
    """A channel's own standard deviations while still: of a sample, a block's mean, a second's."""

    sample_g: float
    block_g: float
    second_g: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive blocks as one measurement: mean, its deviation, scatter and how white it is."""

    mean_g: float
    sigma_g: float
    scatter_g: float
    whiteness: float
    range_g: float
    blocks: int
    span_s: float

    @property
    def is_white(self) -> bool:
        """Whether the scatter looks like noise, not like a movement."""
        return self.whiteness >= WHITE_SHARE


def measure(
    means: Sequence[float], counts: Sequence[float], span_s: float, least_block_g: float
) -> Stretch:
    """Measure blocks (at least one) of the given means and sample counts.

    The mean's deviation takes the larger of the channel's own and the stretch's scatter, and is
    widened where neighbours go together (Bartlett: by the root of variance over half the mean
    squared difference).
    """
    total = math.fsum(counts)
    mean = math.fsum(m * n for m, n in zip(means, counts, strict=True)) / total
    blocks = len(means)
    scatter = whiteness = 0.0
    if blocks > 1:
        scatter = math.sqrt(math.fsum((m - mean) ** 2 for m in means) / (blocks - 1))
        steps = math.fsum((b - a) ** 2 for a, b in itertools.pairwise(means))
        jump = math.sqrt(steps / (blocks - 1) / 2)
        whiteness = jump / scatter if scatter > 0 else 1.0
    widening = 1 / max(min(whiteness, 1.0), 0.3) if scatter > least_block_g else 1.0
    sigma = max(scatter, least_block_g) / math.sqrt(blocks) * widening
    return Stretch(
        mean,
        math.hypot(sigma, SIGMA_FLOOR_G),
        scatter,
        whiteness,
        max(means) - min(means),
        blocks,
        span_s,
    )


def is_still(stretch: Stretch, noise: Noise) -> bool:
    """Whether a short stretch is as flat as the channel's own noise lets it be."""
    return stretch.range_g <= STILL_RANGE * max(noise.block_g, UNREST_G)


def is_clean(stretch: Stretch, noise: Noise) -> bool:
    """Whether a longer stretch is not rougher than goods at rest are."""
    return stretch.scatter_g <= 1.8 * max(noise.block_g, UNREST_G)
