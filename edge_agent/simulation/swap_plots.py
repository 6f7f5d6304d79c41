"""Goods exchanged so that the scale notices little or nothing: only a camera can tell."""

from __future__ import annotations

from edge_agent.simulation.plot_parts import Basket, Plot, goods_of, soon
from edge_agent.simulation.scene import Scene

# What stands in for goods differs from them by less than this, in grams.
WITHIN_G = 1.5
# A cheaper product fits where its weight is so near, in grams or in parts.
ALIKE_G, ALIKE_PART = 3.0, 0.012
# One and the same product is swapped again only after so long, or dummies would fill the plate.
AGAIN_S = 7200.0


def dummy(scene: Scene, basket: Basket) -> None:
    """Takes, and in the same movement puts a dummy of the same weight in its place."""
    _swap(scene, basket, "dummy")


def filled_package(scene: Scene, basket: Basket) -> None:
    """Takes, and in the same movement puts an empty package, filled with something, there."""
    _swap(scene, basket, "empty")


def dummy_later(scene: Scene, basket: Basket) -> None:
    """Takes, looks at it, and puts a dummy of the same weight back."""
    sku = basket[0][0]
    scene.take(sku)
    gone_at = scene.hands_gone_at
    grams = scene.taken_g(sku)[0] + scene.venue.between(-WITHIN_G, WITHIN_G)
    scene.pause()
    scene.move_thing(scene.venue.stock.home[sku], grams, looks=f"dummy:{sku}")
    _lose(scene, sku, gone_at)


def cheaper_one(scene: Scene, basket: Basket) -> None:
    """Puts a cheaper product of about the same weight in the place of a dear one, in one movement.

    Where nothing cheaper weighs alike, a dummy has to do.
    """
    dear = basket[0][0]
    cheap = _cheaper(scene, dear)
    if cheap is None:
        _swap(scene, basket, "dummy")
        return
    scene.take(cheap)
    scene.pause()
    scene.exchange(dear, cheap)
    _lose(scene, dear, scene.hands_gone_at)
    scene.claim([cheap], scene.at + AGAIN_S)


def paid_another(scene: Scene, basket: Basket) -> None:
    """Pays honestly for one thing and swaps another for a dummy."""
    (paid, _), (sku, _) = basket
    scene.take(paid)
    scene.pause()
    _swap(scene, [(sku, 1)], "dummy")
    soon(scene)
    scene.buy(goods_of([(paid, 1)]))


def _swap(scene: Scene, basket: Basket, kind: str) -> None:
    sku = basket[0][0]
    scene.swap(sku, scene.venue.between(-WITHIN_G, WITHIN_G), looks=f"{kind}:{sku}")
    _lose(scene, sku, scene.hands_gone_at)


def _lose(scene: Scene, sku: str, gone_at: float) -> None:
    scene.lose("swapped", [sku], gone_at)
    scene.claim([sku], scene.at + AGAIN_S)


def _cheaper(scene: Scene, dear: str) -> str | None:
    """A cheaper product of another plate, of about the same weight, that is there to be taken."""
    venue = scene.venue
    weight_g = {p.sku: p.weight_g or 0.0 for p in venue.settings.product}
    alike_g = max(ALIKE_G, ALIKE_PART * weight_g[dear])
    fits = [
        sku
        for sku in scene.free
        if venue.prices[sku] < venue.prices[dear]
        and venue.stock.home[sku] != venue.stock.home[dear]
        and abs(weight_g[sku] - weight_g[dear]) <= alike_g
        and venue.stock.count(sku) > 0
    ]
    return min(fits, key=lambda sku: (abs(weight_g[sku] - weight_g[dear]), sku), default=None)


SWAP_PLOTS: dict[str, Plot] = {
    "dummy": Plot(dummy, 3, (1,), "stealable", may_take_two=False),
    "filled package": Plot(filled_package, 2, (1,), "stealable", may_take_two=False),
    "dummy, later": Plot(dummy_later, 2, (1,), "stealable", may_take_two=False),
    "cheaper one": Plot(cheaper_one, 2, (1,), "stealable", may_take_two=False),
    "paid another": Plot(paid_another, 1, (2,), "stealable", may_take_two=False, apart=True),
}
