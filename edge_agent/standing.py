"""How the agent stands: the `status` message, the line for systemd, the edges worth a log line."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from edge_agent import __version__
from edge_agent.cloud.events import make_event
from edge_agent.settings import Settings
from edge_agent.shelf.state import Output
from edge_agent.weighing.weigher import PlateHealth

log = logging.getLogger(__name__)


class Standing:
    """What works and what does not, as `status` tells it."""

    def __init__(self, settings: Settings, started_at: float) -> None:
        self._settings = settings
        self._started_at = started_at
        self._faults: dict[str, str] = {}
        self.cloud = "offline" if settings.mqtt is None else "connecting"
        self.clock_trusted = True

    def fault(self, what: str, reason: str) -> None:
        """`what` (a scale, a camera, the broker, the store) does not work, and why."""
        self._faults[what] = reason

    def mended(self, what: str) -> None:
        """`what` works (again)."""
        self._faults.pop(what, None)

    def lost(self, what: str, reason: str) -> None:
        """A device went, or never was: said once in the log, and in `status` until it is back."""
        log.error("%s: %s", what, reason)
        self.fault(what, reason)

    def back(self, what: str, after_s: float) -> None:
        """A device that was lost works again."""
        log.info("%s is back after %.0f s", what, after_s)
        self.mended(what)

    @property
    def faults(self) -> dict[str, str]:
        """What does not work, with the reason."""
        return dict(self._faults)

    def payload(
        self, now: float, health: Mapping[str, PlateHealth], outbox_depth: int
    ) -> dict[str, Any]:
        """The content of a `status` message."""
        return {
            "shelf_id": self._settings.shelf_id,
            "state": "online",
            "version": __version__,
            "uptime_s": round(now - self._started_at),
            "cloud": self.cloud,
            "clock_trusted": self.clock_trusted,
            "outbox": outbox_depth,
            "faults": [{"what": w, "reason": r} for w, r in sorted(self._faults.items())],
            "plates": [
                {
                    "plate": plate,
                    "weight_g": _rounded(h.weight_g, 1),
                    "noise_g": _rounded(h.noise_g, 3),
                    "rate_hz": _rounded(h.rate_hz, 1),
                    "still": h.still,
                    "dropouts": h.dropouts,
                    "saturated": h.saturated,
                    "frozen": h.frozen,
                }
                for plate, h in health.items()
            ],
        }

    def edges(self) -> str:
        """What a change of is worth a new `status` message at once."""
        return json.dumps([self.cloud, self.clock_trusted, sorted(self._faults)])

    def line(self) -> str:
        """One line for `systemctl status`."""
        if self._faults:
            return "; ".join(f"{what}: {reason}" for what, reason in sorted(self._faults.items()))
        return f"weighing, cloud {self.cloud}"


def status_output(payload: dict[str, Any], at: float) -> Output:
    """A `status` message; the broker keeps it."""
    return Output("status", "shelf.status", "status", at, payload, retain=True)


def last_will(settings: Settings, epoch: str, at: float) -> bytes:
    """What the broker tells once the shelf is gone. Each connection's has an id of its own."""
    return make_event(
        source=f"/shelves/{settings.shelf_id}",
        event_id=f"{epoch}-will-{round(at * 1000)}",
        type="shelf.status",
        at=at,
        data={"shelf_id": settings.shelf_id, "state": "offline", "version": __version__},
    )


def _rounded(figure: float, digits: int) -> float | None:
    """A figure as a message may carry it; null where it is not known yet (NaN)."""
    return None if math.isnan(figure) else round(figure, digits)


def health_rows(health: Mapping[str, PlateHealth]) -> list[dict[str, Any]]:
    """Every plate's health as commands read it; NaN becomes null."""
    rows: list[dict[str, Any]] = []
    for plate, figures in health.items():
        row: dict[str, Any] = {"plate": plate, **asdict(figures)}
        rows.append(
            {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        )
    return rows
