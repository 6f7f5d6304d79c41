"""The slow path: the plates that start or move, one by one, with what they know of each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edge_agent.weighing.among import AmongAll
from edge_agent.weighing.blocks import GAP_S, Batch, FloatArray
from edge_agent.weighing.change import WeightChange, change_id
from edge_agent.weighing.display import Display
from edge_agent.weighing.disturbance import Disturbance
from edge_agent.weighing.judging import Level, Limits
from edge_agent.weighing.plates import PlateLevel, PlateSpec
from edge_agent.weighing.quiet import QuietBank
from edge_agent.weighing.recent import RecentSteps
from edge_agent.weighing.startup import CONFIRMED_S, FirstRest, first_rest
from edge_agent.weighing.telling import Teller
from edge_agent.weighing.trail import Trail

# Batches kept of all plates, so that a plate's last seconds of rest are at hand when it moves.
HISTORY_BATCHES = 80
BEFORE_S = 1.8
SATURATED_SHARE = 1.2
SMALLEST_G = 1.5
# A common cell (OIML class C3) repeats itself to about 0.02 % of its capacity.
REPEATABLE_SHARE = 0.0002
# Dust, crumbs, and plates that settle beside a hand are no goods: a quarter of the lightest unit,
# four grams at most.
SMALLEST_SHARE, SMALLEST_CAP_G = 0.25, 4.0
# No goods make a plate this much lighter than empty: it was lifted off.
LIFTED_SHARE = 0.01


class SlowPath:
    """The plates that are not quiet; they go back to the `bank` when they rest."""

    def __init__(
        self, plates: Sequence[PlateSpec], bank: QuietBank, stored: Mapping[str, PlateLevel]
    ) -> None:
        self.settled_at: dict[int, float] = {}
        self.saturated: set[int] = set()
        self._plates = plates
        self._bank = bank
        self._stored = dict(stored)
        self._history: deque[Batch] = deque(maxlen=HISTORY_BATCHES)
        self._tellers = [Teller(spec.plate) for spec in plates]
        self._starting = {j: Trail() for j in range(len(plates))}
        self._active: dict[int, Disturbance] = {}
        self._recent = RecentSteps()
        self._display = Display(bank)
        self._among = AmongAll(plates, self._display, self.smallest_g)

    @property
    def is_idle(self) -> bool:
        """Whether all plates are quiet."""
        return not self._active and not self._starting

    @property
    def moving(self) -> Iterator[int]:
        """The plates that are not at rest right now."""
        return (j for j, disturbance in self._active.items() if disturbance.is_moving)

    def last_level(self, j: int) -> tuple[float, Level] | None:
        """Return the last level of a plate in the slow path and until when it held it."""
        return self._active[j].last_level() if j in self._active else None

    def remember(self, batch: Batch) -> None:
        """Keep a batch as what went before."""
        self._history.append(batch)

    def step(self, batch: Batch) -> list[WeightChange]:
        """Take one block to all plates in the slow path."""
        told: list[WeightChange] = []
        first, last = batch.edges[0], batch.edges[-1]
        times, grams = batch.times[first:last], batch.grams[first:last]
        for j in list(self._active):
            told += self._move(j, times, grams[:, j])
        told = self._among.tell(told, float(times[-1]))
        for j in list(self._starting):
            told += self._start(j, times, grams[:, j])
        return told

    def finish(self) -> list[WeightChange]:
        """No more samples come: decide what they allow."""
        told: list[WeightChange] = []
        for disturbance in self._active.values():
            told += disturbance.finish(self)
        return self._among.tell(told, self._history[-1].end if self._history else 0.0)

    def relevel(self, j: int) -> None:
        """Adopt the next level of a plate silently."""
        self._stored.pop(self._plates[j].plate, None)
        self._active.pop(j, None)
        self.settled_at.pop(j, None)
        self._tellers[j].forget()
        self._bank.leave(j)
        self._starting[j] = Trail()

    # What the slow path of one plate asks about the others.

    def shaken(self) -> bool:
        """Whether many plates move at once: the shelf itself is moving."""
        return sum(1 for _ in self.moving) >= max(3, 0.4 * len(self._plates))

    def largest_elsewhere(self, plate: str, since: float) -> float:
        """Return the largest change on another plate since a time, in grams, without sign."""
        going_on = [
            abs(disturbance.latest_off_g)
            for j, disturbance in self._active.items()
            if self._plates[j].plate != plate
        ]
        return max([self._recent.largest_elsewhere(plate, since), *going_on])

    def has_left(self, grams: float, sigma_g: float) -> bool:
        """Whether something of this weight left any plate lately, and may be coming back."""
        return self._recent.has_left(grams, sigma_g)

    # Moving.

    def disturb(
        self, j: int, since: float, seen_at: float | None = None, whole: bool = False
    ) -> None:
        """Take a quiet plate over, from the block that starts at `since` on.

        `seen_at` is when it was last seen, if that is long ago; `whole` takes the blocks since
        then in, which is otherwise done as each comes.
        """
        trail = Trail()
        for batch in self._history:
            if batch.end < self._bank.quiet_since[j] or batch.end < since - 2 * BEFORE_S:
                continue
            for times, grams in batch.column(j):
                if (times[0] < since or whole) and times[-1] >= self._bank.quiet_since[j]:
                    trail.add(times, grams)
        first = trail.since(since)
        base = self._base(j, trail, first)
        if seen_at is None and self._bank.is_frozen(j):
            seen_at = since - float(self._bank.same_s[j])
        if seen_at is not None:
            self._among.was_away(self._plates[j].plate, seen_at, since)
        noise = self._bank.noise(j)
        spec = self._plates[j]
        limits = Limits(
            self.smallest_g(j), spec.lightest_g, spec.goods, -LIFTED_SHARE * spec.capacity_g
        )
        self._bank.leave(j)
        self._active[j] = Disturbance(
            trail, base, since, first, noise, limits, self._tellers[j], seen_at
        )

    def _base(self, j: int, trail: Trail, first: int) -> Level:
        """Return the level before block `first`: of the last seconds, or as followed if surer."""
        followed = Level(
            float(self._bank.level[j]), float(np.hypot(self._bank.level_sigma[j], 0.04))
        )
        # The last block before may hold the beginning of the movement.
        last = first - 1
        begin = trail.since(trail.starts[last] - BEFORE_S) if last > 3 else last
        if last - begin < 4:
            return followed
        stretch = trail.measure(begin, last, self._bank.noise(j).block_g)
        if stretch.sigma_g > followed.sigma:
            return followed
        return Level(stretch.mean_g, stretch.sigma_g)

    def _move(self, j: int, times: FloatArray, grams: FloatArray) -> list[WeightChange]:
        disturbance = self._active[j]
        trail = disturbance.trail
        last_seen = trail.ends[-1] if len(trail) else float(times[0])
        if self._add(j, trail, times, grams) is None:
            return []
        told: list[WeightChange] = []
        if float(times[0]) - last_seen > GAP_S:
            told += disturbance.interrupt(last_seen)
        told += disturbance.step(self)
        for change in told:
            self._recent.add(change)
        settled = disturbance.settled
        if settled is not None:
            del self._active[j]
            if settled.scatter_g is not None:
                self._bank.raise_noise(j, settled.scatter_g)
            self._bank.settle(j, settled.level.grams, settled.level.sigma, settled.since)
            self._display.note(j, trail.means[-1])
            self.settled_at[j] = float(times[-1])
            latest = self._tellers[j].latest
            if latest is not None:
                self._among.learn(latest, self._history, self._bank.sample_g)
        return told

    def _add(self, j: int, trail: Trail, times: FloatArray, grams: FloatArray) -> float | None:
        """Add a block to a trail, less what is missing or beyond what the cell can carry."""
        beyond = np.abs(grams) > SATURATED_SHARE * self._plates[j].capacity_g
        if beyond.any():
            self.saturated.add(j)
            grams = np.where(beyond, np.nan, grams)
        else:
            self.saturated.discard(j)
        return trail.add(times, grams)

    # The first rest.

    def _start(self, j: int, times: FloatArray, grams: FloatArray) -> list[WeightChange]:
        trail = self._starting[j]
        if self._add(j, trail, times, grams) is None:
            return []
        trail.forget()
        capacity_g = self._plates[j].capacity_g
        rest = first_rest(trail, capacity_g)
        stored = self._stored.get(self._plates[j].plate)
        if rest is not None and stored is not None and self._differs(j, rest, stored):
            rest = first_rest(trail, capacity_g, CONFIRMED_S)
        if rest is None:
            return []
        del self._starting[j]
        self._bank.learn(j, rest.sample_g, rest.block_g)
        self._bank.settle(j, rest.level_g, rest.sigma_g, rest.since)
        self._display.note(j, trail.means[-1])
        self.settled_at[j] = trail.ends[-1]
        self._stored.pop(self._plates[j].plate, None)
        if stored is None or not self._differs(j, rest, stored):
            return []
        return [self._unobserved(j, rest, stored)]

    def _differs(self, j: int, rest: FirstRest, stored: PlateLevel) -> bool:
        """Whether the first level is another than the last run's, and not a zero that drifted."""
        sigma = float(np.hypot(rest.sigma_g, stored.sigma_g))
        unit = 0.3 * (self._plates[j].lightest_g or 0.0)
        return abs(rest.level_g - stored.level_g) > max(unit, 6 * sigma, 2.0)

    def _unobserved(self, j: int, rest: FirstRest, stored: PlateLevel) -> WeightChange:
        plate = self._plates[j].plate
        return WeightChange(
            change_id(plate, stored.at),
            1,
            plate,
            stored.at,
            rest.since,
            rest.level_g - stored.level_g,
            float(np.hypot(rest.sigma_g, stored.sigma_g)),
            rest.level_g,
            unobserved=True,
        )

    def smallest_g(self, j: int) -> float:
        """Return the smallest change told on a plate, from its noise, resolution and goods."""
        spec = self._plates[j]
        return max(
            SMALLEST_G,
            REPEATABLE_SHARE * spec.capacity_g,
            2.5 * float(self._bank.resolution_g[j]),
            7 * self._bank.noise(j).second_g,
            min(SMALLEST_SHARE * (spec.lightest_g or 0.0), SMALLEST_CAP_G),
        )
