"""One visit in the making: hands on plates, orders, and what is true of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_agent.settings import MatchingSettings, Settings
from edge_agent.simulation.cashier import Cashier, Line, Order
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.script import (
    Action,
    CloudMessage,
    Manner,
    TrueLoss,
    Visit,
    true_changes,
)
from edge_agent.simulation.stockroom import Stockroom

# Between the picks of a hand that takes twice. Each pick is a change of its own: the plate stands
# at a level between them, if only for a moment.
USUAL_DOUBLE_GAP_S = (0.5, 1.2)
# How many hands are much quicker than usual, where some are, and how quick.
QUICK_SHARE, QUICK_HAND_S = 0.1, (0.15, 0.35)
# One hand rests on a plate so long while the other takes.
REST_S = (4.0, 15.0)
# A plate is left alone this long between changes that are two.
SAME_PLATE_S = 3.2


@dataclass(slots=True)
class Venue:
    """What all scenes share. `effects` scale how hands behave."""

    settings: Settings
    stock: Stockroom
    cashier: Cashier
    rng: np.random.Generator
    effects: Profile
    double_gap_s: tuple[float, float] = USUAL_DOUBLE_GAP_S
    prices: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.prices = {product.sku: product.price for product in self.settings.product}

    @property
    def timing(self) -> MatchingSettings:
        """The times that decide what belongs together."""
        return self.settings.matching

    def between(self, low: float, high: float) -> float:
        """A number between two, evenly."""
        return float(self.rng.uniform(low, high))

    def happens(self, probability: float) -> bool:
        """True as often as that."""
        return bool(self.rng.random() < probability)


class Scene:
    """A visit being planned. `at` is the time it has come to; hands and the till move it on."""

    def __init__(self, venue: Venue, number: int, kind: str, at: float) -> None:
        self.venue = venue
        self.at = at
        self.starts_at = at
        # Until when each SKU must be left alone for the truth to stay knowable.
        self.claims: dict[str, float] = {}
        self._number = number
        self._kind = kind
        self._actions: list[Action] = []
        self._orders: list[Order] = []
        self._losses: list[tuple[str, float, str, int, int, float]] = []
        self._gone_at: dict[str, float] = {}

    def wait(self, low: float, high: float) -> float:
        """Let time pass; the new time."""
        self.at += self.venue.between(low, high)
        return self.at

    def pause(self) -> None:
        """The time between two things that one shopper does, well within one visit."""
        self.wait(1.2, max(1.5, min(6.0, 0.45 * self.venue.timing.visit_gap_s)))

    def take(self, sku: str, quantity: int = 1) -> None:
        """Take units of a product: at once, one after the other with one hand, or singly."""
        venue = self.venue
        grams = tuple(-grams for grams in venue.stock.take(sku, quantity))
        if quantity == 2 and venue.happens(0.3 * venue.effects.doubles):
            gap_s = venue.between(*venue.double_gap_s)
            self._act(sku, -2, grams, "double", venue.between(0.4, 0.9) + gap_s, gap_s)
        elif quantity == 2 and venue.happens(0.3):
            for one in grams:
                self._act(sku, -1, (one,), "plain", self._hand_s())
        else:
            self._act(sku, -quantity, (sum(grams),), "plain", self._hand_s())

    def put(self, sku: str, grams: tuple[float, ...]) -> None:
        """Put units of a product on its plate with one hand."""
        self.venue.stock.put(sku, grams)
        self._act(sku, len(grams), (sum(grams),), "plain", self._hand_s())

    def put_back(self, sku: str, *, at_once: bool = False) -> None:
        """Put back what this visit took last of the product; at once: the plate is not let rest."""
        taken = next(a for a in reversed(self._actions) if a.sku == sku and a.quantity < 0)
        if at_once:
            self._gone_at.pop(taken.plate, None)
        self.put(sku, tuple(-grams for grams in taken.parts_g))

    def touch(self, plate: str) -> None:
        """Touch a plate and take nothing; now and then lean on it."""
        if self.venue.happens(min(0.5, 0.1 * self.venue.effects.leans)):
            longest_s = 3.0 if self.venue.effects.leans <= 1 else 12.0
            longest_s = min(longest_s, 0.5 * self.venue.timing.visit_gap_s)
            self._act(None, 0, (), "lean", self.venue.between(1.0, longest_s), plate=plate)
        else:
            self._act(None, 0, (), "touch", self._hand_s(), plate=plate)

    def rest(self, sku: str) -> None:
        """Rest one hand on a product's plate and take one of it meanwhile."""
        venue = self.venue
        grams = tuple(-grams for grams in venue.stock.take(sku, 1))
        longest_s = min(REST_S[1], 0.75 * venue.timing.visit_gap_s)
        rest_s = venue.between(min(REST_S[0], longest_s), longest_s)
        self._act(sku, -1, grams, "rest", rest_s)

    def lift(self, plate: str, grams: float) -> None:
        """Lift a plate off its cell with all that is on it, or set it down: signed grams."""
        self._act(None, 0, (grams,), "lift", self.venue.between(0.8, 2.0), plate=plate)

    def _hand_s(self) -> float:
        # A slow hand must not stretch a visit beyond its gap.
        effects = self.venue.effects
        slow = self.venue.happens(0.06 * effects.slow) and self.venue.timing.visit_gap_s >= 10.0
        if effects.quick and self.venue.happens(QUICK_SHARE * effects.quick):
            return self.venue.between(*QUICK_HAND_S)
        return self.venue.between(1.4, 2.5) if slow else self.venue.between(0.4, 1.3)

    def _act(
        self,
        sku: str | None,
        quantity: int,
        parts_g: tuple[float, ...],
        manner: Manner,
        hand_s: float,
        gap_s: float = 0.0,
        plate: str = "",
    ) -> None:
        plate = self.venue.stock.home[sku] if sku else plate
        free_at = self._gone_at.get(plate, -np.inf) + SAME_PLATE_S * self.venue.between(1.0, 1.05)
        gone_at = max(self.at, free_at) + hand_s
        self._actions.append(
            Action(
                at=gone_at,
                plate=plate,
                sku=sku,
                quantity=quantity,
                parts_g=parts_g,
                hand_s=hand_s,
                manner=manner,
                gap_s=gap_s,
                visit=self._number,
                kind=self._kind,
            )
        )
        self._gone_at[plate] = gone_at
        self.at = gone_at

    def order(self, goods: Sequence[str], coupon: int = 0, gift: str | None = None) -> Order:
        """Scan the shelf's code: an order of these units is opened now."""
        prices = self.venue.prices
        lines = [
            Line(sku, quantity, prices[sku]) for sku, quantity in sorted(Counter(goods).items())
        ]
        if gift is not None:
            lines.append(Line(gift, 1, prices[gift], discount=prices[gift], gift=True))
        order = Order(self.venue.cashier, self.at, tuple(lines), coupon)
        order.tell(self.at, "opened")
        self._orders.append(order)
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
        return self._orders[-1]

    @property
    def hands_gone_at(self) -> float:
        """When the last hand so far has gone."""
        return max((action.at for action in self._actions), default=self.at)

    def lose(
        self,
        kind: str,
        goods: Sequence[str],
        at: float,
        value: int | None = None,
        known_at: float = 0.0,
    ) -> None:
        """These units are lost; nobody can know before `known_at`. `value` is of each unit."""
        for sku, quantity in sorted(Counter(goods).items()):
            each = self.venue.prices[sku] if value is None else value
            self._losses.append((kind, at, sku, quantity, each * quantity, known_at))

    def claim(self, goods: Sequence[str], until: float) -> None:
        """Let nobody else take or buy these before `until`."""
        for sku in goods:
            self.claims[sku] = max(until, self.claims.get(sku, 0.0))

    def finish(self, more: tuple[CloudMessage, ...] = ()) -> Visit:
        """The visit as planned, with the messages of its orders and `more`."""
        timing = self.venue.timing
        settled_at = self.hands_gone_at + timing.visit_gap_s + timing.grace_s
        messages = [*more, *(message for order in self._orders for message in order.messages)]
        return Visit(
            number=self._number,
            kind=self._kind,
            starts_at=self.starts_at,
            ends_at=max(self.at, self.hands_gone_at),
            actions=tuple(sorted(self._actions, key=lambda action: action.at)),
            messages=tuple(sorted(messages, key=lambda message: message.at)),
            changes=tuple(
                change
                for action in sorted(self._actions, key=lambda action: action.at)
                for change in true_changes(action)
            ),
            losses=tuple(
                TrueLoss(at, kind, sku, quantity, value, max(settled_at, known_at))
                for kind, at, sku, quantity, value, known_at in self._losses
            ),
        )
