"""A scenario in the making: who takes and puts what when, and what the cloud says when.

    story.take(60, "nuts")
    story.pay(75, "nuts")
    story.ends(honest({"nuts": 1}))

Times are seconds from the story's start.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edge_agent.simulation.recording import MIDNIGHT_AT, MORNING_S
from edge_agent.simulation.script import Action, CloudMessage
from edge_agent.times import rfc3339
from scripts.scenarios.endings import Ending
from scripts.scenarios.goods import Larder, shelf_settings
from scripts.scenarios.orders import (
    OPENED_BEFORE_S,
    PRICES,
    USUAL_DELAY_S,
    Order,
    RestockOrder,
    cart,
    counted,
)

MONDAY_AT_NINE = MIDNIGHT_AT + MORNING_S
HAND_S = 0.8
HOUR, DAY = 3600.0, 86400.0
SOURCE = "/operator"


class Story:
    """One scenario. `shift_s`: payments' own times may move by so much with the same end."""

    def __init__(self, name: str, says: str, start_at: float = MONDAY_AT_NINE) -> None:
        self.name = name
        self.says = says
        self.start_at = start_at
        self.seed = zlib.crc32(name.encode())
        self.larder = Larder(self.seed)
        self.levels_g = self.larder.levels_g()
        self.actions: list[Action] = []
        self.messages: list[CloudMessage] = []
        self.cuts: list[tuple[float, float]] = []
        self.clock_set: list[tuple[float, float]] = []
        self.ending: Ending = {}
        self.shift_s = 5.0
        self.lasts_s = 10.0

    def take(self, at: float, sku: str, quantity: int = 1, plate: str | None = None) -> None:
        """One hand takes units of a product; at `at` it has gone."""
        grams = -self.larder.take(sku, quantity, plate)
        self._act(at, plate or self.larder.home[sku], sku, -quantity, grams)

    def put(self, at: float, sku: str, quantity: int = 1, plate: str | None = None) -> None:
        """One hand puts units down: those that were taken, then new ones."""
        grams = self.larder.put(sku, quantity, plate)
        self._act(at, plate or self.larder.home[sku], sku, quantity, grams)

    def thing(self, at: float, plate: str, grams: float) -> None:
        """Something that is no product comes onto a plate (or leaves it, below 0)."""
        self._act(at, plate, None, 0, grams)

    def _act(self, at: float, plate: str, sku: str | None, quantity: int, grams: float) -> None:
        moment = self.start_at + at
        self.actions.append(Action(moment, plate, sku, quantity, (grams,), HAND_S, "plain"))
        self.lasts_s = max(self.lasts_s, at + 5.0)

    def order(self, name: str, *skus: str, lines: list[dict[str, Any]] | None = None) -> Order:
        """An order that nothing has been told of yet."""
        goods = cart(counted(skus)) if lines is None else lines
        return Order(name, goods, self._post, self.start_at)

    def pay(
        self,
        at: float,
        *skus: str,
        name: str = "P1",
        arrives: float | None = None,
        lines: list[dict[str, Any]] | None = None,
        discount: int = 0,
    ) -> Order:
        """An order opened eight seconds before `at` and paid then; told at once, or `arrives`."""
        order = self.order(name, *skus, lines=lines)
        order.discount = discount
        order.tell("opened", at - OPENED_BEFORE_S, arrives=arrives)
        return order.tell("paid", at, arrives=None if arrives is None else arrives + 0.1)

    def restock(self, name: str, *lines: tuple[str, int, str | None]) -> RestockOrder:
        """A restock order of (SKU, quantity, plate) that nothing has been told of yet."""
        return RestockOrder(name, list(lines), self._post)

    def reprice(self, at: float, prices: Mapping[str, int], version: int = 1) -> None:
        """A new catalogue with other prices comes."""
        products = [
            product.model_dump(mode="json") | {"price": prices.get(product.sku, product.price)}
            for product in shelf_settings().product
        ]
        plates = [{"id": p.id, "products": list(p.products)} for p in shelf_settings().plate]
        content = {"version": version, "products": products, "plates": plates}
        name = f"catalogue-{version}"
        self._post(at, "catalogue", "shelf.catalogue", name, content, None, 1)

    def power_cut(self, begin: float, end: float) -> None:
        """No samples from `begin` to `end`."""
        self.cuts.append((begin, end))

    def ends(
        self,
        *visits: Ending,
        others: Sequence[Ending] = (),
        reports: Sequence[Ending] = (),
        losses: Mapping[str, int] | None = None,
    ) -> None:
        """How it must end: visits in order of time, cases without a visit, restock reports.

        `losses` instead of visits: units that are still missing at the end, by SKU.
        """
        self.ending = {
            "says": self.says,
            "payments_may_shift_s": self.shift_s,
            "other_cases": list(others),
            "restock_reports": list(reports),
        }
        self.ending |= {"visits": list(visits)} if losses is None else {"losses": dict(losses)}

    def _post(
        self,
        at: float,
        topic: str,
        kind: str,
        name: str,
        content: dict[str, Any],
        arrives: float | None,
        times: int,
    ) -> None:
        event = {
            "specversion": "1.0",
            "id": name,
            "source": SOURCE,
            "type": kind,
            "time": rfc3339(self.start_at + at),
            "datacontenttype": "application/json",
            "data": content,
        }
        first = at + USUAL_DELAY_S if arrives is None else arrives
        for place in range(times):
            arrives_at = self.start_at + first + 2.0 * place
            self.messages.append(CloudMessage(arrives_at, topic, event))


Plot = Callable[[Story], None]
PLOTS: dict[str, tuple[str, float, Plot]] = {}
"""Every scenario's sentence, start and plot by its name (the folder's)."""


def scenario(says: str, start_at: float = MONDAY_AT_NINE) -> Callable[[Plot], Plot]:
    """Name a plot: `def paid_late(story)` becomes the folder `paid-late`."""

    def file(plot: Plot) -> Plot:
        name = plot.__name__.replace("_", "-")
        assert name not in PLOTS, name
        PLOTS[name] = (says, start_at, plot)
        return plot

    return file


def told(name: str) -> Story:
    """Play a plot."""
    says, start_at, plot = PLOTS[name]
    story = Story(name, says, start_at)
    plot(story)
    return story


__all__ = ["DAY", "HOUR", "PLOTS", "PRICES", "Story", "scenario", "told"]
