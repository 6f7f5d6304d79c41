"""Who comes when: visits one after the other, without end, and restocks when plates run low.

Visits stand far enough apart, and leave products that are still in question alone long enough,
that an observer of every hand and every payment can know the truth of each.
"""

from __future__ import annotations

import heapq
import math

from edge_agent.settings import Settings
from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.chance import stream
from edge_agent.simulation.mix import Mixes
from edge_agent.simulation.plot_parts import Basket, Plot, Pool
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.restocking import USUAL_TWIST, Twist, plan_restock
from edge_agent.simulation.scene import Errand, Scene
from edge_agent.simulation.script import Visit
from edge_agent.simulation.stockroom import Stockroom, Units
from edge_agent.simulation.venue import USUAL_DOUBLE_GAP_S, Venue

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
# Where every way is played: how many restocks come short, take a product's expired units out (of
# each product), or put a unit on the wrong plate.
SHORT_SHARE, EXPIRED_SHARE, MISPLACED_SHARE = 0.3, 0.03, 0.1


class Shoppers:
    """The visits of a shelf in order of time, the same for the same arguments.

    `visits_per_hour` is that of an ordinary working hour. Without `office_rhythm` every hour is
    one. No visit has a hand on a plate before `start_at + quiet_s` or after `last_hand_at`, or a
    message after `end_at`; where they are absent, visits never end. With an `adversarial` share
    every way to pay and not to pay is played, and messages may come after the end. `swaps` is the
    share of visits in which goods are exchanged for something of the same weight.
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
        adversarial: float | None = None,
        swaps: float = 0.0,
    ) -> None:
        self._rng = stream(seed, "shoppers")
        self.stock = Stockroom(settings, stream(seed, "stock"), effects.outliers)
        cashier = Cashier(settings.currency, settings.matching.grace_s, stream(seed, "cloud"))
        self._venue = Venue(settings, self.stock, cashier, self._rng, effects, double_gap_s)
        self._visits_per_hour = visits_per_hour
        self._office_rhythm = office_rhythm
        self._last_hand_at = last_hand_at
        self._end_at = end_at if adversarial is None else math.inf
        self._is_adversarial = adversarial is not None
        self._errands: list[tuple[float, int, Errand]] = []
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
        self._mixes = Mixes.of(effects, adversarial, swaps)

    def next_visit(self) -> Visit | None:
        """The next visit or restock; None when no more fits before the end."""
        if self._visits_per_hour <= 0:
            return None
        while True:
            at = max(self._wanted_at, self._free_at)
            if self._errands and self._errands[0][0] <= at:
                return self._run_errand()
            if at >= self._last_hand_at:
                return None
            visit = self._try_restock(at)
            if visit is not None:
                return visit
            self._wanted_at = self._next_wanted(self._wanted_at)
            mix = self._mixes.next(self._rng)
            for _ in range(TRIES):
                name = mix.draw(self._rng)
                visit = self._try(name, mix.plots[name], at)
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
        scene = plan_restock(self._venue, self._number + 1, at, self._twist(at))
        return self._accept(scene, snapshot)

    def _twist(self, at: float) -> Twist:
        """What is unusual about a restock: nothing, but where every way is played."""
        if not self._is_adversarial:
            return USUAL_TWIST
        free = self._free(at)
        return Twist(
            short=self._venue.happens(SHORT_SHARE),
            expired=[sku for sku in free if self._venue.happens(EXPIRED_SHARE)][:1],
            misplaced=self._venue.happens(MISPLACED_SHARE),
        )

    def _free(self, at: float) -> list[str]:
        return [sku for sku in self.stock.home if self._busy_until.get(sku, 0.0) <= at]

    def _try(self, name: str, plot: Plot, at: float) -> Visit | None:
        if at + plot.lasts_s > self._last_hand_at:
            return None
        free = self._free(at)
        basket = self._basket(plot, free)
        if basket is None:
            return None
        snapshot = self.stock.snapshot()
        scene = Scene(self._venue, self._number + 1, name, at, free)
        plot.play(scene, basket)
        timing = self._venue.timing
        until = scene.ends_at + timing.grace_s + timing.visit_gap_s
        scene.claim([sku for sku, _ in basket], until)
        return self._accept(scene, snapshot)

    def _run_errand(self) -> Visit | None:
        """Somebody comes again, as soon as the shelf is free."""
        wanted_at, _, errand = heapq.heappop(self._errands)
        at = max(wanted_at, self._free_at)
        scene = Scene(self._venue, self._number + 1, errand.kind, at, self._free(at))
        errand.play(scene)
        return self._accept(scene, self.stock.snapshot())

    def _accept(self, scene: Scene, before: Units) -> Visit | None:
        """Let it take place, unless it does not fit before the end."""
        visit = scene.finish()
        hands_gone_at = max((action.at for action in visit.actions), default=visit.starts_at)
        told_at = max((message.at for message in visit.messages), default=visit.starts_at)
        if hands_gone_at > self._last_hand_at or told_at > self._end_at:
            self.stock.restore(before)
            return None
        self._number = visit.number
        self._free_at = visit.ends_at + 1.25 * self._venue.timing.visit_gap_s + 2.0
        self._busy_until |= scene.claims
        for errand in scene.errands:
            heapq.heappush(self._errands, (errand.at, self._number, errand))
        return visit

    def _basket(self, plot: Plot, free: list[str]) -> Basket | None:
        size = plot.products[int(self._rng.integers(len(plot.products)))]
        pool = [
            sku
            for sku in free
            if self._is_in(plot.pool, sku) and self.stock.count(sku) >= plot.units
        ]
        if len(pool) < size:
            return None
        chosen = [pool[int(i)] for i in self._rng.choice(len(pool), size, replace=False)]
        if plot.pool == "mixed":
            chosen = self._mixed(chosen)
            if len(chosen) < 2 or chosen[0] in self._clean:
                return None
        if plot.cheap:
            chosen = chosen[: max(1, size - plot.cheap)]
        if plot.apart and len({self.stock.home[sku] for sku in chosen}) < len(chosen):
            return None
        if plot.cheap:
            return self._with_cheap_ones(chosen, plot.cheap, free)
        return [(sku, max(plot.units, self._quantity(plot, sku))) for sku in chosen]

    def _mixed(self, chosen: list[str]) -> list[str]:
        """One that is stolen, then those that are not."""
        stealable = [sku for sku in chosen if sku not in self._clean]
        return stealable[:1] + [sku for sku in chosen if sku in self._clean]

    def _is_in(self, pool: Pool, sku: str) -> bool:
        return pool in ("any", "mixed") or (sku in self._clean) == (pool == "clean")

    def _quantity(self, plot: Plot, sku: str) -> int:
        wants_two = plot.may_take_two and self._rng.random() < 0.12
        return 2 if wants_two and self.stock.count(sku) >= 2 else 1

    def _with_cheap_ones(self, chosen: list[str], wanted: int, free: list[str]) -> Basket | None:
        prices, home = self._venue.prices, self.stock.home
        cheaper = [
            sku
            for sku in free
            if sku in self._clean
            and prices[sku] < prices[chosen[0]]
            and home[sku] not in {home[other] for other in chosen}
        ]
        if len(cheaper) < wanted:
            return None
        cheap = [cheaper[int(self._rng.integers(len(cheaper)))] for _ in range(wanted)]
        if wanted > 1 and sum(prices[sku] for sku in cheap) >= prices[chosen[0]]:
            return None
        return [(sku, 1) for sku in (*chosen, *cheap)]
