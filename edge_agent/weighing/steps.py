"""The steps of one movement: told one by one, with hindsight, and carried on from."""

from __future__ import annotations

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.judging import Level, Limits, Rough
from edge_agent.weighing.motion import Motion
from edge_agent.weighing.plateau import Stretch
from edge_agent.weighing.ringing import Ringing
from edge_agent.weighing.telling import Teller


class Steps:
    """Tells what a movement did, level by level; moves the movement's base along."""

    def __init__(self, motion: Motion, teller: Teller, limits: Limits) -> None:
        self._motion = motion
        self._teller = teller
        self._limits = limits
        self._rough: Rough | None = None

    def tell(
        self, first: int, level: Level, ringing: Ringing | None, *, loose: bool
    ) -> list[WeightChange]:
        """Tell the step to a rest from block `first` on, or the several that hindsight shows."""
        motion = self._motion
        base = self._teller.doubt_press(
            level.grams, level.sigma, self._limits.goods, motion.started_at
        )
        if base is not None:
            motion.go_on(base, motion.started_at)
        told = self._go_on_from_rough(level)
        held_at = motion.held_since(level, first)
        pending = self._teller.pending
        turned = pending is not None and pending.delta_g * (level.grams - motion.base.grams) < 0
        # What swings, and not by ringing, hides any level on its way.
        if (pending is None or turned) and (ringing is not None or not loose):
            for landing in motion.landings(level, motion.trail.starts[first], ringing):
                on_the_way = Level(landing.level_g, landing.sigma_g)
                told += self._tell_one(on_the_way, landing.start)
                self._teller.close()
                motion.go_on(on_the_way, landing.end)
        amended = self._teller.amend_to_goods(held_at, motion.base, level, self._limits.goods)
        return told + (amended or self._tell_one(level, held_at))

    def tell_remainder(self, first: int, stretch: Stretch) -> list[WeightChange]:
        """Less than a unit: what a hand that had stayed on adds to a change just told."""
        return self._teller.amend(
            self._motion.trail.starts[first],
            self._motion.base.grams,
            stretch.mean_g,
            stretch.sigma_g,
            self._limits.unit_g,
        )

    def leave_rough(self, level: Level, at: float) -> None:
        """A rough rest was left at `at`; what comes may show that goods had made it."""
        self._rough = Rough(level, at)

    def go_on(self, level: Level, at: float, rest: Stretch) -> list[WeightChange]:
        """Let what was told stand, and look for the next change from its level; `rest` is how the
        plate lay there."""
        told = self._teller.refine(level.grams, level.sigma)
        self._teller.keep_for_press(rest)
        self._motion.go_on(level, at)
        return told

    def _tell_one(self, level: Level, held_at: float) -> list[WeightChange]:
        base, started_at = self._motion.base, self._motion.started_at
        held_at = max(held_at, started_at)
        return self._teller.tell(
            started_at, held_at, base.grams, base.sigma, level.grams, level.sigma
        )

    def _go_on_from_rough(self, level: Level) -> list[WeightChange]:
        """Let what was told of a rough rest stand where another unit has gone from there."""
        rough, self._rough = self._rough, None
        if rough is None or self._teller.pending is None:
            return []
        further = level.grams - rough.level.grams
        same_way = further * (rough.level.grams - self._motion.base.grams) > 0
        if not same_way or abs(further) < self._limits.least_unit_g:
            return []
        told = self._teller.refine(rough.level.grams, rough.level.sigma)
        self._teller.close()
        self._motion.go_on(rough.level, rough.left_at)
        return told
