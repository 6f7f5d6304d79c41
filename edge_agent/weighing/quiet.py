"""The quiet path: all plates of a scale at once, a few numpy operations a block.

Here stand each channel's level, its own noise on three time scales and the gates made from it.
A plate that leaves its gate goes to a `Disturbance` and is not looked at here until it rests.
"""

from __future__ import annotations

import math
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
# A second must be as many of its own off.
GATES = np.array([[4.5], [4.2]])
LEAST_GATE_G = 0.3
# Creep after a load is 0.15 g/min, a warming cell a few grams an hour: follow ten times that, so
# that goods (grams at once) are never followed away. Noisy cells wander more between seconds.
FOLLOW_G_PER_S = 0.02
FOLLOW_SHARE = 0.08
NOISE_FLOOR_G = 0.01
# A variance under this is rounding: the channel repeats one value.
CONSTANT_G2 = 1e-9
# How fast the noise estimates fall; that of seconds has a tenth of the data.
FALLING = np.array([[0.15], [0.15], [0.05]])
FROZEN_S = 10.0


@dataclass(frozen=True, slots=True)
class Facts:
    """m blocks of all plates: sums and sums of squares of what is off their level (m, k); g.

    `counts` (m, k), or (m, 1) where `complete` says that none is missing, are the samples;
    `beyond` (m, k) says which means are off by more than their plate's gate.
    """

    batch: Batch
    sums: FloatArray
    squares: FloatArray
    counts: FloatArray
    beyond: BoolArray
    complete: bool


class QuietBank:
    """Levels and noise of k plates, followed while they are still; arrays are (k,), grams."""

    def __init__(self, plates: int) -> None:
        self.level = np.zeros(plates)
        self.level_sigma = np.zeros(plates)
        self.quiet = np.zeros(plates, dtype=np.bool_)
        self.quiet_since = np.zeros(plates)
        # Variances, and their roots: of a sample, of a block's mean, of a second's mean.
        self._variance = np.zeros((3, plates))
        self._noise_g = np.full((3, plates), np.nan)
        self.resolution_g = np.zeros(plates)
        self.rate_hz = np.full(plates, np.nan)
        self.same_s = np.zeros(plates)
        self.gate = np.full(plates, np.inf)
        self._second_gate = np.full(plates, np.inf)
        self._previous = np.full(plates, np.nan)
        self._age = np.zeros(plates)
        self._eligible = np.zeros(plates, dtype=np.bool_)
        self._groups = 0
        self._blocks = 0
        self._started_at = 0.0
        self._sums = np.zeros((GROUP_BLOCKS, plates))
        self._squares = np.zeros((GROUP_BLOCKS, plates))
        self._counts = np.zeros((GROUP_BLOCKS, plates))

    @property
    def sample_g(self) -> FloatArray:
        """Noise of one sample (k,), NaN before the first rest."""
        sample: FloatArray = self._noise_g[0]
        return sample

    def noise(self, plate: int) -> Noise:
        """Return the noise of one plate (its column) as the slow path wants it."""
        floor = max(NOISE_FLOOR_G, 0.29 * float(self.resolution_g[plate]))
        sample, block, second = (float(known) for known in np.nan_to_num(self._noise_g[:, plate]))
        return Noise(max(sample, floor), max(block, floor), max(second, floor / 2))

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
        """Set the noise of a plate from its first rest."""
        self._age[plate] = 0
        self._set_noise(plate, sample_g, block_g, block_g / 2)

    def raise_noise(self, plate: int, block_g: float) -> None:
        """A plate rests, but rougher than it did: its noise has risen, for now at least."""
        sample, block, second = self._noise_g[:, plate]
        block_g = min(block_g, 3 * max(float(block), NOISE_FLOOR_G))
        if block_g > block:
            sample *= min(block_g / max(block, NOISE_FLOOR_G), 3.0)
            self._set_noise(plate, sample, block_g, max(second, 0.3 * block_g))

    def _set_noise(self, plate: int, sample_g: float, block_g: float, second_g: float) -> None:
        self._noise_g[:, plate] = sample_g, block_g, second_g
        self._variance[:, plate] = self._noise_g[:, plate] ** 2

    def _open_gates(self) -> None:
        """Make the gates of a block and of a second from noise, resolution and doubt; (2, k)."""
        floor = np.maximum(NOISE_FLOOR_G, 0.29 * self.resolution_g)
        gates = GATES * np.maximum(self._noise_g[1:], floor) + 2 * self.level_sigma
        gates = np.maximum(gates, np.maximum(LEAST_GATE_G, 1.2 * self.resolution_g))
        self.gate = np.where(self.quiet, gates[0], np.inf)
        self._second_gate = gates[1]

    def examine(self, batch: Batch) -> tuple[Facts, int]:
        """Measure a batch against the levels; return how many blocks stay inside of all gates."""
        edges = np.array(batch.edges)
        starts = edges[:-1] - edges[0]
        off = batch.grams[edges[0] : edges[-1]] - self.level
        sums = np.add.reduceat(off, starts, axis=0)
        complete = not math.isnan(sums.sum())
        counts = (edges[1:] - edges[:-1])[:, None].astype(np.float64)
        means = sums / counts
        if not complete:
            counts = np.add.reduceat((~np.isnan(off)).astype(np.float64), starts, axis=0)
            off = np.nan_to_num(off, nan=0.0)
            sums = np.add.reduceat(off, starts, axis=0)
            means = sums / np.maximum(counts, 1)
        squares = np.add.reduceat(off * off, starts, axis=0)
        beyond = np.abs(means) > self.gate
        inside = int(beyond.any(axis=1).argmax()) if beyond.any() else len(starts)
        return Facts(batch, sums, squares, counts, beyond, complete), inside

    def accept(self, facts: Facts, blocks: int) -> None:
        """Take the first blocks of a batch in."""
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
        total = self._counts.sum(axis=0)
        # n samples span n - 1 intervals.
        rows = max(float(total.max()), 2.0)
        elapsed = max(now - started_at, 1e-3) * rows / (rows - 1)
        count = np.maximum(total, 1)
        off = self._sums.sum(axis=0) / count
        spread = np.maximum(self._squares.sum(axis=0) - count * off * off, 0)
        spread /= np.maximum(count - 1, 1)
        blocks = (self._sums / np.maximum(self._counts, 1)).var(axis=0, ddof=1)
        self._note_rate(total / elapsed)
        still = self._eligible & self.quiet
        alive = spread > CONSTANT_G2
        self.same_s = np.where(alive | ~still, 0.0, self.same_s + elapsed)
        left = still & (np.abs(off) > self._second_gate)
        still &= ~left
        # A frozen channel says nothing about its noise.
        known = still & (alive | (self.resolution_g > self.sample_g))
        self._follow_noise(still, known, np.array((spread, blocks, off + self.level)))
        self._follow_level(still, off, elapsed)
        self._blocks = 0
        self._open_gates()
        return left, started_at

    def _note_rate(self, rate: FloatArray) -> None:
        new = np.isnan(self.rate_hz)
        self.rate_hz = np.where(new, rate, self.rate_hz + 0.1 * (rate - self.rate_hz))

    def _follow_noise(self, still: BoolArray, valid: BoolArray, seen: FloatArray) -> None:
        """Move the noise estimates: quickly at first and downwards, slowly and bounded upwards.

        `seen` (3, k) are the variances of samples and blocks in this group, and its level, whose
        steps from group to group give the third.
        """
        level = seen[2]
        seen[2] = (level - self._previous) ** 2 / 2
        self._previous = np.where(still, level, np.nan)
        young = 1 / (self._age + 2)
        self._age += valid
        known = self._variance
        change = np.minimum(seen, 9 * known + NOISE_FLOOR_G**2) - known
        share = np.maximum(young, np.where(change > 0, 0.05, FALLING))
        # Fails for NaN too: no step is known in a plate's first group.
        usable = valid & (seen >= 0)
        self._variance = np.where(usable, known + share * change, known)
        self._noise_g = np.sqrt(self._variance)

    def _follow_level(self, still: BoolArray, off: FloatArray, elapsed: float) -> None:
        second_g, sigma = self._noise_g[2], self.level_sigma
        # A level taken while the plate was swinging is known badly and may be corrected faster.
        rate = (FOLLOW_G_PER_S + 0.02 * second_g + 0.3 * sigma) * elapsed
        share = np.where(sigma > 2 * second_g, 0.4, FOLLOW_SHARE)
        follow = np.minimum(np.maximum(share * off, -rate), rate)
        self.level = np.where(still, self.level + follow, self.level)
        surer = np.maximum(sigma * 0.85, np.maximum(0.3 * second_g, 0.02))
        self.level_sigma = np.where(still, surer, sigma)

    def note_resolution(self, grams: FloatArray) -> None:
        """Learn the smallest step (k,) of each quiet channel from a block (n, k), now and then."""
        self._groups += 1
        if len(grams) < 2 or (self._groups > 20 and self._groups % 10):
            return
        steps = np.abs(np.diff(grams, axis=0))
        steps[~(steps > 1e-6)] = np.inf
        smallest = steps.min(axis=0)
        seen = self.quiet & np.isfinite(smallest)
        known = np.where(self.resolution_g > 0, self.resolution_g, np.inf)
        self.resolution_g = np.where(seen, np.minimum(known, smallest), self.resolution_g)
