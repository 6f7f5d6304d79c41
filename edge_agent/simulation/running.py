"""The simulated shelves that run in this process: its scale and its camera are of one shelf."""

from __future__ import annotations

import threading
from weakref import WeakValueDictionary

from edge_agent.simulation.live import LiveShelf


class RunningShelf:
    """A shelf whose samples one thread takes while another looks at it; `with` keeps others off."""

    def __init__(self, shelf: LiveShelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()

    def __enter__(self) -> LiveShelf:
        self._lock.acquire()
        return self._shelf

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_running: WeakValueDictionary[int, RunningShelf] = WeakValueDictionary()
_starting = threading.Lock()


def running_shelf(seed: int, now: float) -> RunningShelf:
    """The shelf of this seed, started at `now` (Unix seconds) where it does not run yet.

    It runs as long as somebody holds it. It stands for a device outside of the program, of which
    there is also only one, whoever opens it.
    """
    with _starting:
        found = _running.get(seed)
        if found is None:
            found = RunningShelf(LiveShelf(seed=seed, start_at=now))
            _running[seed] = found
        return found


def run_shelf(seed: int, shelf: LiveShelf) -> RunningShelf:
    """Let this shelf be the one that runs for a seed, as long as the answer is held."""
    with _starting:
        running = _running[seed] = RunningShelf(shelf)
        return running
