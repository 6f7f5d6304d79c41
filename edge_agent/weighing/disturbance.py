"""One plate that has left its level: from the first touch until it rests again.

Two states. Moving: the trail is searched for a rest; a short still window tells early, longer
windows judge rests that are rougher than goods are (a hand that leans, a platform that swings).
Resting: a change has been told, and the longer window confirms, refines or takes it back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.doubles import landings
from edge_agent.weighing.judging import (
    LOOSE_S,
    Level,
    Limits,
    Surroundings,
    judge_rough,
    threshold,
)
from edge_agent.weighing.plateau import SIGMA_FLOOR_G, UNREST_G, Noise, Stretch, is_clean, is_still
from edge_agent.weighing.ringing import Ringing, fit_ringing
from edge_agent.weighing.telling import Teller
from edge_agent.weighing.trail import Trail

# 0.3 s of stillness and a 0.2 s hold; at 10 to 12 samples/s four blocks are needed all the same.
EARLY_S, EARLY_BLOCKS = 0.45, 4
REFINED_S = 1.6
# A rough rest stays provisional this long; then it is what it is.
PROVISIONAL_S = 90.0
# A neighbour's step settles the plates beside it by 1 to 2 % of it.
CROSS_TALK_SHARE = 0.03
# How much of the rest shows how the platform rings.
RINGING_S = 1.0
# Pressed and let go within this is a hand, whatever its rest looked like.
PRESS_S = 2.5


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a disturbance: the new level, since when, and the noise found if it rose."""

    level: Level
    since: float
    scatter_g: float | None = None


@dataclass(slots=True)
class _Rest:
    first: int
    level: Level
    tolerance_g: float
    loose: bool


@dataclass(frozen=True, slots=True)
class _Rough:
    level: Level
    left_at: float


class Disturbance:
    """The slow path of one plate; `step` after each block added to its trail."""

    def __init__(
        self,
        trail: Trail,
        base: Level,
        started_at: float,
        first: int,
        noise: Noise,
        limits: Limits,
        teller: Teller,
        seen_at: float | None = None,
    ) -> None:
        """`first` is the block of the trail at which the plate began to move.

        `seen_at` is when the plate was last seen at its level, where that is not just before.
        """
        self.trail = trail
        self.noise = noise
        self.limits = limits
        self.settled: Settled | None = None
        self.latest_off_g = 0.0
        self._teller = teller
        self._base = base
        self._started_at = started_at
        self._seen_at = seen_at
        self._dated = False
        self._first = first
        self._rest: _Rest | None = None
        self._rough: _Rough | None = None

    @property
    def is_moving(self) -> bool:
        """Whether the plate is not at rest right now."""
        return self._rest is None

    def step(self, around: Surroundings) -> list[WeightChange]:
        """Judge the trail after a new block; return what there is to tell."""
        self._first = max(self._first - self.trail.forget(), 0)
        self.latest_off_g = self.trail.means[-1] - self._base.grams
        self._date()
        if self._rest is not None:
            return self._watch(self._rest)
        return self._seek(around)

    def _date(self) -> None:
        """With the first block in, say when the movement began."""
        if self._dated or self._first >= len(self.trail):
            return
        self._dated = True
        if self._seen_at is not None:
            self._started_at = self._seen_at
            return
        far = max(4 * self.noise.sample_g, 0.3)
        self._started_at = self.trail.onset(self._base.grams, far, self._first)

    def last_level(self) -> tuple[float, Level]:
        """Return the last level at which the plate rested, and until when it did."""
        if self._rest is not None:
            return self.trail.ends[-1], self._rest.level
        return self._started_at, self._base

    def interrupt(self, seen_at: float) -> list[WeightChange]:
        """The channel was away since `seen_at`: keep the level, forget the signal."""
        here = len(self.trail) - 1
        rested = self._rest
        told = self._leave(rested, seen_at, here) if rested else []
        self._first = here
        return told

    def finish(self, around: Surroundings) -> list[WeightChange]:
        """No more samples come: tell what the last ones allow."""
        if self._rest is not None:
            return self._refine(self._rest, len(self.trail))
        tail = self.trail.tail(0.25, 3, self._first)
        if tail is None:
            return []
        stretch = self._measure(tail)
        small = self.limits.is_small(stretch.mean_g - self._base.grams)
        if small or not is_still(stretch, self.noise):
            return []
        return self._decide(tail, stretch, around, wait=False)

    # Moving.

    def _seek(self, around: Surroundings) -> list[WeightChange]:
        tail = self.trail.tail(EARLY_S, EARLY_BLOCKS, self._first)
        if tail is None:
            return []
        stretch = self._measure(tail)
        if is_still(stretch, self.noise):
            return self._decide(tail, stretch, around, wait=True)
        verdict = judge_rough(
            self.trail,
            self._first,
            self._base,
            self.noise,
            self.limits,
            around,
            doubted=self._teller.pending is not None,
        )
        if verdict is None:
            return []
        if verdict.changed:
            return self._tell(verdict.first, verdict.stretch, loose=True)
        return self._come_back(verdict.first, verdict.stretch)

    def _decide(
        self, tail: int, stretch: Stretch, around: Surroundings, wait: bool
    ) -> list[WeightChange]:
        """The last blocks are still. Is it a change, the old level, or too early to say?"""
        first = self._began(tail, stretch)
        stretch = self._measure(max(first, self.trail.since(self.trail.ends[-1] - REFINED_S)))
        delta = stretch.mean_g - self._base.grams
        sigma = math.hypot(stretch.sigma_g, self._base.sigma)
        early = wait and self.trail.ends[-1] - self.trail.starts[first] < LOOSE_S
        if abs(delta) < self._threshold(stretch):
            if early and abs(delta) > 2.5 * sigma:
                return []
            return self._come_back(first, stretch)
        if wait and abs(delta) < self.limits.unit_g:
            if early:
                return []
            small = self.limits.is_small(delta)
            if small and abs(delta) < CROSS_TALK_SHARE * self._elsewhere(around):
                return self._come_back(first, stretch)
            return self._tell_remainder(first, stretch)
        return self._tell(first, stretch, loose=False)

    def _elsewhere(self, around: Surroundings) -> float:
        return around.largest_elsewhere(self._teller.plate, self._started_at - 2.0)

    def _threshold(self, stretch: Stretch) -> float:
        return threshold(stretch, self._base, self.limits)

    def _measure(self, first: int, last: int | None = None) -> Stretch:
        return self.trail.measure(first, last or len(self.trail), self.noise.block_g)

    def _began(self, tail: int, stretch: Stretch) -> int:
        tolerance = 3.5 * max(self.noise.block_g, UNREST_G)
        return self.trail.back_to(stretch.mean_g, tolerance, self._first, tail)

    def _come_back(self, first: int, stretch: Stretch) -> list[WeightChange]:
        """Nothing to tell: take the old level, or the new one where it clearly moved a little."""
        told = self._teller.withdraw(stretch.mean_g)
        delta = stretch.mean_g - self._base.grams
        sigma = math.hypot(stretch.sigma_g, self._base.sigma)
        level = Level(stretch.mean_g, stretch.sigma_g)
        if abs(delta) < 2.5 * sigma:
            share = self._base.sigma**2 / sigma**2
            level = Level(self._base.grams + share * delta, sigma * math.sqrt(share * (1 - share)))
        self._end(level, self.trail.starts[first], stretch)
        return told

    def _end(self, level: Level, since: float, stretch: Stretch) -> None:
        rough = None if is_clean(stretch, self.noise) else stretch.scatter_g
        self.settled = Settled(level, since, rough)

    # Telling.

    def _tell(self, first: int, stretch: Stretch, loose: bool) -> list[WeightChange]:
        """Tell the step to this rest, or the several steps that hindsight shows."""
        ringing = self._ringing() if loose else None
        level = Level(stretch.mean_g, stretch.sigma_g)
        if ringing is not None and ringing.sigma_g < stretch.sigma_g:
            level = Level(ringing.level_g, math.hypot(ringing.sigma_g, SIGMA_FLOOR_G))
        if self._teller.was_press(level.grams, self._threshold(stretch)):
            self._end(level, self.trail.starts[first], stretch)
            return self._teller.withdraw(level.grams)
        told = self._go_on_from_rough(level)
        near = max(3.5 * self.noise.block_g, 0.05 * abs(level.grams - self._base.grams), 0.1)
        held_at = self.trail.held_since(level.grams, near, self._first, first)
        if self._teller.pending is None:
            told += self._split(level, self.trail.starts[first], loose)
        held_at = max(held_at, self._started_at)
        told += self._teller.tell(
            self._started_at, held_at, self._base.grams, self._base.sigma, level.grams, level.sigma
        )
        tolerance = max(4.5 * self.noise.block_g, 4 * stretch.scatter_g, 0.3)
        self._rest = _Rest(first, level, tolerance, loose)
        return told

    def _tell_remainder(self, first: int, stretch: Stretch) -> list[WeightChange]:
        """Less than a unit: what a hand that had stayed on adds to a change just told."""
        settled_at = self.trail.starts[first]
        told = self._teller.amend(
            settled_at, self._base.grams, stretch.mean_g, stretch.sigma_g, self.limits.unit_g
        )
        if not told:
            return self._tell(first, stretch, loose=False)
        self._end(Level(stretch.mean_g, stretch.sigma_g), settled_at, stretch)
        return told

    def _ringing(self) -> Ringing | None:
        times, grams = self.trail.samples(len(self.trail) - 40, len(self.trail))
        return fit_ringing(grams[times > times[-1] - RINGING_S])

    def _go_on_from_rough(self, level: Level) -> list[WeightChange]:
        """Let what was told of a rough rest stand where another unit has gone from there."""
        rough = self._rough
        self._rough = None
        if rough is None or self._teller.pending is None:
            return []
        further = level.grams - rough.level.grams
        same_way = further * (rough.level.grams - self._base.grams) > 0
        if same_way and abs(further) >= self.limits.least_unit_g:
            told = self._teller.refine(rough.level.grams, rough.level.sigma)
            self._teller.close()
            self._base, self._started_at = rough.level, rough.left_at
            return told
        return []

    def _split(self, level: Level, rested_at: float, loose: bool) -> list[WeightChange]:
        """Tell the landings on the way to a level, and make the last of them the base."""
        start = self.trail.since(self._started_at - 0.1)
        times, grams = self.trail.samples(start, len(self.trail))
        sample_g = self.noise.sample_g
        ringing = self._ringing()
        if ringing is not None:
            times, grams = times[2:], ringing.undo(grams)
            sample_g *= ringing.gain
        elif loose:
            return []
        moving = times < rested_at
        times, grams = times[moving], grams[moving]
        told: list[WeightChange] = []
        for landing in landings(
            times,
            grams,
            self._base.grams,
            level.grams,
            sample_g,
            self.limits.least_unit_g,
        ):
            told += self._teller.tell(
                self._started_at,
                landing.start,
                self._base.grams,
                self._base.sigma,
                landing.level_g,
                landing.sigma_g,
            )
            self._teller.close()
            self._base = Level(landing.level_g, landing.sigma_g)
            self._started_at = landing.end
        return told

    # Resting.

    def _watch(self, rest: _Rest) -> list[WeightChange]:
        trail = self.trail
        if abs(trail.means[-1] - rest.level.grams) > rest.tolerance_g:
            return self._leave(rest, trail.starts[-1], len(trail) - 1)
        age = trail.ends[-1] - trail.starts[rest.first]
        if age < REFINED_S:
            return []
        stretch = self._measure(max(rest.first, trail.since(trail.ends[-1] - REFINED_S)))
        if not is_clean(stretch, self.noise) and age < PROVISIONAL_S:
            rest.loose = True
            return []
        told = self._refine(rest, len(trail))
        self._teller.close()
        self._end(rest.level, trail.starts[rest.first], stretch)
        return told

    def _refine(self, rest: _Rest, last: int) -> list[WeightChange]:
        """Say the level again from the longest window up to block `last`."""
        first = max(rest.first, self.trail.since(self.trail.ends[last - 1] - REFINED_S))
        if first >= last:
            return []
        stretch = self._measure(first, last)
        rest.level = Level(stretch.mean_g, stretch.sigma_g)
        return self._teller.refine(stretch.mean_g, stretch.sigma_g)

    def _leave(self, rest: _Rest, at: float, last: int) -> list[WeightChange]:
        """The rest is over: a second movement, or the first was not over yet."""
        self._rest = None
        told: list[WeightChange] = []
        # The last block may hold the beginning of what comes.
        settled = last - 1 if last - rest.first > 3 else last
        stretch = self._measure(rest.first, max(settled, rest.first + 1))
        rough = rest.loose or not is_clean(stretch, self.noise)
        if rough:
            self._first = last
            if not rest.loose or (stretch.is_white and stretch.span_s >= LOOSE_S):
                self._rough = _Rough(Level(stretch.mean_g, stretch.sigma_g), at)
            return told
        if stretch.span_s >= 2 * EARLY_S:
            told = self._refine(rest, last)
        self._teller.keep_for_press(at - self.trail.starts[rest.first], PRESS_S)
        self._base, self._started_at, self._first = rest.level, at, last
        return told
