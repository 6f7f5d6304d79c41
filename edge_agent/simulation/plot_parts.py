"""What plots are made of: a basket, how it is taken, what becomes of orders, how often a plot is
played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from edge_agent.simulation.cashier import Order
from edge_agent.simulation.scene import Scene

Basket = list[tuple[str, int]]
Pool = Literal["any", "stealable", "clean", "mixed"]
"""Which products a plot is played with: `mixed` are a stealable one and then clean ones."""

ONE_BY_ONE_S = (240.0, 780.0)


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


def take_singly(
    scene: Scene, goods: list[str], end: Callable[[Scene], None], unpaid: Sequence[str] = ()
) -> None:
    """Take one after the other over an hour, each in a visit of its own; `end` comes at last.

    What is `unpaid` is lost in the visit in which it is taken.
    """
    scene.claim(goods, scene.at + len(goods) * ONE_BY_ONE_S[1] + 1800.0)

    def take_first(now: Scene, left: list[str]) -> None:
        """Take the first of what is left; the next one comes in a later visit."""
        now.pause()
        now.take(left[0])
        if left[0] in unpaid:
            now.lose("unpaid", left[:1], now.hands_gone_at)
        if left[1:]:
            now.later(now.venue.between(*ONE_BY_ONE_S), lambda again: take_first(again, left[1:]))
        else:
            end(now)

    take_first(scene, goods)


def feign(
    scene: Scene, order: Order, closed_at: float, goods: Sequence[str], gone_at: float
) -> float:
    """Let an order end without money for goods that left at `gone_at`; when that can be known."""
    order.tell(closed_at, "closed")
    known_at = closed_at + scene.venue.timing.grace_s
    scene.lose("feigned", goods, gone_at, known_at=known_at)
    scene.claim(goods, known_at)
    return known_at


def claim_surplus(scene: Scene, goods: Sequence[str]) -> None:
    """What is paid for and did not leave would cover whoever takes it next."""
    timing = scene.venue.timing
    scene.claim(goods, scene.at + timing.pay_ahead_s + timing.grace_s + timing.visit_gap_s)


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
