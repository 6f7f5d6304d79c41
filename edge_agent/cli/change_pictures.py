"""The picture of a change, from what the store keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.cli.change_words import sure_of, title_of
from edge_agent.cli.console import local_time
from edge_agent.plot.change_plot import ChangePlot, draw_change
from edge_agent.plot.svg import to_svg
from edge_agent.plot.told_change import plot_of_told


def plot_of(change: Mapping[str, Any], samples: bytes, names: Mapping[str, str]) -> ChangePlot:
    """What is to be drawn of a change, as told, and its packed trace.

    Raises StoreError where the trace is damaged.
    """
    sure = sure_of(change)
    parts = [
        local_time(change["settled_at"]),
        f"{sure} sure" if sure else "",
        f"change {change['change_id']}",
        f"revision {change['revision']}" if change["revision"] > 1 else "",
    ]
    subtitle = " · ".join(part for part in parts if part)
    return plot_of_told(change, samples, title=title_of(change, names), subtitle=subtitle)


def picture_of(plot: ChangePlot, suffix: str) -> bytes:
    """The picture as a file's bytes: `.svg`, else PNG; UsageError where PNG cannot be made here."""
    drawing = draw_change(plot)
    if suffix == ".svg":
        return to_svg(drawing).encode()
    from edge_agent.plot.png import to_png

    return to_png(drawing)
