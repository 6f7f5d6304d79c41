"""What runs beside the agent's loop: scales, cameras, the cloud."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol


class Adapter(Protocol):
    """One device or connection, in threads of its own."""

    def start(self) -> None:
        """Begin, in the background."""

    def stop(self) -> None:
        """End, within about a second."""


class AdapterThread(ABC):
    """An adapter's one thread: `_run` works until `_stopping` is set."""

    def __init__(self, name: str, stop_s: float) -> None:
        self._stopping = threading.Event()
        self._stop_s = stop_s
        # A daemon, since a device can block for longer than `stop` may take.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in the background; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End, waiting no longer than `stop_s` seconds."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(self._stop_s)

    def is_alive(self) -> bool:
        """Whether the thread runs; it also ends where there is nothing more to do."""
        return self._thread.is_alive()

    @abstractmethod
    def _run(self) -> None:
        """Work, until told to stop."""


def stop_together(adapters: Sequence[Adapter]) -> None:
    """End all of them side by side, since each may take most of a second and SIGTERM allows two."""
    threads = [threading.Thread(target=adapter.stop) for adapter in adapters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(1.0)
