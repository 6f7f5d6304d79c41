"""What runs beside the agent's loop: scales, cameras, the cloud."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol


class Adapter(Protocol):
    """One device or connection, in threads of its own."""

    def start(self) -> None:
        """Begin, in the background."""

    def stop(self) -> None:
        """End, within about a second."""


def stop_together(adapters: Sequence[Adapter]) -> None:
    """End all of them side by side, since each may take most of a second and SIGTERM allows two."""
    threads = [threading.Thread(target=adapter.stop) for adapter in adapters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(1.0)
