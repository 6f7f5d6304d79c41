"""Points in time as people write them on a command line."""

from __future__ import annotations

import re
from datetime import datetime

from edge_agent.errors import UsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_since(text: str, now: float, option: str = "--since") -> float:
    """`90m`, `24h`, `7d` before `now`, or a date or time, local where it names no zone.

    Returns Unix seconds; raises UsageError where it is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - float(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{option} {text!r} is no time. Write how long ago (90m, 24h, 7d) or a date "
            "(2026-03-01, 2026-03-01T12:00)."
        ) from error
