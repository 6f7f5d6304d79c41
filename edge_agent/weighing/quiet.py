"""The quiet path: all plates of a scale at once, a few numpy operations a block.

Here stand each channel's level, its own noise on three time scales and the gates made from it.
A plate that leaves its gate goes to a `Disturbance` and is not looked at here until it rests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.blocks import Batch
from edge_agent.weighing.plateau import Noise

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Blocks in a second-long group, over which noise and level are followed.
GROUP_BLOCKS = 10
# Leave quiet when a block is this many of the channel's own deviations off (7e-6 by chance).
BLOCK_GATE = 4.5
SECOND_GATE = 4.2
# Creep after a load is 0.15 g/min, a warming cell a few grams an hour: follow ten times that, so
# that goods (grams at once) are never followed away. Noisy cells wander more between seconds.
FOLLOW_G_PER_S = 0.02
FOLLOW_SHARE = 0.08
NOISE_FLOOR_G = 0.01
FROZEN_S = 10.0


@dataclass(frozen=True, slots=True)
class Facts:
    """m blocks of all plates: sums and sums of squares of what is off their level (m, k); g.

    `counts` (m, k) are the samples; `complete` says that none is missing.
    """

    batch: Batch
    sums: FloatArray
    squares: FloatArray
    counts: FloatArray
    means: FloatArray
    complete: bool


class QuietBank:
    """Levels and noise of k plates, followed while they are still; arrays are (k,), grams."""

    def __init__(self, plates: int) -> None:
        self.level = np.zeros(plates)
        self.level_sigma = np.zeros(plates)
        self.quiet = np.zeros(plates, dtype=np.bool_)
        self.quiet_since = np.zeros(plates)
        self.sample_g = np.full(plates, np.nan)
        self.block_g = np.full(plates, np.nan)
        self.second_g = np.full(plates, np.nan)
        self.resolution_g = np.zeros(plates)
        self.rate_hz = np.full(plates, np.nan)
        self.same_s = np.zeros(plates)
        self.gate = np.full(plates, np.inf)
        self._previous = np.full(plates, np.nan)
        self._age = np.zeros(plates)
        self._eligible = np.zeros(plates, dtype=np.bool_)
        self._blocks = 0
        self._started_at = 0.0
        self._sums = np.zeros((GROUP_BLOCKS, plates))
        self._squares = np.zeros((GROUP_BLOCKS, plates))
        self._counts = np.zeros((GROUP_BLOCKS, plates))

    def noise(self, plate: int) -> Noise:
        """Return the noise of one plate (its column) as the slow path wants it."""
        floor = max(NOISE_FLOOR_G, 0.29 * float(self.resolution_g[plate]))
        return Noise(
            max(float(self.sample_g[plate]), floor),
            max(float(self.block_g[plate]), floor),
            max(float(self.second_g[plate]), floor / 2),
        )

    def settle(self, plate: int, level_g: float, sigma_g: float, at: float) -> None:
        """Take a plate back into the quiet path at a new level."""
        self.level[plate] = level_g
        self.level_sigma[plate] = sigma_g
        self.quiet[plate] = True
        self.quiet_since[plate] = at
        self._previous[plate] = np.nan
        self._open_gates()

    def leave(self, plate: int) -> None:
        """Give a plate to the slow path."""
        self.quiet[plate] = False
        self._eligible[plate] = False
        self.gate[plate] = np.inf

    def is_frozen(self, plate: int) -> bool:
        """Whether a channel that has noise repeats one value."""
        noise = float(self.sample_g[plate])
        noisy = noise > max(0.6 * float(self.resolution_g[plate]), 2 * NOISE_FLOOR_G)
        return noisy and float(self.same_s[plate]) >= FROZEN_S

    def learn(self, plate: int, sample_g: float, block_g: float) -> None:
        """Set the noise of a plate from a stretch of rest, at its first or when it has risen."""
        if np.isnan(self.block_g[plate]):
            self._age[plate] = 0
            self.second_g[plate] = block_g / 2
        self.sample_g[plate] = sample_g
        self.block_g[plate] = block_g

    def raise_noise(self, plate: int, block_g: float) -> None:
        """A plate rests, but rougher than it did: its noise has risen, for now at least."""
        if block_g > self.block_g[plate]:
            self.sample_g[plate] *= min(block_g / max(self.block_g[plate], NOISE_FLOOR_G), 3.0)
            self.block_g[plate] = block_g
            self.second_g[plate] = max(self.second_g[plate], 0.3 * block_g)

    def _open_gates(self) -> None:
        floor = np.maximum(NOISE_FLOOR_G, 0.29 * self.resolution_g)
        gate = BLOCK_GATE * np.maximum(self.block_g, floor) + 2 * self.level_sigma
        gate = np.maximum(gate, np.maximum(0.3, 1.2 * self.resolution_g))
        self.gate = np.where(self.quiet, gate, np.inf)

    def examine(self, batch: Batch) -> tuple[Facts, int]:
        """Measure a batch against the levels; return how many blocks stay inside of all gates."""
        first, last = batch.edges[0], batch.edges[-1]
        starts = np.array(batch.edges[:-1]) - first
        off = batch.grams[first:last] - self.level
        sums = np.add.reduceat(off, starts, axis=0)
        complete = not np.isnan(sums.sum())
        counts = np.diff(np.append(starts, last - first))[:, None].astype(np.float64)
        if not complete:
            counts = np.add.reduceat((~np.isnan(off)).astype(np.float64), starts, axis=0)
            off = np.nan_to_num(off, nan=0.0)
            sums = np.add.reduceat(off, starts, axis=0)
        means = sums / np.maximum(counts, 1)
        squares = np.add.reduceat(off * off, starts, axis=0)
        beyond = (np.abs(means) > self.gate).any(axis=1)
        inside = int(beyond.argmax()) if beyond.any() else len(batch)
        return Facts(batch, sums, squares, counts, means, complete), inside

    def accept(self, facts: Facts, blocks: int) -> BoolArray:
        """Take the first blocks of a batch in; return which plates (k,) the last one finds off."""
        if self._blocks == 0:
            self._started_at = facts.batch.start
            self._eligible = self.quiet.copy()
        here = slice(self._blocks, self._blocks + blocks)
        self._sums[here] = facts.sums[:blocks]
        self._squares[here] = facts.squares[:blocks]
        self._counts[here] = facts.counts[:blocks]
        if not facts.complete:
            self._eligible &= (facts.counts[:blocks] > 0).all(axis=0)
        self._blocks += blocks
        left: BoolArray = np.abs(facts.means[blocks - 1]) > self.gate
        return left

    @property
    def room(self) -> int:
        """How many blocks the running group still takes."""
        return GROUP_BLOCKS - self._blocks

    def close_group(self, now: float) -> tuple[BoolArray, float]:
        """Follow levels and noise of the plates that were still for the whole group.

        Returns the plates (k,) whose second differs from their level too much to be followed,
        and when the group began.
        """
        started_at = self._started_at
        elapsed = max(now - started_at, 1e-3) * GROUP_BLOCKS / (GROUP_BLOCKS - 0.5)
        total = self._counts.sum(axis=0)
        count = np.maximum(total, 1)
        off = self._sums.sum(axis=0) / count
        spread = np.maximum(self._squares.sum(axis=0) - count * off * off, 0)
        spread /= np.maximum(count - 1, 1)
        blocks = (self._sums / np.maximum(self._counts, 1)).var(axis=0, ddof=1)
        self._note_rate(total / elapsed)
        still = self._eligible & self.quiet
        self.same_s = np.where(still & (spread < 1e-18), self.same_s + elapsed, 0.0)
        limit = SECOND_GATE * np.maximum(self.second_g, NOISE_FLOOR_G) + 2 * self.level_sigma
        limit = np.maximum(limit, np.maximum(0.3, 1.2 * self.resolution_g))
        left = still & (np.abs(off) > limit)
        still &= ~left
        self._follow_noise(still, spread, blocks, off)
        self._follow_level(still, off, elapsed)
        self._blocks = 0
        self._open_gates()
        return left, started_at

    def _note_rate(self, rate: FloatArray) -> None:
        known = ~np.isnan(self.rate_hz)
        self.rate_hz = np.where(known, self.rate_hz + 0.1 * (rate - self.rate_hz), rate)

    def _follow_noise(
        self, still: BoolArray, spread: FloatArray, blocks: FloatArray, off: FloatArray
    ) -> None:
        """Move the noise estimates: quickly at first and downwards, slowly and bounded upwards."""
        young = 1 / (self._age + 2)
        here = off + self.level
        step = here - self._previous
        self._previous = np.where(still, here, np.nan)
        # A frozen channel says nothing about its noise.
        moving = still & ((spread > 1e-18) | (self.resolution_g > self.sample_g))
        self._age += moving
        for name, seen, valid in (
            ("sample_g", spread, moving),
            ("block_g", blocks, moving),
            ("second_g", step * step / 2, moving & ~np.isnan(step)),
        ):
            known = getattr(self, name) ** 2
            bounded = np.minimum(seen, 9 * known + NOISE_FLOOR_G**2)
            share = np.maximum(young, np.where(bounded > known, 0.05, 0.15))
            if name == "second_g":
                share = np.maximum(young, 0.05)
            setattr(self, name, np.sqrt(np.where(valid, known + share * (bounded - known), known)))

    def _follow_level(self, still: BoolArray, off: FloatArray, elapsed: float) -> None:
        # A level taken while the plate was swinging is known badly and may be corrected faster.
        rate = FOLLOW_G_PER_S + 0.02 * np.nan_to_num(self.second_g) + 0.3 * self.level_sigma
        rate *= elapsed
        share = np.where(self.level_sigma > 2 * np.nan_to_num(self.second_g), 0.4, FOLLOW_SHARE)
        follow = np.clip(share * off, -rate, rate)
        self.level += np.where(still, follow, 0.0)
        least = np.maximum(0.3 * np.nan_to_num(self.second_g), 0.02)
        self.level_sigma = np.where(
            still, np.maximum(self.level_sigma * 0.85, least), self.level_sigma
        )

    def note_resolution(self, grams: FloatArray) -> None:
        """Learn the smallest step (k,) of each quiet channel from a block (n, k)."""
        if len(grams) < 2:
            return
        steps = np.abs(np.diff(grams, axis=0))
        steps[~(steps > 1e-6)] = np.inf
        smallest = steps.min(axis=0)
        seen = self.quiet & np.isfinite(smallest)
        known = np.where(self.resolution_g > 0, self.resolution_g, np.inf)
        self.resolution_g = np.where(seen, np.minimum(known, smallest), self.resolution_g)
