"""One visit in the making: hands on plates, orders, and what is true of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.simulation.cashier import Line, Order
from edge_agent.simulation.hands_at_work import HandsAtWork
from edge_agent.simulation.script import CloudMessage, TrueLoss, Visit, true_changes
from edge_agent.simulation.venue import Venue


@dataclass(frozen=True, slots=True)
class Errand:
    """A shopper comes again at `at` and goes on: a visit of its own, of the same kind."""

    at: float
    kind: str
    play: Callable[[Scene], None]


class Scene(HandsAtWork):
    """A visit being planned. `at` is the time it has come to; hands and the till move it on.

    `free` are the products that nobody else is in question with.
    """

    def __init__(
        self, venue: Venue, number: int, kind: str, at: float, free: Sequence[str] = ()
    ) -> None:
        super().__init__(venue, number, kind, at)
        self.starts_at = at
        self.free = free
        self.errands: list[Errand] = []
        # Until when each SKU must be left alone for the truth to stay knowable.
        self.claims: dict[str, float] = {}
        # Each with how many of its messages an earlier visit has had already.
        self._orders: list[tuple[Order, int]] = []
        self._losses: list[tuple[str, float, str | None, int, int, float]] = []
        self._posted: list[CloudMessage] = []

    def order(
        self,
        goods: Sequence[str],
        coupon: int = 0,
        gift: str | None = None,
        also: tuple[Line, ...] = (),
    ) -> Order:
        """Scan the shelf's code: an order of these units, and of other lines, is opened now."""
        prices = self.venue.prices
        lines = [
            Line(sku, quantity, prices[sku]) for sku, quantity in sorted(Counter(goods).items())
        ]
        if gift is not None:
            lines.append(Line(gift, 1, prices[gift], discount=prices[gift], gift=True))
        order = Order(self.venue.cashier, self.at, (*lines, *also), coupon)
        order.tell(self.at, "opened")
        self._orders.append((order, 0))
        return order

    def resume(self, order: Order) -> Order:
        """Go on with an order of an earlier visit."""
        self._orders.append((order, len(order.messages)))
        return order

    def pay(self, order: Order) -> float:
        """Pay an open order here and now, most often by way of the wallet; when it is paid."""
        if self.venue.happens(0.7):
            order.tell(self.wait(1.0, 4.0), "pending")
        order.tell(self.wait(1.5, 6.0), "paid")
        return self.at

    def buy(self, goods: Sequence[str], coupon: int = 0, gift: str | None = None) -> Order:
        """Open an order and pay it."""
        order = self.order(goods, coupon, gift)
        self.pay(order)
        return order

    def last_order(self) -> Order:
        """The order opened last."""
        return self._orders[-1][0]

    @property
    def ends_at(self) -> float:
        """Until when somebody is there, as far as it is planned."""
        return max(self.at, self.hands_gone_at)

    def lose(
        self,
        kind: str,
        goods: Sequence[str | None],
        at: float,
        value: int | None = None,
        known_at: float = 0.0,
    ) -> None:
        """These units are lost; nobody can know before `known_at`. `value` is of each unit."""
        for sku, quantity in sorted(Counter(goods).items(), key=lambda item: item[0] or ""):
            each = self.venue.prices[sku or ""] if value is None else value
            self._losses.append((kind, at, sku, quantity, each * quantity, known_at))

    def claim(self, goods: Sequence[str], until: float) -> None:
        """Let nobody else take or buy these before `until`."""
        for sku in goods:
            self.claims[sku] = max(until, self.claims.get(sku, 0.0))

    def later(self, wait_s: float, play: Callable[[Scene], None]) -> None:
        """Come again so long after now, and go on with `play`."""
        self.errands.append(Errand(self.at + wait_s, self._kind, play))

    def post(self, messages: Sequence[CloudMessage]) -> None:
        """Let messages arrive that are of no payment."""
        self._posted += messages

    def finish(self) -> Visit:
        """The visit as planned, with the messages of its orders and what else was posted."""
        timing = self.venue.timing
        settled_at = self.hands_gone_at + timing.visit_gap_s + timing.grace_s
        actions = sorted(self._actions, key=lambda action: action.at)
        messages = [
            *self._posted,
            *(m for order, first in self._orders for m in order.messages[first:]),
        ]
        return Visit(
            number=self._number,
            kind=self._kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            actions=tuple(actions),
            messages=tuple(sorted(messages, key=lambda message: message.at)),
            changes=tuple(change for action in actions for change in true_changes(action)),
            losses=tuple(
                TrueLoss(at, kind, sku, quantity, value, max(settled_at, known_at))
                for kind, at, sku, quantity, value, known_at in self._losses
            ),
        )
