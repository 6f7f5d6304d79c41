"""Who comes when: visits one after the other, without end, and restocks when plates run low.

Visits stand far enough apart, and leave products that are still in question alone long enough,
that an observer of every hand and every payment can know the truth of each.
"""

from __future__ import annotations

import math

from edge_agent.settings import Settings
from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.chance import stream
from edge_agent.simulation.odd_plots import odd_plots
from edge_agent.simulation.plots import PLOTS, Basket, Plot
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.restocking import plan_restock
from edge_agent.simulation.scene import USUAL_DOUBLE_GAP_S, Scene, Venue
from edge_agent.simulation.script import Visit
from edge_agent.simulation.stockroom import Stockroom, Units

# How busy an office shelf is in each hour of the local day, against its ordinary working hour:
# breakfast, the breaks before and after lunch, a quiet evening, hardly anybody at night.
# fmt: off
RHYTHM = (
    0.03, 0.02, 0.02, 0.02, 0.02, 0.05, 0.1, 0.4, 1.0, 1.2, 1.8, 1.4,
    2.0, 1.6, 1.2, 1.9, 1.4, 1.0, 0.8, 0.6, 0.5, 0.3, 0.15, 0.06,
)
# fmt: on
LOCAL_OFFSET_S = 8 * 3600.0
TRIES = 8
# The share of the products that nobody steals: payments that outlive their visit (late, of goods
# that did not leave) are for these, or they could as well be for an older theft.
CLEAN_SHARE = 0.4


class Shoppers:
    """The visits of a shelf in order of time, the same for the same arguments.

    `visits_per_hour` is that of an ordinary working hour. Without `office_rhythm` every hour is
    one. No visit has a hand on a plate before `start_at + quiet_s` or after `last_hand_at`, or a
    message after `end_at`; where they are absent, visits never end.
    """

    def __init__(
        self,
        seed: int,
        settings: Settings,
        start_at: float,
        visits_per_hour: float,
        *,
        quiet_s: float = 60.0,
        last_hand_at: float = math.inf,
        end_at: float = math.inf,
        office_rhythm: bool = True,
        effects: Profile = Profile(),  # noqa: B008 - it is frozen
        double_gap_s: tuple[float, float] = USUAL_DOUBLE_GAP_S,
    ) -> None:
        self._rng = stream(seed, "shoppers")
        self.stock = Stockroom(settings, stream(seed, "stock"), effects.outliers)
        cashier = Cashier(settings.currency, settings.matching.grace_s, stream(seed, "cloud"))
        self._venue = Venue(settings, self.stock, cashier, self._rng, effects, double_gap_s)
        self._visits_per_hour = visits_per_hour
        self._office_rhythm = office_rhythm
        self._last_hand_at = last_hand_at
        self._end_at = end_at
        self._wanted_at = start_at + quiet_s
        self._free_at = start_at + quiet_s
        self._number = 0
        self._busy_until: dict[str, float] = {}
        skus = sorted(self.stock.home, key=lambda sku: (self._venue.prices[sku], sku))
        # Evenly over the prices, so that there is a cheap one to pay instead of a dear one.
        offset = int(self._rng.integers(5))
        self._clean = {
            sku for i, sku in enumerate(skus) if (i + offset) % 5 < round(5 * CLEAN_SHARE)
        }
        self._plots = PLOTS | odd_plots(effects)
        self._names = list(self._plots)
        weights = [plot.weight for plot in self._plots.values()]
        self._weights = [weight / sum(weights) for weight in weights]

    def next_visit(self) -> Visit | None:
        """The next visit or restock; None when no more fits before the end."""
        if self._visits_per_hour <= 0:
            return None
        while True:
            at = max(self._wanted_at, self._free_at)
            if at >= self._last_hand_at:
                return None
            visit = self._try_restock(at)
            if visit is not None:
                return visit
            self._wanted_at = self._next_wanted(self._wanted_at)
            for _ in range(TRIES):
                name = self._names[int(self._rng.choice(len(self._names), p=self._weights))]
                visit = self._try(name, at)
                if visit is not None:
                    return visit

    def _next_wanted(self, at: float) -> float:
        """The next arrival of a Poisson process with the day's rhythm, by thinning."""
        highest = max(RHYTHM) if self._office_rhythm else 1.0
        while True:
            at += float(self._rng.exponential(3600.0 / (self._visits_per_hour * highest)))
            hour = int((at + LOCAL_OFFSET_S) // 3600) % 24
            rate = RHYTHM[hour] if self._office_rhythm else 1.0
            if self._rng.random() * highest < rate:
                return at

    def _try_restock(self, at: float) -> Visit | None:
        left = {sku: self.stock.count(sku) for sku in self.stock.home}
        if all(units > 1 or 2 * units > self.stock.full(sku) for sku, units in left.items()):
            return None
        snapshot = self.stock.snapshot()
        return self._accept(plan_restock(self._venue, self._number + 1, at), {}, snapshot)

    def _try(self, name: str, at: float) -> Visit | None:
        plot = self._plots[name]
        basket = self._basket(name, plot, at)
        if basket is None:
            return None
        snapshot = self.stock.snapshot()
        scene = Scene(self._venue, self._number + 1, name, at)
        plot.play(scene, basket)
        visit = scene.finish()
        timing = self._venue.timing
        until = visit.ends_at + timing.grace_s + timing.visit_gap_s
        scene.claim([sku for sku, _ in basket], until)
        return self._accept(visit, scene.claims, snapshot)

    def _accept(self, visit: Visit, claims: dict[str, float], before: Units) -> Visit | None:
        """Let it take place, unless it does not fit before the end."""
        hands_gone_at = max((action.at for action in visit.actions), default=visit.starts_at)
        told_at = max((message.at for message in visit.messages), default=visit.starts_at)
        if hands_gone_at > self._last_hand_at or told_at > self._end_at:
            self.stock.restore(before)
            return None
        self._number = visit.number
        self._free_at = visit.ends_at + 1.25 * self._venue.timing.visit_gap_s + 2.0
        self._busy_until |= claims
        return visit

    def _basket(self, name: str, plot: Plot, at: float) -> Basket | None:
        size = plot.products[int(self._rng.integers(len(plot.products)))]
        free = [sku for sku in self.stock.home if self._busy_until.get(sku, 0.0) <= at]
        pool = [sku for sku in free if self._is_in(plot, sku) and self.stock.count(sku) > 0]
        if len(pool) < size:
            return None
        chosen = [pool[int(i)] for i in self._rng.choice(len(pool), size, replace=False)]
        if name == "substituted":
            return self._with_a_cheap_one(chosen[: max(1, size - 1)], free)
        if name == "colleagues" and self.stock.home[chosen[0]] == self.stock.home[chosen[1]]:
            return None
        return [(sku, self._quantity(plot, sku)) for sku in chosen]

    def _is_in(self, plot: Plot, sku: str) -> bool:
        return plot.pool == "any" or (sku in self._clean) == (plot.pool == "clean")

    def _quantity(self, plot: Plot, sku: str) -> int:
        wants_two = plot.may_take_two and self._rng.random() < 0.12
        return 2 if wants_two and self.stock.count(sku) >= 2 else 1

    def _with_a_cheap_one(self, chosen: list[str], free: list[str]) -> Basket | None:
        prices, home = self._venue.prices, self.stock.home
        cheaper = [
            sku
            for sku in free
            if sku in self._clean
            and prices[sku] < prices[chosen[0]]
            and home[sku] not in {home[other] for other in chosen}
        ]
        if not cheaper:
            return None
        return [(sku, 1) for sku in (*chosen, cheaper[int(self._rng.integers(len(cheaper)))])]
