"""What the agent does by the clock: its status, the clock itself, the watchdog, tidying,
how long the shelf was watched."""

from __future__ import annotations

import logging
import time

from edge_agent.clock import SteadyClock
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.report.keeping import Watch, all_scales_work
from edge_agent.shelf.facts import ClockFact
from edge_agent.shelf.state import Output
from edge_agent.standing import Standing, status_output
from edge_agent.store.store import Store
from edge_agent.systemd_notify import Notifier

log = logging.getLogger(__name__)

STATUS_EVERY_S = 60.0
TIDY_EVERY_S = 3600.0
CLOCK_EVERY_S = 5.0


class Upkeep:
    """Does what is due; used by the agent's loop alone."""

    def __init__(
        self,
        ledger: Ledger,
        pipeline: Pipeline,
        store: Store,
        standing: Standing,
        notifier: Notifier,
        clock: SteadyClock,
    ) -> None:
        self._ledger = ledger
        self._pipeline = pipeline
        self._store = store
        self._standing = standing
        self._notifier = notifier
        self._clock = clock
        self._status_at = 0.0
        self._told_edges = ""
        self._clock_at = 0.0
        self._tidy_at = clock.now()
        self._fed_at = 0.0
        self._watch = Watch(clock.now())
        # What was stored last cannot lie ahead of a clock that is right.
        self._not_before = ledger.state.now

    def work(self, now: float) -> list[Output]:
        """Do what is due at `now`; returns what was decided. Raises StoreError."""
        outputs = self.check_clock(now)
        is_watching = self._standing.clock_trusted and all_scales_work(self._standing.faults)
        self._watch.saw(now, is_watching=is_watching)
        self._tell_status(now)
        if now - self._tidy_at >= TIDY_EVERY_S:
            self._tidy_at = now
            self._ledger.tidy(now)
            self._store.refill_reserve()
        return outputs

    def tell_status_soon(self) -> None:
        """Publish `status` with the next round."""
        self._status_at = 0.0

    def check_clock(self, now: float, *, first: bool = False) -> list[Output]:
        """Follow a wall clock that was set, and say whether the time can be right."""
        if not first and now - self._clock_at < CLOCK_EVERY_S:
            return []
        step_s = self._clock.follow()
        if step_s:
            log.warning("the clock was set by %+.1f s", step_s)
            self._status_at = self._tidy_at = 0.0
        self._clock_at = self._clock.now()
        trusted = self._clock.is_plausible(self._not_before)
        self._standing.clock_trusted = trusted
        if trusted == self._ledger.state.clock_trusted:
            return []
        return self._ledger.take(ClockFact(self._clock_at, trusted))

    def keep_watched(self) -> None:
        """Write what was watched since the last time, because the agent ends."""
        self._store.history.add(self._watch.unwritten)
        self._watch.written(self._clock.now())

    def feed_watchdog(self) -> None:
        """Tell systemd that the agent makes progress, as often as it wants to hear it."""
        interval_s = self._notifier.watchdog_interval_s
        if interval_s is not None and time.monotonic() - self._fed_at >= interval_s / 2:
            self._fed_at = time.monotonic()
            self._notifier.watchdog()

    def _tell_status(self, now: float) -> None:
        edges = self._standing.edges()
        if now - self._status_at < STATUS_EVERY_S and edges == self._told_edges:
            return
        self._status_at, self._told_edges = now, edges
        payload = self._standing.payload(now, self._pipeline.health(), self._store.outbox.depth)
        observed = self._watch.due(now)
        # The time observed rides on a write that happens anyway: no wear of its own.
        with self._store.atomic():
            self._ledger.tell(status_output(payload, now))
            if observed:
                self._store.history.add(observed)
        if observed:
            self._watch.written(now)
        self._notifier.status(self._standing.line())
