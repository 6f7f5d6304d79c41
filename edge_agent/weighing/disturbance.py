"""One plate that has left its level: from the first touch until it rests again.

Two states. Moving: the trail is searched for a rest; a short still window tells early, longer
windows judge rests that are rougher than goods are (a hand that leans, a platform that swings).
Resting: a change has been told, and the longer window confirms, refines or takes it back.
"""

from __future__ import annotations

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.judging import (
    LOOSE_S,
    Level,
    Limits,
    Rest,
    Settled,
    Surroundings,
    judge_rough,
)
from edge_agent.weighing.motion import REFINED_S, Motion, fitted
from edge_agent.weighing.plateau import Noise, Stretch, is_clean
from edge_agent.weighing.ringing import Ringing
from edge_agent.weighing.steps import Steps
from edge_agent.weighing.telling import Teller
from edge_agent.weighing.trail import Trail

# 0.3 s of stillness and a 0.2 s hold; at 10 to 12 samples/s four blocks are needed all the same.
EARLY_S, EARLY_BLOCKS = 0.45, 4
# What a recording's end must show.
LAST_S, LAST_BLOCKS = 0.25, 3
# A rough rest stays provisional this long; then it is what it is.
PROVISIONAL_S = 90.0
# A rest above the old level that is no goods of this plate is a hand, unless it stays.
PUSH_S = 4.0


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
        self.settled: Settled | None = None
        self.latest_off_g = 0.0
        self._motion = Motion(trail, noise, limits, base, first, seen_at, started_at)
        self._limits = limits
        self._teller = teller
        self._rest: Rest | None = None
        self._steps = Steps(self._motion, teller, limits)

    @property
    def is_moving(self) -> bool:
        """Whether the plate is not at rest right now."""
        return self._rest is None

    def step(self, around: Surroundings) -> list[WeightChange]:
        """Judge the trail after a new block; return what there is to tell."""
        motion, rest = self._motion, self._rest
        forgotten = self.trail.forget()
        motion.first = max(motion.first - forgotten, 0)
        self.latest_off_g = self.trail.means[-1] - motion.base.grams
        motion.date()
        if rest is None:
            return self._seek(around)
        rest.first = max(rest.first - forgotten, 0)
        return self._watch(rest)

    def last_level(self) -> tuple[float, Level]:
        """Return the last level at which the plate rested, and until when it did."""
        if self._rest is not None:
            return self.trail.ends[-1], self._rest.level
        return self._motion.started_at, self._motion.base

    def interrupt(self, seen_at: float) -> list[WeightChange]:
        """The channel was away since `seen_at`: keep the level, forget the signal."""
        self._motion.first = here = len(self.trail) - 1
        return self._leave(self._rest, seen_at, here) if self._rest else []

    def finish(self, around: Surroundings) -> list[WeightChange]:
        """No more samples come: tell what the last ones allow."""
        if self._rest is not None:
            return self._refine(self._rest, len(self.trail))
        found = self._motion.still_tail(LAST_S, LAST_BLOCKS)
        if found is None or not found[2]:
            return []
        tail, stretch, _ = found
        off_g, base_g = self._motion.off(stretch)[0], self._motion.base.grams
        if self._limits.is_small(off_g) or self._limits.is_lifted(base_g, stretch.mean_g):
            return []
        return self._decide(tail, stretch, around, wait=False)

    # Moving.

    def _seek(self, around: Surroundings) -> list[WeightChange]:
        motion = self._motion
        found = motion.still_tail(EARLY_S, EARLY_BLOCKS)
        if found is None or self._limits.is_lifted(motion.base.grams, found[1].mean_g):
            return []
        tail, stretch, still = found
        if still:
            return self._decide(tail, stretch, around, wait=True)
        ringing = motion.ringing_rest(EARLY_S, EARLY_BLOCKS)
        if ringing is not None and motion.is_goods(fitted(ringing[1]), around):
            return self._tell_ringing(*ringing)
        doubted = self._teller.pending is not None
        verdict = judge_rough(
            self.trail, motion.first, motion.base, motion.noise, self._limits, around, doubted
        )
        if verdict is None:
            return []
        if verdict.changed:
            level = motion.level_of(verdict.stretch)
            tone = motion.latest_ringing()
            return self._tell(verdict.first, verdict.stretch, level, tone, loose=True)
        return self._come_back(verdict.first, verdict.stretch)

    def _tell_ringing(self, first: int, ringing: Ringing) -> list[WeightChange]:
        """Tell a rest at which only the platform still moves."""
        level = fitted(ringing)
        told = self._tell(first, self._motion.measure(first), level, ringing, loose=True)
        if self._rest is not None:
            self._rest.ringing = True
        return told

    def _decide(
        self, tail: int, stretch: Stretch, around: Surroundings, wait: bool
    ) -> list[WeightChange]:
        """The last blocks are still. Is it a change, the old level, or too early to say?"""
        motion = self._motion
        first = motion.began(tail, stretch)
        stretch = motion.measure_latest(first)
        delta, sigma = motion.off(stretch)
        rested_s = self.trail.ends[-1] - self.trail.starts[first]
        early = wait and rested_s < LOOSE_S
        if abs(delta) < motion.threshold(stretch):
            if early and abs(delta) > 2.5 * sigma:
                return []
            return self._come_back(first, stretch)
        if not wait:
            return self._tell_still(first, stretch)
        level = Level(stretch.mean_g, stretch.sigma_g)
        little = abs(delta) < self._limits.unit_g and not motion.is_expected(level, around)
        small = not early and self._limits.is_small(delta)
        if small and motion.is_cross_talk(delta, around, self._teller.plate):
            return self._come_back(first, stretch)
        if (little and early) or (rested_s < PUSH_S and motion.is_push(level, around)):
            return []
        return self._tell_remainder(first, stretch) if little else self._tell_still(first, stretch)

    def _come_back(self, first: int, stretch: Stretch) -> list[WeightChange]:
        """Nothing to tell: take the old level, or the new one where it clearly moved a little."""
        self._end(self._motion.blended(stretch), first, stretch)
        told = self._teller.withdraw(stretch.mean_g)
        # A push that was told stays told: what leaves later from here is goods.
        self._teller.close()
        return told

    def _end(self, level: Level, first: int, stretch: Stretch) -> None:
        rough = None if is_clean(stretch, self._motion.noise) else stretch.scatter_g
        self.settled = Settled(level, self.trail.starts[first], rough)

    # Telling.

    def _tell_still(self, first: int, stretch: Stretch) -> list[WeightChange]:
        """Tell a rest that is as still as the channel allows."""
        level = Level(stretch.mean_g, stretch.sigma_g)
        return self._tell(first, stretch, level, self._motion.latest_ringing(), loose=False)

    def _tell(
        self,
        first: int,
        stretch: Stretch,
        level: Level,
        ringing: Ringing | None,
        *,
        loose: bool,
    ) -> list[WeightChange]:
        """Tell the step to this rest, and watch it from now on."""
        motion = self._motion
        if self._teller.was_press(level.grams, motion.threshold(stretch), motion.started_at):
            self._end(level, first, stretch)
            return self._teller.withdraw(level.grams)
        told = self._steps.tell(first, level, ringing, loose=loose)
        tolerance = max(4.5 * motion.noise.block_g, 4 * stretch.scatter_g, 0.3)
        self._rest = Rest(first, level, tolerance, loose)
        return told

    def _tell_remainder(self, first: int, stretch: Stretch) -> list[WeightChange]:
        told = self._steps.tell_remainder(first, stretch)
        if not told:
            return self._tell_still(first, stretch)
        self._end(Level(stretch.mean_g, stretch.sigma_g), first, stretch)
        return told

    # Resting.

    def _watch(self, rest: Rest) -> list[WeightChange]:
        trail = self.trail
        if abs(trail.means[-1] - rest.level.grams) > rest.tolerance_g:
            return self._leave(rest, trail.starts[-1], len(trail) - 1)
        age = trail.ends[-1] - trail.starts[rest.first]
        if age < REFINED_S:
            return []
        stretch = self._motion.measure_latest(rest.first)
        if not is_clean(stretch, self._motion.noise) and age < PROVISIONAL_S:
            rest.loose = True
            return []
        if abs(self._motion.off(stretch)[0]) < self._motion.threshold(stretch):
            self._rest = None
            return self._come_back(rest.first, stretch)
        told = self._refine(rest, len(trail))
        self._teller.keep_for_press(stretch)
        self._end(rest.level, rest.first, stretch)
        return told

    def _refine(self, rest: Rest, last: int) -> list[WeightChange]:
        """Say the level again from the longest window up to block `last`."""
        if rest.first >= last:
            return []
        stretch = self._motion.measure_latest(rest.first, last)
        told_g, rest.level = rest.level.grams, Level(stretch.mean_g, stretch.sigma_g)
        moved = abs(stretch.mean_g - told_g) > max(5 * stretch.sigma_g, self._limits.smallest_g)
        # A rough rest may have held a hand that has only gone now.
        held_at = self._motion.held_lately(rest.level, last) if moved else None
        return self._teller.refine(stretch.mean_g, stretch.sigma_g, held_at)

    def _leave(self, rest: Rest, at: float, last: int) -> list[WeightChange]:
        """The rest is over: a second movement, or the first was not over yet."""
        motion = self._motion
        self._rest = None
        # The last block may hold the beginning of what comes.
        settled = last - 1 if last - rest.first > 3 else last
        stretch = motion.measure(rest.first, max(settled, rest.first + 1))
        motion.first = last
        if rest.ringing:
            ringing = motion.free_ringing(rest.first, settled)
            level = fitted(ringing) if ringing else rest.level
            return self._steps.go_on(level, at, stretch)
        if rest.loose or not is_clean(stretch, motion.noise):
            if not rest.loose or (stretch.is_white and stretch.span_s >= LOOSE_S):
                self._steps.leave_rough(Level(stretch.mean_g, stretch.sigma_g), at)
            return []
        told = self._refine(rest, last) if stretch.span_s >= 2 * EARLY_S else []
        return told + self._steps.go_on(rest.level, at, stretch)
