"""Two and three people at the shelf at once: hands on different plates, payments in between."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.simulation.plot_parts import Basket, Plot, claim_surplus, feign, goods_of
from edge_agent.simulation.scene import Scene

# Who comes second or third comes this long after the one before.
COMES_AFTER_S = (0.1, 5.0)


def treat(scene: Scene, basket: Basket) -> None:
    """Two take; one of them pays for both in one payment."""
    _take_together(scene, basket)
    _pay_between(scene, [goods_of(basket)])


def trio(scene: Scene, basket: Basket) -> None:
    """Three take at once, and each pays what is theirs."""
    _take_together(scene, basket)
    _pay_between(scene, _each(basket))


def one_unpaid(scene: Scene, basket: Basket) -> None:
    """All take at once, all but the first pay."""
    _take_together(scene, basket)
    gone_at = scene.hands_gone_at
    _pay_between(scene, _each(basket[1:]))
    scene.lose("underpaid", _each(basket)[0], gone_at)


def one_feigned(scene: Scene, basket: Basket) -> None:
    """All take at once, all but the first pay; the first one's order comes to nothing."""
    (theirs, *_) = goods = _each(basket)
    _take_together(scene, basket)
    gone_at = scene.hands_gone_at
    begun_at = scene.at
    order = scene.order(theirs)
    if scene.venue.happens(0.5):
        order.tell(scene.wait(1.0, 4.0), "pending")
    feign(scene, order, scene.at + scene.venue.between(10.0, 200.0), theirs, gone_at)
    scene.at = begun_at
    _pay_between(scene, goods[1:])


def one_substituted(scene: Scene, basket: Basket) -> None:
    """All take at once; the first takes a dear one and pays a cheap one, the others pay theirs."""
    (dear, _), *others, (cheap, _) = basket
    _take_together(scene, [(dear, 1), *others])
    gone_at = scene.hands_gone_at
    _pay_between(scene, [[cheap], *_each(others)])
    prices = scene.venue.prices
    scene.lose("substituted", [dear], gone_at, value=prices[dear] - prices[cheap])
    claim_surplus(scene, [cheap])


def _each(basket: Basket) -> list[list[str]]:
    return [[sku] * units for sku, units in basket]


def _take_together(scene: Scene, basket: Basket) -> None:
    """One person a product, each beginning seconds after the other."""
    begins_at, gone_at = scene.at, scene.at
    for sku, units in basket:
        scene.at = begins_at
        scene.take(sku, units)
        gone_at = max(gone_at, scene.at)
        begins_at += scene.venue.between(*COMES_AFTER_S)
    scene.at = gone_at


def _pay_between(scene: Scene, baskets: Sequence[Sequence[str]]) -> None:
    """Each opens an order and pays; the steps of one lie between those of another."""
    since = scene.at
    until = since
    grace_s = scene.venue.timing.grace_s
    for goods in baskets:
        scene.at = since + scene.venue.between(0.01, 0.15) * grace_s
        scene.buy(goods)
        until = max(until, scene.at)
    scene.at = until


CROWDS: dict[str, Plot] = {
    "treat": Plot(treat, 3, (2,), apart=True),
    "trio": Plot(trio, 3, (3,), apart=True),
}

FOUL_CROWDS: dict[str, Plot] = {
    "pair, one unpaid": Plot(one_unpaid, 4, (2,), "stealable", apart=True),
    "trio, one unpaid": Plot(one_unpaid, 3, (3,), "stealable", apart=True),
    "pair, one feigned": Plot(one_feigned, 2, (2,), "stealable", apart=True),
    "pair, one substituted": Plot(
        one_substituted, 2, (3,), "stealable", may_take_two=False, apart=True, cheap=1
    ),
}
