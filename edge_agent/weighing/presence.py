"""Which channels give samples, which do not, and since when: dropouts, pauses, gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.blocks import GAP_S, Batch
from edge_agent.weighing.quiet import Facts

FloatArray = npt.NDArray[np.float64]

# A channel that fills less than this share of the rows is slower than the others, not failing.
OWN_SHARE = 0.5


class Presence:
    """Counts what is missing of k channels and remembers when each was last seen."""

    def __init__(self, plates: int) -> None:
        self.dropouts = np.zeros(plates, dtype=np.int64)
        self._weight_g = np.full(plates, np.nan)
        self._seen_at = np.full(plates, np.nan)
        self._share = np.ones(plates)
        self._until: float | None = None
        self._latest: Batch | None = None

    def note(self, facts: Facts, blocks: int) -> list[tuple[int, float]]:
        """Take the first blocks of a batch; return plates back after a gap, and when last seen."""
        batch = facts.batch if blocks == len(facts.batch) else facts.batch.part(0, blocks)
        self._latest = batch
        if facts.complete and self._until is not None:
            seen_at, self._until = self._until, batch.end
            if batch.start - seen_at <= GAP_S:
                return []
            self.dropouts += 1
            return [(j, seen_at) for j in range(len(self._seen_at))]
        if self._until is not None:
            self._seen_at[:] = self._until
        counts = facts.counts[:blocks].sum(axis=0) + np.zeros(len(self._seen_at))
        here = counts > 0
        gap = here & (batch.start - self._seen_at > GAP_S)
        back = [(int(j), float(self._seen_at[j])) for j in np.flatnonzero(gap)]
        self._count(counts / (batch.edges[-1] - batch.edges[0]), counts, gap, batch)
        self._seen_at = np.where(here, batch.end, self._seen_at)
        self._until = batch.end if facts.complete else None
        if not facts.complete:
            self._weigh(batch)
        return back

    def _count(
        self, share: FloatArray, counts: FloatArray, gap: npt.NDArray[np.bool_], batch: Batch
    ) -> None:
        missing = batch.edges[-1] - batch.edges[0] - counts
        self._share += 0.02 * (share - self._share)
        own = self._share >= OWN_SHARE
        self.dropouts += np.where(own, missing, 0).astype(np.int64) + (gap & (missing == 0))

    def latest(self) -> tuple[FloatArray, FloatArray]:
        """Return when each plate was last seen and its weight then (k,), NaN if never."""
        if self._until is not None:
            self._seen_at[:] = self._until
        if self._latest is not None:
            self._weigh(self._latest)
        return self._seen_at, self._weight_g

    def _weigh(self, batch: Batch) -> None:
        """Note the mean of a batch's last block as the weight of the plates that are in it."""
        block = batch.grams[batch.edges[-2] : batch.edges[-1]]
        here = ~np.isnan(block)
        counts = here.sum(axis=0)
        mean = np.where(here, block, 0.0).sum(axis=0) / np.maximum(counts, 1)
        self._weight_g = np.where(counts > 0, mean, self._weight_g)
