"""When a device is told as lost and as found, and how long to wait before trying again. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPauses:
    """Pauses between attempts, in seconds: from `first_s`, doubling, to at most `longest_s`.

    They start from `first_s` again once the device has worked for `healthy_s`, so that one with a
    loose contact does not report itself twice a second.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    healthy_s: float = 10.0


class Outage:
    """Tells edges from levels: `failed` and `worked` may be called as often as things happen.

    `now` is a monotonic time in seconds.
    """

    def __init__(self, pauses: RetryPauses) -> None:
        self._pauses = pauses
        self._lost_since: float | None = None
        self._works_since: float | None = None
        self.pause_s = 0.0

    def failed(self, now: float) -> bool:
        """Note a failure, set the next `pause_s`; True when it is the first since it worked."""
        was_healthy = (
            self._works_since is not None and now - self._works_since >= self._pauses.healthy_s
        )
        self._works_since = None
        grown_s = 0.0 if was_healthy else self.pause_s * 2
        self.pause_s = min(max(grown_s, self._pauses.first_s), self._pauses.longest_s)
        if self._lost_since is not None:
            return False
        self._lost_since = now
        return True

    def worked(self, now: float) -> float | None:
        """Note that it works; return how long it was away (s) when it has just come back."""
        if self._works_since is None:
            self._works_since = now
        if self._lost_since is None:
            return None
        away_s, self._lost_since = now - self._lost_since, None
        return away_s
