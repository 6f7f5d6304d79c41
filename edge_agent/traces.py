"""Keeps what the weight did around each change, for the picture of it."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge_agent.errors import StoreError
from edge_agent.store.traces import TraceRow, Traces
from edge_agent.trace_codec import pack, thinned
from edge_agent.weighing.change import WeightChange

log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]
_Ring = deque[tuple[FloatArray, npt.NDArray[np.float32]]]

BEFORE_S = 2.0
AFTER_S = 3.0
# How much of all plates is remembered: 64 plates at 80 samples/s are 1.3 MB.
REMEMBERED_S = 60.0
# Traces of one visit are written together, to spare the card.
LINGER_S = 4.0
KEPT_DAYS = 30
MOST_KEPT = 3000


class TraceKeeper:
    """Remembers the last minute of all plates, and stores a change's part of it soon after.

    Used by one thread. A trace that cannot be stored is lost, and nothing else is.
    """

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._rings: dict[str, _Ring] = {}
        self._columns: dict[str, tuple[_Ring, int]] = {}
        self._wanted: dict[str, WeightChange] = {}
        self._due_at = math.inf
        self._failing = False

    def remember(self, plates: Sequence[str], times: FloatArray, grams: FloatArray) -> None:
        """Take a block of the plates of one scale: times (n,) Unix seconds, grams (n, plates)."""
        ring = self._rings.get(plates[0])
        if ring is None:
            ring = self._rings[plates[0]] = deque()
            self._columns |= {plate: (ring, column) for column, plate in enumerate(plates)}
        if ring and times[0] < ring[-1][0][-1]:
            # The clock was set back: what came before has no place beside what comes now.
            ring.clear()
        # Copies: a block may be a view of much more.
        ring.append((times.copy(), grams.astype(np.float32)))
        while times[-1] - ring[0][0][-1] > REMEMBERED_S:
            ring.popleft()

    def on_change(self, change: WeightChange) -> None:
        """Store what surrounds this change as soon as that is known; again when it is revised."""
        if change.withdrawn or change.unobserved:
            return
        self._wanted[change.change_id] = change
        self._due_at = min(self._due_at, change.settled_at + AFTER_S + LINGER_S)

    def keep_due(self, now: float) -> None:
        """Store the traces that are complete by `now`, if some have waited long enough."""
        if now < self._due_at:
            return
        self._keep([c for c in self._wanted.values() if c.settled_at + AFTER_S <= now], now)

    def keep_all(self, now: float) -> None:
        """Store all traces as far as they go: no more samples come."""
        self._keep(list(self._wanted.values()), now)

    def _keep(self, ready: Sequence[WeightChange], now: float) -> None:
        for change in ready:
            del self._wanted[change.change_id]
        waiting = (c.settled_at for c in self._wanted.values())
        self._due_at = min(waiting, default=math.inf) + AFTER_S + LINGER_S
        rows = [row for change in ready if (row := self._row(change)) is not None]
        if rows:
            self._store(rows, now)

    def _row(self, change: WeightChange) -> TraceRow | None:
        ring, column = self._columns.get(change.plate, (None, 0))
        begin, end = change.started_at - BEFORE_S, change.settled_at + AFTER_S
        if not ring:
            return None
        if float(ring[0][0][0]) > change.started_at and change.revision > 1:
            # Its beginning is forgotten; an earlier revision's trace has it.
            return None
        blocks = [(t, g) for t, g in ring if t[-1] >= begin and t[0] <= end]
        if not blocks:
            return None
        times = np.concatenate([t for t, _ in blocks])
        grams = np.concatenate([g[:, column] for _, g in blocks]).astype(np.float64)
        wanted = np.isfinite(grams) & (times >= begin) & (times <= end)
        if not wanted.any():
            return None
        samples = pack(*thinned(times[wanted], grams[wanted]))
        return TraceRow(change.change_id, change.plate, change.settled_at, samples)

    def _store(self, rows: Sequence[TraceRow], now: float) -> None:
        reason = "the disk is nearly full"
        try:
            kept = self._traces.put(rows, most=MOST_KEPT, since=now - KEPT_DAYS * 86400)
        except StoreError as error:
            kept, reason = False, str(error)
        if not kept and not self._failing:
            log.warning("changes are kept without their traces for now: %s", reason)
        elif kept and self._failing:
            log.info("the traces of changes are kept again")
        self._failing = not kept
