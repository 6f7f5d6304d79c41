"""What a rest means: the limits of a plate, and how rough rests are judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from edge_agent.weighing.goods import NO_GOODS, Goods
from edge_agent.weighing.plateau import Noise, Stretch
from edge_agent.weighing.trail import Trail

# How many deviations a step must be to count.
SIGNIFICANT = 6.0
LOOSE_S, SWAY_S, SWING_S, LEAN_S, AT_LAST_S = 1.45, 4.0, 10.0, 20.0, 30.0
# Windows in which a rest that is rougher than the channel's own noise is judged: seconds, and
# blocks at least. White scatter (a platform that rings) is taken after the first, what sways
# downwards after the second; a push upwards is a hand unless it stays for the fourth.
ROUGH_SPANS = ((LOOSE_S, 8), (SWAY_S, 12), (SWING_S, 25), (LEAN_S, 40), (AT_LAST_S, 60))
# A swing that has just been left by more than this many of its deviations is over.
SWING_SCATTERS = 3.0
# Scatter that a step may have, as a share of it.
STEADY_SHARE = 0.15


class Surroundings(Protocol):
    """What the other plates of the scale are doing."""

    def shaken(self) -> bool:
        """Whether many plates move at once: the shelf itself is moving."""

    def largest_elsewhere(self, plate: str, since: float) -> float:
        """Return the largest change on another plate since a time, in grams, without sign."""

    def has_left(self, grams: float, sigma_g: float) -> bool:
        """Whether something of this weight left any plate lately, and may be coming back."""


@dataclass(frozen=True, slots=True)
class Level:
    """A settled level with its deviation, in grams."""

    grams: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a disturbance: the new level, since when, and the noise found if it rose."""

    level: Level
    since: float
    scatter_g: float | None = None


@dataclass(slots=True)
class Rest:
    """A rest that was told, from block `first` on; `loose` while it is rougher than goods are.

    `ringing` says that the platform alone made it rough: the level is sure all the same.
    """

    first: int
    level: Level
    tolerance_g: float
    loose: bool
    ringing: bool = False


@dataclass(frozen=True, slots=True)
class Rough:
    """A rough rest that the plate has left: its level, and when it was left."""

    level: Level
    left_at: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts on this plate: smallest change told, and the units it should hold.

    Below `lifted_g` it cannot be, unless it is taken off its cell.
    """

    smallest_g: float
    lightest_g: float | None
    goods: Goods = NO_GOODS
    lifted_g: float = -math.inf

    def is_lifted(self, base_g: float, level_g: float) -> bool:
        """Whether the plate itself was taken off: far lighter than empty, as it never was.

        Where that is just what goods weigh it is they that left: the zero has shifted before.
        """
        is_below = level_g < self.lifted_g < base_g
        return is_below and not self.goods.is_few(level_g - base_g, self.smallest_g / SIGNIFICANT)

    def is_small(self, delta_g: float) -> bool:
        """Whether a step is less than any unit of the planogram explains."""
        return abs(delta_g) < 0.5 * (self.lightest_g or 40.0)

    @property
    def unit_g(self) -> float:
        """The least step that can be a unit; where none is known, of a light snack."""
        return 0.8 * (self.lightest_g or 25.0)

    @property
    def least_unit_g(self) -> float:
        """The least step that counts as a unit of its own when a movement is split."""
        return max(2 * self.smallest_g, self.unit_g)


def threshold(stretch: Stretch, base: Level, limits: Limits) -> float:
    """Return the smallest step from `base` to this rest that is one, in grams."""
    return max(limits.smallest_g, SIGNIFICANT * math.hypot(stretch.sigma_g, base.sigma))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rough rest from block `first` on: a change of level, or the old level."""

    first: int
    stretch: Stretch
    changed: bool


def judge_rough(
    trail: Trail,
    first: int,
    base: Level,
    noise: Noise,
    limits: Limits,
    around: Surroundings,
    doubted: bool,
) -> Verdict | None:
    """Judge the end of a trail whose rest is rougher than the channel's own noise.

    `doubted` says that a change was told which may have to be taken back. None: go on waiting.
    """
    for span, least in ROUGH_SPANS:
        tail = trail.tail(span, least, first)
        if tail is None:
            return None
        stretch = trail.measure(tail, len(trail), noise.block_g)
        if span == LOOSE_S and not stretch.is_white:
            continue
        delta = stretch.mean_g - base.grams
        swings = abs(trail.means[-1] - stretch.mean_g) <= SWING_SCATTERS * stretch.scatter_g
        patient_s = SWAY_S if doubted else SWING_S
        if span >= patient_s and swings and _is_centred(stretch, delta, limits):
            return Verdict(tail, stretch, changed=False)
        real = not limits.is_small(delta) and abs(delta) >= threshold(stretch, base, limits)
        steady = stretch.scatter_g <= STEADY_SHARE * abs(delta)
        patient = delta < 0 or around.shaken() or span >= LEAN_S
        if real and steady and patient:
            return Verdict(tail, stretch, changed=True)
        if span == AT_LAST_S:
            return Verdict(tail, stretch, changed=real)
    return None


def _is_centred(stretch: Stretch, delta_g: float, limits: Limits) -> bool:
    """Whether a swinging plate swings about its old level."""
    swing = 0.5 * min(stretch.scatter_g, 4 * stretch.sigma_g)
    return abs(delta_g) <= max(swing, 0.5 * limits.smallest_g)
