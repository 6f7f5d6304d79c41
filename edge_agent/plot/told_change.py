"""A change as it was told, with its stored trace, as a plot of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.plot.change_plot import ChangePlot, base_of
from edge_agent.times import parse_time
from edge_agent.trace_codec import unpack


def plot_of_told(
    change: Mapping[str, Any], samples: bytes, *, title: str, subtitle: str
) -> ChangePlot:
    """What is to be drawn of a change's payload and its packed trace.

    Raises StoreError where the trace is damaged.
    """
    times, grams = unpack(samples)
    began_at = parse_time(change["started_at"])
    return ChangePlot(
        title=title,
        subtitle=subtitle,
        times=times,
        grams=grams,
        began_at=began_at,
        settled_at=parse_time(change["settled_at"]),
        base_g=base_of(times, grams, began_at, change["delta_g"]),
        delta_g=change["delta_g"],
        sigma_g=change["sigma_g"],
    )
