"""Further ways not to pay, each with what is lost by the contract's kinds."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

from edge_agent.simulation.fair_plots import PENDING_S
from edge_agent.simulation.plot_parts import (
    Basket,
    Plot,
    claim_surplus,
    feign,
    goods_of,
    soon,
    take_all,
    take_singly,
)
from edge_agent.simulation.plots import after
from edge_agent.simulation.scene import Scene

# What stands in for goods weighs so much more or less, in parts of their weight: about the same,
# and yet told apart from their spread (in sigmas, and at least in grams).
SWAP_PART, SWAP_SIGMAS, SWAP_LEAST_G = 0.1, 6.0, 4.0
EMPTY_PART = (0.04, 0.12)
# What is no goods weighs unlike any this many of the plate's, in sigmas and at least in grams.
UNLIKE_UNITS, UNLIKE_SIGMAS, UNLIKE_G = 3, 6.0, 4.0


def one_short(scene: Scene, basket: Basket) -> None:
    """Takes several of one product and pays for one fewer."""
    ((sku, units),) = basket
    scene.take(sku, units)
    gone_at = scene.hands_gone_at
    soon(scene)
    scene.buy([sku] * (units - 1))
    scene.lose("underpaid", [sku], gone_at)


def several_cheap(scene: Scene, basket: Basket) -> None:
    """Takes the dear one and pays several cheap ones."""
    (dear, _), *cheap = basket
    scene.take(dear)
    gone_at = scene.hands_gone_at
    soon(scene)
    scene.buy(goods_of(cheap))
    prices = scene.venue.prices
    paid = sum(prices[sku] for sku in goods_of(cheap))
    scene.lose("substituted", [dear], gone_at, value=prices[dear] - paid)
    claim_surplus(scene, goods_of(cheap))


def pending_feigned(scene: Scene, basket: Basket) -> None:
    """The wallet is asked, waits for minutes to an hour, and never pays."""
    goods = goods_of(basket)
    order = scene.order(goods)
    scene.pause()
    take_all(scene, basket)
    order.tell(scene.wait(1.0, 4.0), "pending")
    closed_at = scene.at + scene.venue.between(*PENDING_S)
    feign(scene, order, closed_at, goods, scene.hands_gone_at)


def half_feigned(scene: Scene, basket: Basket) -> None:
    """Pays for some, and opens a second order for the last that comes to nothing."""
    goods = goods_of(basket)
    take_all(scene, basket)
    gone_at = scene.hands_gone_at
    soon(scene)
    scene.buy(goods[:-1])
    scene.wait(1.0, 6.0)
    second = scene.order(goods[-1:])
    closed_at = scene.at + scene.venue.between(20.0, 200.0)
    known_at = feign(scene, second, closed_at, goods[-1:], gone_at)
    scene.claim(goods, known_at)


def revoked(scene: Scene, basket: Basket) -> None:
    """Pays, and has the payment revoked."""
    after(scene, basket)
    revoked_at = scene.at + scene.venue.between(0.5, 6.0) * scene.venue.timing.grace_s
    feign(scene, scene.last_order(), revoked_at, goods_of(basket), scene.hands_gone_at)


def refunded_whole(scene: Scene, basket: Basket) -> None:
    """Takes, pays, has all of the money returned, and keeps the goods."""
    after(scene, basket)
    grace_s = scene.venue.timing.grace_s
    refunded_at = scene.at + 5.0 + scene.venue.between(0.3, 6.0) * grace_s
    scene.last_order().refund_all(refunded_at, "returned")
    known_at = refunded_at + 2.0 * grace_s
    scene.lose("refunded", goods_of(basket), refunded_at, known_at=known_at)
    scene.claim(goods_of(basket), known_at)


def swapped(scene: Scene, basket: Basket) -> None:
    """Takes, and lays something of about the same weight in its place."""
    sku = basket[0][0]
    product = next(p for p in scene.venue.settings.product if p.sku == sku)
    scene.take(sku)
    gone_at = scene.hands_gone_at
    grams = scene.taken_g(sku)[0]
    least_g = max(SWAP_LEAST_G, SWAP_SIGMAS * product.weight_sd_g)
    most_g = SWAP_PART * grams
    other_g = grams + scene.venue.between(least_g, max(least_g, most_g)) * (
        1.0 if scene.venue.happens(0.5) else -1.0
    )
    plate = scene.venue.stock.home[sku]
    if least_g <= most_g and _is_unlike_goods(scene, plate, other_g):
        scene.pause()
        scene.move_thing(plate, other_g, looks=f"dummy:{sku}")
        scene.lose("swapped", [sku], gone_at)
    else:
        scene.lose("unpaid", [sku], gone_at)


def empty_pack(scene: Scene, basket: Basket) -> None:
    """Takes, and puts the empty package back."""
    sku = basket[0][0]
    scene.take(sku)
    gone_at = scene.hands_gone_at
    scene.pause()
    empty_g = max(2.0, scene.venue.between(*EMPTY_PART) * scene.taken_g(sku)[0])
    scene.move_thing(scene.venue.stock.home[sku], empty_g, looks=f"empty:{sku}")
    scene.lose("unpaid", [sku], gone_at)


def decoy(scene: Scene, basket: Basket) -> None:
    """Takes a dear one and lays a cheap one of another plate in its place."""
    (dear, _), (cheap, _) = basket
    take_all(scene, [(dear, 1), (cheap, 1)])
    gone_at = scene.hands_gone_at
    scene.pause()
    scene.put(cheap, scene.taken_g(cheap), scene.venue.stock.home[dear])
    scene.lose("unpaid", [dear], gone_at)


def fixture(scene: Scene, basket: Basket) -> None:
    """Takes something that is no goods away: a price holder, a divider."""
    plate = scene.venue.stock.home[basket[0][0]]
    for _ in range(20):
        grams = scene.venue.between(30.0, 400.0)
        if _is_unlike_goods(scene, plate, grams):
            break
    scene.move_thing(plate, -grams)
    scene.lose("unidentified", [None], scene.hands_gone_at, value=0)


def _is_unlike_goods(scene: Scene, plate: str, grams: float) -> bool:
    """Whether a weight is none that a few units of what stands on the plate could have."""
    products = [p for p in scene.venue.settings.product if scene.venue.stock.home[p.sku] == plate]
    for units in range(1, UNLIKE_UNITS + 1):
        for some in combinations_with_replacement(products, units):
            sigma_g = math.hypot(*(p.weight_sd_g for p in some))
            like_g = sum(p.weight_g or 0.0 for p in some)
            if abs(grams - like_g) < max(UNLIKE_G - 1.0, (UNLIKE_SIGMAS - 1.0) * sigma_g):
                return False
    return True


def too_late(scene: Scene, basket: Basket) -> None:
    """Pays when it no longer counts: a day and more later."""
    goods = goods_of(basket)
    take_all(scene, basket)
    gone_at = scene.hands_gone_at
    scene.at = gone_at + scene.venue.timing.late_s + scene.venue.between(900.0, 10_000.0)
    scene.buy(goods)
    scene.lose("unpaid", goods, gone_at, known_at=scene.at)
    # Whoever takes the same meanwhile could be meant by that payment.
    scene.claim(goods, math.inf)
    scene.at = gone_at


def one_by_one_unpaid(scene: Scene, basket: Basket) -> None:
    """Takes one after the other over an hour and pays for none."""
    goods = goods_of(basket)
    take_singly(scene, goods, lambda last: None, unpaid=goods)


def one_left_off(scene: Scene, basket: Basket) -> None:
    """Takes one after the other over an hour and pays for all but the first."""
    first, *others = goods_of(basket)

    def pay(last: Scene) -> None:
        soon(last)
        last.buy(others)

    take_singly(scene, [first, *others], pay, unpaid=[first])


FOUL_PLOTS: dict[str, Plot] = {
    "one short": Plot(one_short, 3, (1,), "stealable", may_take_two=False, units=2),
    "several cheap": Plot(several_cheap, 2, (3,), "stealable", may_take_two=False, cheap=2),
    "pending, feigned": Plot(pending_feigned, 2, (1, 1, 2), "stealable"),
    "half feigned": Plot(half_feigned, 2, (2, 3), "stealable"),
    "revoked": Plot(revoked, 1.5, (1, 2), "stealable"),
    "refunded, whole": Plot(refunded_whole, 1.5, (1, 2), "stealable"),
    "swapped": Plot(swapped, 1.5, (1,), "stealable", may_take_two=False),
    "empty pack": Plot(empty_pack, 1.5, (1,), "stealable", may_take_two=False),
    "decoy": Plot(decoy, 1, (2,), "stealable", may_take_two=False, cheap=1),
    "fixture": Plot(fixture, 0.5, (1,), may_take_two=False),
    "too late": Plot(too_late, 0.4, (1,), "stealable", may_take_two=False),
    "one by one, unpaid": Plot(
        one_by_one_unpaid, 1, (2, 3, 4), "stealable", may_take_two=False, lasts_s=5400.0
    ),
    "one left off": Plot(one_left_off, 1, (2, 3, 4), "mixed", may_take_two=False, lasts_s=5400.0),
}
