"""Live weights: as lines, and as a table that refreshes itself in a terminal."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

STALE_S = 3.0
# At two a second, the last twelve seconds.
TRAIL = 24
WIDE = 102
BARS = "▁▂▃▄▅▆▇█"
# What moves less than this many of the smallest changes told is drawn as the noise it is.
QUIET_RANGE = 2.0
STYLES = {"still": "green", "moving": "yellow"}
WRONG = "bold red"

Plate = dict[str, Any]


def plate_state(plate: Plate, now: float) -> str:
    """One word for how a plate is doing; the worst that applies."""
    at = plate["at"]
    if at is None or now - at > STALE_S:
        return "no samples"
    if plate["saturated"]:
        return "saturated"
    if plate["frozen"]:
        return "frozen"
    return "still" if plate["still"] else "moving"


def with_states(plates: Sequence[Plate], now: float) -> list[Plate]:
    """Plates as programs read them: with their `state` in a word."""
    return [{**plate, "state": plate_state(plate, now)} for plate in plates]


def line_of(plate: Plate, now: float) -> str:
    """One plate on one line; what is not known is a dash."""
    return (
        f"{plate['plate']}  {number(plate['weight_g'], 1)} g  {plate_state(plate, now)}  "
        f"{number(plate['rate_hz'], 1)} Hz  noise {number(plate['noise_g'], 2)} g  "
        f"{plate['dropouts']} drop-outs  smallest {number(plate['smallest_change_g'], 1)} g"
    )


def number(value: float | None, digits: int) -> str:
    """A figure, or a dash where it is not known."""
    return "-" if value is None else f"{value:.{digits}f}"


class WeighTable:
    """The refreshing table; remembers the last weights for their trail."""

    def __init__(self, width: int) -> None:
        """`width` is the terminal's; a narrow one has no room for trails."""
        self._with_trails = width >= WIDE
        self._trails: dict[str, deque[float | None]] = defaultdict(lambda: deque(maxlen=TRAIL))

    def build(self, plates: Sequence[Plate], now: float) -> Any:
        """The table of this moment, for rich."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("plate")
        table.add_column("weight g", justify="right", style="bold", min_width=8)
        table.add_column("state", min_width=10)
        if self._with_trails:
            table.add_column("the last seconds", min_width=TRAIL)
        for name in ("noise g", "smallest g", "rate Hz", "drop-outs"):
            table.add_column(name, justify="right")
        for plate in plates:
            trail = self._trails[plate["plate"]]
            state = plate_state(plate, now)
            trail.append(None if state == "no samples" else plate["weight_g"])
            dropouts = str(plate["dropouts"])
            drawn = trail_of(trail, plate["smallest_change_g"])
            table.add_row(
                Text(plate["plate"]),
                number(plate["weight_g"], 1),
                Text(state, style=STYLES.get(state, WRONG)),
                *([drawn] if self._with_trails else []),
                number(plate["noise_g"], 2),
                number(plate["smallest_change_g"], 1),
                number(plate["rate_hz"], 1),
                Text(dropouts, style="yellow" if plate["dropouts"] else ""),
            )
        return table


def trail_of(weights: Sequence[float | None], smallest_g: float | None) -> str:
    """Weights as a row of bars, the newest at the right; a dot where there was none."""
    known = [w for w in weights if w is not None]
    if not known:
        return "·" * len(weights)
    low, high = min(known), max(known)
    least = QUIET_RANGE * (smallest_g or 0.5)
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    top = len(BARS) - 1
    return "".join(
        "·" if w is None else BARS[round((w - low) / (high - low) * top)] for w in weights
    )
