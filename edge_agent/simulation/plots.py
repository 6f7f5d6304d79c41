"""What shoppers do, one plot a function: how they take, pay, or do not, and what is then true.

A plot gets a scene and a basket that the shelf holds. Its truth is what an observer who sees every
hand and every payment, and follows the contract's rules, would report in the end.
"""

from __future__ import annotations

from edge_agent.simulation.plot_parts import (
    Basket,
    Plot,
    claim_surplus,
    feign,
    goods_of,
    soon,
    take_all,
)
from edge_agent.simulation.scene import Scene


def before(scene: Scene, basket: Basket) -> None:
    """Pays, then takes."""
    scene.buy(goods_of(basket))
    ahead_s = scene.venue.timing.pay_ahead_s
    scene.wait(2.0, max(3.0, (0.08 if scene.venue.happens(0.8) else 0.35) * ahead_s))
    take_all(scene, basket)


def during(scene: Scene, basket: Basket) -> None:
    """Opens an order, takes, pays at once."""
    order = scene.order(goods_of(basket))
    scene.pause()
    take_all(scene, basket)
    scene.pay(order)


def after(scene: Scene, basket: Basket) -> None:
    """Takes, then pays."""
    take_all(scene, basket)
    soon(scene)
    scene.buy(goods_of(basket))


def late(scene: Scene, basket: Basket) -> None:
    """Takes and pays minutes or hours after the grace; some had opened the order in the visit."""
    venue = scene.venue
    opened = scene.order(goods_of(basket)) if venue.happens(0.7) else None
    if opened is not None:
        scene.pause()
    take_all(scene, basket)
    gone_at = scene.at
    grace_s = venue.timing.grace_s + venue.timing.visit_gap_s
    farthest_s = max(2.0 * grace_s, min(60.0 * grace_s, 0.2 * venue.timing.late_s))
    pays_at = gone_at + grace_s * (farthest_s / grace_s) ** venue.between(0.3, 1.0)
    scene.at = pays_at
    scene.pay(opened if opened is not None else scene.order(goods_of(basket)))
    scene.claim(goods_of(basket), scene.at + grace_s)
    # The shopper left with the goods: others may come before the payment does.
    scene.at = gone_at


def two_payments(scene: Scene, basket: Basket) -> None:
    """Takes and pays half, then pays the rest."""
    goods = goods_of(basket)
    take_all(scene, basket)
    soon(scene)
    scene.buy(goods[:1])
    scene.wait(2.0, 8.0)
    scene.buy(goods[1:])


def coupon(scene: Scene, basket: Basket) -> None:
    """A coupon lowers the price, or a second product is a gift: no loss."""
    goods = goods_of(basket)
    take_all(scene, basket)
    soon(scene)
    if len(goods) > 1 and goods[-1] != goods[0]:
        scene.buy(goods[:-1], gift=goods[-1])
    else:
        cheapest = min(scene.venue.prices[sku] for sku in goods)
        scene.buy(goods, coupon=int(scene.venue.between(0.1, 0.9) * cheapest))


def put_back(scene: Scene, basket: Basket) -> None:
    """Takes, puts the first back, pays the rest, if any."""
    first = basket[0][0]
    scene.take(first)
    scene.pause()
    if basket[1:]:
        take_all(scene, basket[1:])
        scene.pause()
    scene.put_back(first)
    if basket[1:]:
        soon(scene)
        scene.buy(goods_of(basket[1:]))


def given_back(scene: Scene, basket: Basket) -> None:
    """Takes, pays, puts back and gets the money back."""
    sku = basket[0][0]
    scene.take(sku)
    gone_at = scene.at
    order = scene.buy([sku])
    paid_at = scene.at
    # However long the wallet takes, the goods come back within the same visit.
    scene.at = min(paid_at, gone_at + 0.45 * scene.venue.timing.visit_gap_s)
    scene.put_back(sku)
    scene.at = max(scene.at, paid_at)
    refunded_at = scene.at + 10.0 + scene.venue.between(0.2, 1.5) * _grace_s(scene)
    order.refund(refunded_at, sku, 1, "returned")
    scene.claim([sku], refunded_at + _grace_s(scene))


def goodwill(scene: Scene, basket: Basket) -> None:
    """Takes, pays, and is given the money of one unit for bad quality: no loss."""
    after(scene, basket)
    order = scene.last_order()
    refunded_at = scene.at + scene.venue.between(0.3, 4.0) * _grace_s(scene)
    order.refund(
        refunded_at, basket[0][0], 1, "quality" if scene.venue.happens(0.5) else "goodwill"
    )


def colleagues(scene: Scene, basket: Basket) -> None:
    """Two people at the shelf at once, on different plates; each pays what is theirs."""
    at = scene.at
    (mine, my_quantity), (theirs, their_quantity) = basket[:2]
    scene.take(mine, my_quantity)
    gone_at = scene.at
    scene.at = at + scene.venue.between(0.1, 1.5)
    scene.take(theirs, their_quantity)
    scene.at = max(scene.at, gone_at)
    soon(scene)
    scene.buy([mine] * my_quantity)
    scene.wait(0.5, 5.0)
    scene.buy([theirs] * their_quantity)


def browse(scene: Scene, basket: Basket) -> None:
    """Touches things and goes."""
    for sku, _ in basket:
        scene.touch(scene.venue.stock.home[sku])
        scene.pause()


def _grace_s(scene: Scene) -> float:
    return scene.venue.timing.grace_s


def unpaid(scene: Scene, basket: Basket) -> None:
    """Takes and walks away."""
    take_all(scene, basket)
    scene.lose("unpaid", goods_of(basket), scene.hands_gone_at)


def feigned(scene: Scene, basket: Basket) -> None:
    """Opens an order, perhaps as far as the wallet, takes, and never pays."""
    goods = goods_of(basket)
    order = scene.order(goods)
    scene.pause()
    take_all(scene, basket)
    gone_at = scene.hands_gone_at
    if scene.venue.happens(0.5):
        order.tell(scene.wait(1.0, 4.0), "pending")
    closed_at = scene.at + 2.0 + scene.venue.between(0.05, 2.0) * _grace_s(scene)
    feign(scene, order, closed_at, goods, gone_at)


def underpaid(scene: Scene, basket: Basket) -> None:
    """Takes several, pays all but the last."""
    goods = goods_of(basket)
    take_all(scene, basket)
    gone_at = scene.hands_gone_at
    soon(scene)
    scene.buy(goods[:-1])
    scene.lose("underpaid", goods[-1:], gone_at)


def substituted(scene: Scene, basket: Basket) -> None:
    """Takes the dear one, the first of the basket, and pays the cheap one, the last."""
    (dear, _), *between, (cheap, _) = basket
    taken = [(dear, 1), *between]
    take_all(scene, taken)
    gone_at = scene.hands_gone_at
    soon(scene)
    scene.buy([cheap, *goods_of(between)])
    prices = scene.venue.prices
    scene.lose("substituted", [dear], gone_at, value=prices[dear] - prices[cheap])
    claim_surplus(scene, [cheap])


def refunded(scene: Scene, basket: Basket) -> None:
    """Takes, pays, has the money returned for goods that do not come back."""
    sku = basket[0][0]
    after(scene, basket)
    order = scene.last_order()
    refunded_at = scene.at + 5.0 + scene.venue.between(0.3, 6.0) * _grace_s(scene)
    order.refund(refunded_at, sku, 1, "returned")
    scene.lose("refunded", [sku], refunded_at, known_at=refunded_at + 2.0 * _grace_s(scene))
    scene.claim([sku], refunded_at + 2.0 * _grace_s(scene))


PLOTS: dict[str, Plot] = {
    "before": Plot(before, 15, (1, 1, 2)),
    "during": Plot(during, 12, (1, 1, 2, 3)),
    "after": Plot(after, 22, (1, 1, 1, 2, 2, 3)),
    "late": Plot(late, 3, (1, 1, 2), "clean"),
    "two payments": Plot(two_payments, 3, (2,)),
    "coupon": Plot(coupon, 4, (1, 2)),
    "put back": Plot(put_back, 4, (1, 2), may_take_two=False),
    "given back": Plot(given_back, 1, (1,), "clean", may_take_two=False),
    "goodwill": Plot(goodwill, 1, (1, 2)),
    "colleagues": Plot(colleagues, 3, (2,), apart=True),
    "browse": Plot(browse, 2, (1, 2)),
    "unpaid": Plot(unpaid, 10, (1, 1, 1, 2), "stealable"),
    "feigned": Plot(feigned, 6, (1, 1, 2), "stealable"),
    "underpaid": Plot(underpaid, 5, (2, 2, 3), "stealable"),
    "substituted": Plot(substituted, 5, (2, 2, 3), "stealable", may_take_two=False, cheap=1),
    "refunded": Plot(refunded, 4, (1, 1, 2), "stealable", may_take_two=False),
}
