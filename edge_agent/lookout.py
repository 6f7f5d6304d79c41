"""One camera's watch over the plates in its picture, and what waits for its pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from edge_agent.vision.seen import Region, RegionChange
from edge_agent.weighing.change import WeightChange

if TYPE_CHECKING:
    from edge_agent.vision.watching.region_watch import RegionWatch

# What moves on a plate within this of a region's change is the same event.
TOGETHER_S = 1.5


@dataclass(slots=True)
class Asked:
    """A change that waits for a picture, until a time (Unix seconds)."""

    change: WeightChange
    until: float


@dataclass(slots=True)
class Lookout:
    """One camera's watch, and what waits for its pictures."""

    watch: RegionWatch
    plates: frozenset[str]
    asked: list[Asked] = field(default_factory=list)
    unexplained: list[RegionChange] = field(default_factory=list)
    weighed: list[WeightChange] = field(default_factory=list)
    there_at: float = -math.inf
    """When somebody was last known to be there: by a change, or by motion that was told."""


def open_lookout(camera: str, regions: Mapping[str, Region]) -> Lookout:
    """Begin to watch the plates' regions in a camera's picture."""
    # OpenCV takes 20 MB, which a shelf without a camera keeps.
    from edge_agent.vision.watching.region_watch import RegionWatch

    return Lookout(RegionWatch(camera, regions), frozenset(regions))


def own_part(
    region: RegionChange, change: WeightChange, weighed: Sequence[WeightChange]
) -> RegionChange:
    """What of a region is one change's, where the pictures before and after lie around several.

    A piece that changed belongs to the change that was weighed next to its settling.
    """
    around = [
        other.settled_at
        for other in weighed
        if other.plate == region.plate
        and region.began_at - TOGETHER_S <= other.started_at
        and other.settled_at <= region.settled_at + TOGETHER_S
    ]
    if len(around) < 2:
        return region
    own = [
        mask
        for mask, settled_at in region.parts
        if min(around, key=lambda at: abs(at - settled_at)) == change.settled_at
    ]
    return replace(region, mask=np.maximum.reduce(own)) if own else region


def is_of(change: WeightChange, region: RegionChange) -> bool:
    """Whether a weight change may be what a region shows."""
    return (
        change.plate == region.plate
        and change.started_at <= region.settled_at + TOGETHER_S
        and change.settled_at >= region.began_at - TOGETHER_S
    )
