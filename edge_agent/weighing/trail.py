"""What one plate's signal did lately: its blocks, and the samples in them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.plateau import Stretch, measure

FloatArray = npt.NDArray[np.float64]

# Samples are kept this many blocks (about 6 s) for hindsight, block means twenty times as long.
KEPT_SAMPLES = 60
KEPT_BLOCKS = 1000


class Trail:
    """Blocks of one plate, oldest first: times in Unix seconds, means in grams."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.means: list[float] = []
        self.counts: list[float] = []
        self._samples: list[tuple[FloatArray, FloatArray] | None] = []

    def __len__(self) -> int:
        return len(self.means)

    def add(self, times: FloatArray, grams: FloatArray) -> float | None:
        """Append a block of samples (n,), NaN where missing; return its mean, None if empty."""
        mean = float(grams.mean())
        if math.isnan(mean):
            valid = ~np.isnan(grams)
            times, grams = times[valid], grams[valid]
            if not len(times):
                return None
            mean = float(grams.mean())
        self.starts.append(float(times[0]))
        self.ends.append(float(times[-1]))
        self.means.append(mean)
        self.counts.append(float(len(times)))
        self._samples.append((times, grams))
        if len(self._samples) > KEPT_SAMPLES:
            self._samples[-KEPT_SAMPLES - 1] = None
        return mean

    def forget(self) -> int:
        """Drop blocks beyond KEPT_BLOCKS; return how many were dropped."""
        excess = len(self.means) - KEPT_BLOCKS
        if excess <= KEPT_BLOCKS // 4:
            return 0
        for column in (self.starts, self.ends, self.means, self.counts, self._samples):
            del column[:excess]
        return excess

    def since(self, at: float) -> int:
        """Return the index of the first block that starts at or after a time."""
        index = len(self.starts)
        while index and self.starts[index - 1] >= at:
            index -= 1
        return index

    def tail(self, span_s: float, least_blocks: int, first: int) -> int | None:
        """Return where the last `span_s` begin, None if they reach to before block `first`."""
        index = len(self.starts) - least_blocks
        end = self.ends[-1] if self.ends else 0.0
        while index > first and end - self.starts[index] < span_s:
            index -= 1
        if index < first or end - self.starts[index] < span_s:
            return None
        return index

    def measure(self, first: int, last: int, least_block_g: float) -> Stretch:
        """Measure the blocks from `first` up to, not including, `last`."""
        return measure(
            self.means[first:last],
            self.counts[first:last],
            self.ends[last - 1] - self.starts[first],
            least_block_g,
        )

    def blocks(self, first: int, last: int | None = None) -> list[tuple[FloatArray, FloatArray]]:
        """Return times and grams of each of the blocks `first:last` that still has its samples."""
        return [pair for pair in self._samples[max(first, 0) : last] if pair is not None]

    def samples(self, first: int, last: int | None = None) -> tuple[FloatArray, FloatArray]:
        """Return times and grams (n,) of the blocks `first:last` that still have them."""
        kept = self.blocks(first, last)
        if not kept:
            return np.empty(0), np.empty(0)
        return np.concatenate([t for t, _ in kept]), np.concatenate([g for _, g in kept])

    def flicker(self, first: int) -> float:
        """Return the step of a coarse channel whose samples take two neighbouring values, or 0."""
        _, grams = self.samples(first)
        values = np.unique(grams)
        back_and_forth = np.count_nonzero(np.diff(grams)) > 1
        return float(values[1] - values[0]) if len(values) == 2 and back_and_forth else 0.0

    def back_to(self, level_g: float, tolerance_g: float, first: int, last: int) -> int:
        """Walk back from block `last` while the means stay near a level; return where it began."""
        index = last
        while index > first and abs(self.means[index - 1] - level_g) <= tolerance_g:
            index -= 1
        return index

    def held_since(self, level_g: float, tolerance_g: float, first: int, last: int) -> float:
        """Return since when, going back from block `last`, the smoothed signal is near a level.

        Smoothed over three blocks, so that a platform's ringing (8 Hz and more) does not hide
        that the goods had already gone.
        """
        index = last
        while index - 1 >= first:
            window = self.means[max(index - 2, first) : index + 1]
            if abs(sum(window) / len(window) - level_g) > tolerance_g:
                break
            index -= 1
        return self.starts[index]

    def onset(self, level_g: float, tolerance_g: float, block: int) -> float:
        """Return when the signal left a level, seen from the first block that is clearly off.

        The first of two consecutive samples that are off on the same side, from the block before
        on.
        """
        times, grams = self.samples(block - 1)
        off = grams - level_g
        far = np.abs(off) > tolerance_g
        pairs = far[:-1] & far[1:] & (off[:-1] * off[1:] > 0)
        hits = np.flatnonzero(pairs)
        if len(hits):
            return float(times[hits[0]])
        return self.starts[block]
