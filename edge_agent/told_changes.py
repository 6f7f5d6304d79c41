"""A change as it was told (contract, section 3): which way it went, and its weight in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def has_left(change: Mapping[str, Any]) -> bool:
    """Whether something left; what only a camera saw has no weight that would say so."""
    if change["delta_g"] is None:
        return bool(change["seen_units"] < 0)
    return bool(change["delta_g"] < 0)


def weight_in_words(change: Mapping[str, Any]) -> str:
    """`346.2 g`; a thing that only a camera saw is `something seen`."""
    return step_in_words(change).lstrip("−+")


def step_in_words(change: Mapping[str, Any]) -> str:
    """The same with the way it went: `−346.2 g`."""
    if change["delta_g"] is None:
        return "something seen"
    return f"{change['delta_g']:+.1f} g".replace("-", "−")
