"""Samples into blocks of about a tenth of a second, whatever pieces they arrive in.

All later decisions are made block by block, and where a block ends depends on the sample times
alone: the same samples give the same changes, fed one at a time or a day at once.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# A touch less than 0.1 s, so that jitter does not pair the samples of a 10 Hz channel.
BLOCK_S = 0.095
# A gap this long is a hole in what we know: the plate is compared with its level before.
GAP_S = 2.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive blocks without a gap: `times` (n,), `grams` (n, k), where each block begins.

    `edges` has one more entry than there are blocks: the end of the last.
    """

    times: FloatArray
    grams: FloatArray
    edges: Sequence[int]

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def start(self) -> float:
        """When the first sample was taken."""
        return float(self.times[self.edges[0]])

    @property
    def end(self) -> float:
        """When the last sample was taken."""
        return float(self.times[self.edges[-1] - 1])

    def part(self, first: int, last: int) -> Batch:
        """Return the blocks `first:last` as a batch over the same samples."""
        if first == 0 and last == len(self):
            return self
        return Batch(self.times, self.grams, self.edges[first : last + 1])

    def column(self, plate: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield times and grams (n,) of one plate, block by block."""
        for first, last in itertools.pairwise(self.edges):
            yield self.times[first:last], self.grams[first:last, plate]


class BlockCutter:
    """Cuts rows of samples into blocks that span at least BLOCK_S each."""

    def __init__(self) -> None:
        self._times: list[FloatArray] = []
        self._grams: list[FloatArray] = []

    def feed(self, times: FloatArray, grams: FloatArray) -> Iterator[Batch]:
        """Yield the blocks that these samples (n,), (n, k) complete, split at gaps.

        A block is complete once a sample after its end is known; the rest is kept.
        """
        if self._times:
            times = np.concatenate((*self._times, times))
            grams = np.concatenate((*self._grams, grams))
        clock = times.tolist()
        edges = [0]
        first, count = 0, len(clock)
        while first < count:
            last = bisect_left(clock, clock[first] + BLOCK_S, first)
            if last >= count:
                break
            edges.append(last)
            if clock[last] - clock[last - 1] > GAP_S:
                yield Batch(times, grams, edges)
                edges = [last]
            first = last
        if len(edges) > 1:
            yield Batch(times, grams, edges)
        self._times = [times[first:]] if first < count else []
        self._grams = [grams[first:]] if first < count else []

    def rest(self) -> Iterator[Batch]:
        """Yield what is left as a last, shorter block."""
        if self._times:
            yield Batch(self._times[0], self._grams[0], [0, len(self._times[0])])
        self._times, self._grams = [], []
