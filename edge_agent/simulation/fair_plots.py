"""Further honest ways to take and pay: nothing is lost in the end, however odd it looks."""

from __future__ import annotations

from edge_agent.simulation.cashier import Line
from edge_agent.simulation.plot_parts import (
    Basket,
    Plot,
    claim_surplus,
    goods_of,
    soon,
    take_all,
    take_singly,
)
from edge_agent.simulation.plots import after
from edge_agent.simulation.scene import Scene

# More than any basket costs: the coupon pays for all of it.
WHOLE = 10**9
PENDING_S = (240.0, 3600.0)


def free_order(scene: Scene, basket: Basket) -> None:
    """A coupon pays for everything: an order of 0."""
    take_all(scene, basket)
    soon(scene)
    order = scene.order(goods_of(basket), coupon=WHOLE)
    order.tell(scene.wait(1.0, 4.0), "paid")


def red_packet(scene: Scene, basket: Basket) -> None:
    """A red packet pays most of it."""
    goods = goods_of(basket)
    take_all(scene, basket)
    soon(scene)
    total = sum(scene.venue.prices[sku] for sku in goods)
    scene.buy(goods, coupon=int(scene.venue.between(0.5, 0.99) * total))


def paid_again(scene: Scene, basket: Basket) -> None:
    """The first order is cancelled, or its payment fails; the second one is paid."""
    goods = goods_of(basket)
    first = scene.order(goods)
    scene.pause()
    take_all(scene, basket)
    if scene.venue.happens(0.5):
        first.tell(scene.wait(1.0, 4.0), "pending")
    first.tell(scene.wait(2.0, 12.0), "closed")
    scene.wait(1.0, 8.0)
    scene.buy(goods)


def pending_paid(scene: Scene, basket: Basket) -> None:
    """The wallet waits for minutes to an hour, then pays."""
    order = scene.order(goods_of(basket))
    scene.pause()
    take_all(scene, basket)
    order.tell(scene.wait(1.0, 4.0), "pending")
    gone_at = scene.at
    paid_at = gone_at + scene.venue.between(*PENDING_S)
    order.tell(paid_at, "paid")
    scene.claim(goods_of(basket), paid_at + scene.venue.timing.grace_s)
    scene.at = gone_at


def sponsor(scene: Scene, basket: Basket) -> None:
    """A second person pays from afar, late within the grace; others come meanwhile."""
    take_all(scene, basket)
    gone_at = scene.at
    grace_s = scene.venue.timing.grace_s
    scene.wait(0.3 * grace_s, 0.9 * grace_s)
    scene.buy(goods_of(basket))
    scene.claim(goods_of(basket), scene.at + grace_s)
    scene.at = gone_at


def one_too_many(scene: Scene, basket: Basket) -> None:
    """Pays for one unit more than was taken: money is due back, nothing is lost."""
    take_all(scene, basket)
    soon(scene)
    scene.buy([*goods_of(basket), basket[0][0]])
    claim_surplus(scene, [basket[0][0]])


def put_back_paid(scene: Scene, basket: Basket) -> None:
    """Takes, pays, puts the first one back and leaves the money."""
    take_all(scene, basket)
    gone_at = scene.hands_gone_at
    scene.buy(goods_of(basket))
    paid_at = scene.at
    scene.at = min(paid_at, gone_at + 0.45 * scene.venue.timing.visit_gap_s)
    scene.put_back(basket[0][0])
    scene.at = max(scene.at, paid_at)
    claim_surplus(scene, [basket[0][0]])


def exchanged(scene: Scene, basket: Basket) -> None:
    """Takes one, puts it back, takes and pays the other flavour beside it."""
    sku = basket[0][0]
    stock = scene.venue.stock
    plate = stock.home[sku]
    beside = [s for s in scene.free if s != sku and stock.home[s] == plate and stock.count(s)]
    if not beside:
        after(scene, basket)
        return
    other = beside[int(scene.venue.between(0, len(beside)))]
    scene.take(sku)
    scene.pause()
    scene.put_back(sku)
    scene.pause()
    scene.take(other)
    soon(scene)
    scene.buy([other])
    timing = scene.venue.timing
    scene.claim([other], scene.at + timing.grace_s + timing.visit_gap_s)


def misplaced(scene: Scene, basket: Basket) -> None:
    """Takes, and puts the first back on another plate; pays the rest, if any."""
    first = basket[0][0]
    take_all(scene, [(first, 1), *basket[1:]])
    scene.pause()
    grams = scene.taken_g(first)
    scene.put(first, grams, scene.roomy_plate(sum(grams), scene.venue.stock.home[first]))
    if basket[1:]:
        soon(scene)
        scene.buy(goods_of(basket[1:]))


def unknown_code(scene: Scene, basket: Basket) -> None:
    """The till knows the first of the goods by a code that the shelf's catalogue lacks."""
    sku, quantity = basket[0]
    take_all(scene, basket)
    soon(scene)
    line = Line(f"X{sku[-6:]}", quantity, scene.venue.prices[sku])
    order = scene.order(goods_of(basket[1:]), also=(line,))
    scene.pay(order)


def returned_in_part(scene: Scene, basket: Basket) -> None:
    """Takes and pays several, puts the first back and gets its money back."""
    put_back_paid(scene, basket)
    refunded_at = scene.at + 10.0 + scene.venue.between(0.2, 1.5) * scene.venue.timing.grace_s
    scene.last_order().refund(refunded_at, basket[0][0], 1, "returned")
    scene.claim([basket[0][0]], refunded_at + scene.venue.timing.grace_s)


def quality_whole(scene: Scene, basket: Basket) -> None:
    """All of the money is given back for bad quality: the goods need not come back."""
    after(scene, basket)
    refunded_at = scene.at + scene.venue.between(0.3, 4.0) * scene.venue.timing.grace_s
    scene.last_order().refund_all(refunded_at, "quality")


def returned_later(scene: Scene, basket: Basket) -> None:
    """Takes, pays, is given the money back, and brings the goods in a later visit."""
    sku = basket[0][0]
    scene.take(sku)
    grams = scene.taken_g(sku)
    soon(scene)
    scene.buy([sku])
    refunded_at = scene.at + scene.venue.between(5.0, 60.0)
    scene.last_order().refund(refunded_at, sku, 1, "returned")
    away_s = scene.venue.between(90.0, 900.0)
    scene.claim([sku], scene.at + away_s + 1200.0)
    scene.later(away_s, lambda again: again.put(sku, grams))


def second_thoughts(scene: Scene, basket: Basket) -> None:
    """Walks off without paying, and brings the goods back in a later visit."""
    sku = basket[0][0]
    scene.take(sku)
    grams = scene.taken_g(sku)
    away_s = scene.venue.between(60.0, 1500.0)
    scene.claim([sku], scene.at + away_s + 1200.0)
    scene.later(away_s, lambda again: again.put(sku, grams))


def two_visits(scene: Scene, basket: Basket) -> None:
    """Takes, goes, comes again for more, and pays for both in one payment."""
    (first, units), *more = basket
    scene.take(first, units)
    timing = scene.venue.timing
    away_s = timing.visit_gap_s + scene.venue.between(0.05, 0.5) * timing.grace_s
    scene.claim(goods_of(basket), scene.at + away_s + 1200.0)

    def come_again(again: Scene) -> None:
        take_all(again, more)
        soon(again)
        again.buy(goods_of(basket))

    scene.later(away_s, come_again)


def one_by_one(scene: Scene, basket: Basket) -> None:
    """Takes one after the other over an hour; the order opened at the beginning pays for all."""
    goods = [sku for sku, _ in basket]
    opened = scene.order(goods) if scene.venue.happens(0.5) else None

    def pay(last: Scene) -> None:
        if opened is not None:
            last.pay(last.resume(opened))
        else:
            soon(last)
            last.buy(goods)

    take_singly(scene, goods, pay)


FAIR_PLOTS: dict[str, Plot] = {
    "free order": Plot(free_order, 1.5, (1, 2)),
    "red packet": Plot(red_packet, 1.5, (1, 2)),
    "paid again": Plot(paid_again, 2, (1, 1, 2)),
    "pending, paid": Plot(pending_paid, 2, (1, 1, 2)),
    "sponsor": Plot(sponsor, 3, (1, 2)),
    "one too many": Plot(one_too_many, 2, (1, 2), "clean"),
    "put back, paid": Plot(put_back_paid, 2, (1, 2), "clean", may_take_two=False),
    "exchanged": Plot(exchanged, 2, (1,), may_take_two=False),
    "misplaced": Plot(misplaced, 1, (1, 2), may_take_two=False),
    "unknown code": Plot(unknown_code, 1, (1, 2), may_take_two=False),
    "returned in part": Plot(returned_in_part, 1, (2,), "clean", may_take_two=False),
    "quality, whole": Plot(quality_whole, 0.7, (1, 2)),
    "returned later": Plot(returned_later, 1, (1,), "clean", may_take_two=False, lasts_s=2400.0),
    "second thoughts": Plot(second_thoughts, 1.5, (1,), may_take_two=False, lasts_s=2700.0),
    "two visits": Plot(two_visits, 2.5, (2, 3), "clean", lasts_s=1500.0),
    "one by one": Plot(one_by_one, 1, (3, 4, 5), "clean", may_take_two=False, lasts_s=5400.0),
}
