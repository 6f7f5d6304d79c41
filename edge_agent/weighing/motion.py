"""One movement of a plate: from which level and when it began, and measures of what followed."""

from __future__ import annotations

import math
from dataclasses import replace

from edge_agent.weighing.display import COARSEST_G
from edge_agent.weighing.doubles import Landing, landings
from edge_agent.weighing.held import held_level
from edge_agent.weighing.judging import SIGNIFICANT, Level, Limits, Surroundings, threshold
from edge_agent.weighing.plateau import (
    SIGMA_FLOOR_G,
    STILL_RANGE,
    UNREST_G,
    Noise,
    Stretch,
    is_still,
)
from edge_agent.weighing.ringing import Ringing, fit_ringing
from edge_agent.weighing.trail import Trail

# A level is averaged over this long: longer, and drift wins over noise.
REFINED_S = 1.6
# How much of the rest shows how the platform rings, and in how many blocks that is sought.
RINGING_S, RINGING_BLOCKS = 1.0, 40
# How well a fitted level must be known: a poor fit is a hand that still moves.
FITTED_G, FITTED_SHARE = 1.0, 0.01
# A hand that presses trembles by at least this share of its force.
TREMOR_SHARE = 0.02
# A neighbour's step settles the plates beside it by 1 to 2 % of it, about when it happens.
CROSS_TALK_SHARE, CROSS_TALK_S = 0.03, 2.0


class Motion:
    """The base level (g), when it was left (Unix seconds), and the trail from block `first` on."""

    def __init__(
        self,
        trail: Trail,
        noise: Noise,
        limits: Limits,
        base: Level,
        first: int,
        seen_at: float | None,
        started_at: float,
    ) -> None:
        self.trail = trail
        self.noise = noise
        self.limits = limits
        self.base = base
        self.first = first
        self.started_at = started_at
        self._seen_at = seen_at
        self._dated = False

    def date(self) -> None:
        """With the first block in, say when the movement began."""
        if self._dated or self.first >= len(self.trail):
            return
        self._dated = True
        if self._seen_at is not None:
            self.started_at = self._seen_at
            return
        far = max(4 * self.noise.sample_g, 0.3)
        self.started_at = self.trail.onset(self.base.grams, far, self.first)

    def go_on(self, base: Level, at: float) -> None:
        """Begin the next movement at `at` from another level."""
        self.base, self.started_at = base, at

    def measure(self, first: int, last: int | None = None) -> Stretch:
        """Measure the blocks `first:last` of the trail."""
        return self.trail.measure(first, last or len(self.trail), self.noise.block_g)

    def measure_latest(self, first: int, last: int | None = None) -> Stretch:
        """Measure the last REFINED_S of the blocks `first:last`."""
        last = last or len(self.trail)
        return self.measure(
            min(max(first, self.trail.since(self.trail.ends[last - 1] - REFINED_S)), last - 1), last
        )

    def off(self, stretch: Stretch) -> tuple[float, float]:
        """Return the step from the base to a stretch, and its deviation; g."""
        return stretch.mean_g - self.base.grams, math.hypot(stretch.sigma_g, self.base.sigma)

    def is_goods(self, level: Level, around: Surroundings) -> bool:
        """Whether a level that is fitted, not yet seen, is clearly goods away from the base."""
        sigma = math.hypot(level.sigma, self.base.sigma)
        off_g = abs(level.grams - self.base.grams)
        clear = off_g >= max(self.limits.unit_g, SIGNIFICANT * sigma)
        known = sigma <= max(FITTED_G, FITTED_SHARE * off_g)
        return clear and known and not self.is_push(level, around)

    def is_cross_talk(self, delta_g: float, around: Surroundings, plate: str) -> bool:
        """Whether a small step is what a larger one elsewhere does to this plate."""
        elsewhere = around.largest_elsewhere(plate, self.started_at - CROSS_TALK_S)
        return abs(delta_g) < CROSS_TALK_SHARE * elsewhere

    def is_push(self, level: Level, around: Surroundings) -> bool:
        """Whether a level above the base is none that goods would make, as far as is known.

        A hand trembles; where the channel would show that, what rests is a thing.
        """
        delta_g = level.grams - self.base.grams
        if delta_g <= 0 or self.shows_tremor(delta_g):
            return False
        sigma = math.hypot(level.sigma, self.base.sigma)
        return not (self.limits.goods.fits(delta_g, sigma) or around.has_left(delta_g, sigma))

    def shows_tremor(self, push_g: float) -> bool:
        """Whether a hand that pushes so hard would not look still on this channel."""
        return STILL_RANGE * max(self.noise.block_g, UNREST_G) < TREMOR_SHARE * push_g

    def is_expected(self, level: Level, around: Surroundings) -> bool:
        """Whether a step that is less than a unit here is a thing all the same."""
        delta_g = level.grams - self.base.grams
        sigma = math.hypot(level.sigma, self.base.sigma)
        return (delta_g > 0 and self.shows_tremor(delta_g)) or around.has_left(delta_g, sigma)

    def threshold(self, stretch: Stretch) -> float:
        """Return the least step to a stretch that is one; g."""
        return threshold(stretch, self.base, self.limits)

    def still_tail(self, span_s: float, least_blocks: int) -> tuple[int, Stretch, bool] | None:
        """Return where the last `span_s` begin, their measure, and whether they are still."""
        tail = self.trail.tail(span_s, least_blocks, self.first)
        if tail is None:
            return None
        stretch = self.measure(tail)
        still = is_still(stretch, self.noise)
        if not still and self.noise.sample_g <= UNREST_G and self._learn_resolution(tail):
            still = is_still(stretch, self.noise)
        return tail, stretch, still

    def _learn_resolution(self, tail: int) -> bool:
        """Learn how coarse a channel is that lay on one value so far and flickers now."""
        step = self.trail.flicker(tail)
        if not 0 < step <= COARSEST_G:
            return False
        known = self.noise
        self.noise = Noise(
            max(known.sample_g, 0.5 * step), max(known.block_g, 0.3 * step), known.second_g
        )
        return True

    def ringing_rest(self, span_s: float, least_blocks: int) -> tuple[int, Ringing] | None:
        """Return where the last `span_s` begin, if nothing but the platform moved, and how.

        Told so, a platform that rings for a second need not be waited for.
        """
        tail = self.trail.tail(span_s, least_blocks, self.first)
        ringing = None if tail is None else self.free_ringing(tail)
        return None if tail is None or ringing is None else (tail, ringing)

    def free_ringing(self, first: int, last: int | None = None) -> Ringing | None:
        """Return the ringing of the blocks `first:last` if nothing else moved the plate."""
        times, grams = self.trail.samples(first, last)
        ringing = fit_ringing(grams)
        interval_s = float(times[-1] - times[0]) / max(len(times) - 1, 1)
        if ringing is None or not ringing.is_free(interval_s, self.noise.sample_g):
            return None
        return ringing

    def began(self, tail: int, stretch: Stretch) -> int:
        """Walk back from block `tail` to where the rest that it belongs to began."""
        tolerance = 3.5 * max(self.noise.block_g, UNREST_G)
        return self.trail.back_to(stretch.mean_g, tolerance, self.first, tail)

    def held_since(self, level: Level, first: int) -> float:
        """Return since when the signal, its ringing smoothed, is near a level."""
        near = max(3.5 * self.noise.block_g, 0.015 * abs(level.grams - self.base.grams), 0.1)
        return self.trail.held_since(level.grams, near, self.first, first)

    def held_lately(self, level: Level, last: int) -> float:
        """Return since when the signal, seen from block `last` back, is at a level."""
        return self.held_since(level, self.trail.since(self.trail.ends[last - 1] - REFINED_S))

    def blended(self, stretch: Stretch) -> Level:
        """Return the level where nothing was found: both together, or the new one if it moved."""
        delta, sigma = self.off(stretch)
        if abs(delta) >= 2.5 * sigma:
            return Level(stretch.mean_g, stretch.sigma_g)
        share = self.base.sigma**2 / sigma**2
        return Level(self.base.grams + share * delta, sigma * math.sqrt(share * (1 - share)))

    def level_of(self, stretch: Stretch) -> Level:
        """Return the level of a rough rest; that of a ringing platform is fitted."""
        ringing = self.latest_ringing()
        if ringing is not None and ringing.sigma_g < stretch.sigma_g:
            return fitted(ringing)
        return Level(stretch.mean_g, stretch.sigma_g)

    def landings(self, level: Level, rested_at: float, ringing: Ringing | None) -> list[Landing]:
        """Find the levels on which the signal landed on its way to this one.

        `ringing` is how the platform rings, where it does so visibly.
        """
        times, grams = self.trail.samples(self.trail.since(self.started_at - 0.1))
        whole = times < rested_at
        times, grams = times[whole], grams[whole]
        undone, gain = (grams, 1.0) if ringing is None else (ringing.undo(grams), ringing.gain)
        found = landings(
            times[len(times) - len(undone) :],
            undone,
            self.base.grams,
            level.grams,
            self.noise.sample_g,
            self.limits.least_unit_g,
            gain,
        )
        if not found:
            # It need not have rested to have stayed a unit away.
            sigma = math.hypot(level.sigma, self.base.sigma)
            goods = self.limits.goods
            held = held_level(times, grams, self.base.grams, level.grams, sigma, goods)
            found = [held] if held else []
        return [self._by_goods(found[0], level), *found[1:]] if found else []

    def _by_goods(self, landing: Landing, level: Level) -> Landing:
        """Know a first landing better by what a unit weighs, where it was measured badly."""
        whole_g, sigma = level.grams - self.base.grams, math.hypot(level.sigma, self.base.sigma)
        part_g, part_sigma = self.limits.goods.part_near(
            landing.level_g - self.base.grams,
            math.hypot(landing.sigma_g, self.base.sigma),
            whole_g,
            sigma,
        )
        return replace(landing, level_g=self.base.grams + part_g, sigma_g=part_sigma)

    def latest_ringing(self) -> Ringing | None:
        """Return how the platform rings in the last second, if it does."""
        times, grams = self.trail.samples(len(self.trail) - RINGING_BLOCKS)
        return fit_ringing(grams[times > times[-1] - RINGING_S])


def fitted(ringing: Ringing) -> Level:
    """Return the level about which a platform rings."""
    return Level(ringing.level_g, math.hypot(ringing.sigma_g, SIGMA_FLOOR_G))
