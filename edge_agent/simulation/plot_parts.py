"""What plots are made of: a basket, how it is taken, and how often a plot is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge_agent.simulation.scene import Scene

Basket = list[tuple[str, int]]
Pool = Literal["any", "stealable", "clean", "mixed"]
"""Which products a plot is played with: `mixed` are a stealable one and then clean ones."""


def goods_of(basket: Basket) -> list[str]:
    """Every unit of a basket."""
    return [sku for sku, quantity in basket for _ in range(quantity)]


def take_all(scene: Scene, basket: Basket) -> None:
    """Take all of a basket, one product after the other; now and then touch a plate at last."""
    for index, (sku, quantity) in enumerate(basket):
        if index:
            scene.pause()
        scene.take(sku, quantity)
    if scene.venue.happens(0.1):
        scene.pause()
        scene.touch(scene.venue.stock.home[basket[0][0]])


def soon(scene: Scene) -> None:
    """From the shelf to the telephone: mostly seconds, always within the grace."""
    grace_s = scene.venue.timing.grace_s
    if scene.venue.happens(0.8):
        scene.wait(0.02 * grace_s, 0.15 * grace_s)
    else:
        scene.wait(0.15 * grace_s, 0.5 * grace_s)


@dataclass(frozen=True, slots=True)
class Plot:
    """How often it is played, with how many products and from which pool.

    `units` of each product are wanted, where that is part of the plot. `cheap` of the products are
    cheaper than the first, and together too; `apart` are those that lie on plates of their own. The
    plot is over within `lasts_s`.
    """

    play: Callable[[Scene, Basket], None]
    weight: float
    products: tuple[int, ...]
    pool: Pool = "any"
    may_take_two: bool = True
    units: int = 1
    cheap: int = 0
    apart: bool = False
    lasts_s: float = 0.0
