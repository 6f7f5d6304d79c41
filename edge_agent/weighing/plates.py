"""What weighing is told and tells about each plate."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.weighing.goods import NO_GOODS, Goods


@dataclass(frozen=True, slots=True)
class PlateSpec:
    """A plate as weighing knows it.

    `lightest_g` is the lightest unit of its planogram, `goods` all of them.
    """

    plate: str
    capacity_g: float
    lightest_g: float | None = None
    goods: Goods = NO_GOODS


@dataclass(frozen=True, slots=True)
class PlateLevel:
    """The last level at which a plate rested: Unix seconds, grams."""

    at: float
    level_g: float
    sigma_g: float


@dataclass(frozen=True, slots=True)
class PlateHealth:
    """A channel's own numbers; `noise_g` is one sample's standard deviation while still.

    `dropouts` counts missing samples and pauses of the whole scale, `saturated` says whether the
    channel reads beyond its capacity, `frozen` that one with noise repeats a single value. What is
    not known yet is NaN.
    """

    plate: str
    rate_hz: float
    noise_g: float
    still: bool
    dropouts: int
    saturated: bool
    frozen: bool
    smallest_change_g: float
    weight_g: float
    at: float
