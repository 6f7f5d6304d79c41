"""What the scales gave in the last seconds, as counts: enough to zero a plate by."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ScaleError
from edge_agent.sensing.scale import ScaleBlock

FloatArray = npt.NDArray[np.float64]

# A slow indicator gives a few samples a second; then more than these seconds are kept.
KEPT_S = 5.0
LEAST_SAMPLES = 30
SILENT_S = 2.0
SILENT_INTERVALS = 3.0


class RecentCounts:
    """The last blocks of each scale; used by the agent's loop alone."""

    def __init__(self) -> None:
        self._blocks: dict[str, deque[ScaleBlock]] = {}

    def note(self, block: ScaleBlock) -> None:
        """Remember a block; what is older than `KEPT_S` goes, but `LEAST_SAMPLES` stay."""
        blocks = self._blocks.setdefault(block.scale_id, deque())
        blocks.append(block)
        since = float(block.times[-1]) - KEPT_S
        samples = sum(len(b.times) for b in blocks)
        while float(blocks[0].times[-1]) < since and samples - len(blocks[0].times) > LEAST_SAMPLES:
            samples -= len(blocks.popleft().times)

    def of(self, scale_id: str, channel: int, now: float) -> FloatArray:
        """Return the last counts (n,) of one channel, NaN where a sample is missing.

        Raises ScaleError where the scale is silent.
        """
        blocks = self._blocks.get(scale_id, ())
        times = np.concatenate([b.times for b in blocks]) if blocks else np.empty(0)
        paces = np.diff(times)
        silent_s = max(SILENT_S, SILENT_INTERVALS * float(np.median(paces)) if len(paces) else 0.0)
        if not len(times) or now - float(times[-1]) > silent_s:
            raise ScaleError(
                f"Scale {scale_id!r} gives no samples. Check its power and cable, then run "
                "`edge-agent doctor`."
            )
        counts: FloatArray = np.concatenate([b.counts[:, channel] for b in blocks])
        return counts
