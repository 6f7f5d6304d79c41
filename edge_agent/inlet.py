"""What the adapters' threads have to say, on its way to the agent's one loop."""

from __future__ import annotations

import logging
import queue
from typing import Any

log = logging.getLogger(__name__)

# Bounds the memory while a write hangs on a slow card or a full one.
MOST_EVENTS = 10_000
AT_ONCE = 100
PUT_S = 5.0


class Inlet:
    """A bounded queue of events; any thread puts, the loop alone takes."""

    def __init__(self) -> None:
        self._events: queue.Queue[Any] = queue.Queue(MOST_EVENTS)
        self._dropped = 0

    def put(self, event: Any) -> None:
        """Give an event to the loop; dropped where there is no room for 5 s, which is said once."""
        try:
            self._events.put(event, timeout=PUT_S)
        except queue.Full:
            if not self._dropped:
                log.error("The loop does not keep up; what the scales tell is dropped")
            self._dropped += 1
            return
        if self._dropped:
            log.warning("The loop keeps up again; %d events were dropped", self._dropped)
            self._dropped = 0

    def put_surely(self, event: Any) -> None:
        """Give an event to the loop, however long that takes."""
        self._events.put(event)

    def take(self, wait_s: float) -> list[Any]:
        """Return what has come, in its order, waiting up to `wait_s` for the first."""
        try:
            events = [self._events.get(timeout=wait_s)]
        except queue.Empty:
            return []
        while not self._events.empty() and len(events) < AT_ONCE:
            events.append(self._events.get_nowait())
        return events
