"""What hands at a shelf can do at all: lift goods from a plate, put them on one, touch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.hands_at_work import QUICK_HAND_S, QUICK_SHARE
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.script import Action, Manner
from edge_agent.simulation.shop import FILL, weighed_plates
from edge_agent.simulation.stockroom import Stockroom
from edge_agent.truth import Items

KIND = "picking"
MOST_CARRIED = 12
# Seconds from touching to letting go, and how many hands are slower or quicker than usual.
USUAL_HAND_S, SLOW_HAND_S, SLOW_SHARE = (0.35, 1.3), (1.3, 3.0), 0.08
# A plate as it is lifted off, without its goods, from a cell of 5 kg.
DEAD_WEIGHT_G = (250.0, 900.0)


@dataclass(frozen=True, slots=True)
class Thing:
    """A unit of a product, or (`sku` None) what is no goods, and where it lies if on no plate's
    stock: on `plate`, with a share of it on the plate `beside`."""

    sku: str | None
    grams: float
    plate: str = ""
    beside: tuple[str, float] | None = None


def dead_weights_g(settings: Settings) -> dict[str, float]:
    """What each plate weighs itself, in proportion to what it bears."""
    low_g, high_g = DEAD_WEIGHT_G
    # Golden section steps: plates differ, evenly, and by no chance that others depend on.
    return {
        plate.id: (low_g + (high_g - low_g) * (0.618 * place % 1.0)) * plate.capacity_g / 5000.0
        for place, plate in enumerate(weighed_plates(settings), 1)
    }


@dataclass(slots=True)
class Handiwork:
    """The hands of one shelf, what they carry, and what lies about.

    `double_gap_s` is the range between the two picks of a hand that takes twice; `number` that of
    the visit in the making.
    """

    settings: Settings
    stock: Stockroom
    rng: np.random.Generator
    effects: Profile
    double_gap_s: tuple[float, float]
    number: int = 1
    carried: list[Thing] = field(default_factory=list)
    lying_about: list[Thing] = field(default_factory=list)
    dead_g: dict[str, float] = field(default_factory=dict)
    _bears_g: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dead_g = dead_weights_g(self.settings)
        for plate in weighed_plates(self.settings):
            self._bears_g[plate.id] = FILL * plate.capacity_g

    def load_g(self, plate: str) -> float:
        """All that a plate bears: its stock, and what else lies on it."""
        load_g = self.stock.level_g(plate)
        for thing in self.lying_about:
            share = thing.beside[1] if thing.beside else 0.0
            if thing.plate == plate:
                load_g += (1.0 - share) * thing.grams
            elif thing.beside and thing.beside[0] == plate:
                load_g += share * thing.grams
        return load_g

    def free_g(self, plate: str) -> float:
        """How much more may be put on a plate."""
        return self._bears_g[plate] - self.load_g(plate)

    def unit_g(self, sku: str) -> float:
        """What one unit of a product weighs by the settings."""
        return next(p.weight_g or 0.0 for p in self.settings.product if p.sku == sku)

    def any_on(self, plate: str, quantity: int = 1) -> str | None:
        """A product of which so many units stand there."""
        there = [s for s in self.stock.on_plate(plate) if self.stock.count(s, plate) >= quantity]
        return there[int(self.rng.integers(len(there)))] if there else None

    def lift(self, plate: str, sku: str, quantity: int = 1) -> tuple[float, ...]:
        """Take units from a plate's stock into the hand; their grams."""
        grams = self.stock.take(sku, quantity, plate)
        self.carried += (Thing(sku, one) for one in grams)
        # People go away with what they carry, but for the last few things.
        del self.carried[:-MOST_CARRIED]
        return grams

    def put(self, plate: str, thing: Thing) -> None:
        """Put a unit from the hand on a plate."""
        assert thing.sku is not None  # only goods are in the stock
        self.carried.remove(thing)
        self.stock.put(thing.sku, (thing.grams,), plate)

    def latest(self, things: list[Thing], fits: Callable[[Thing], bool]) -> Thing | None:
        """The last of these things that fits."""
        return next((thing for thing in reversed(things) if fits(thing)), None)

    def between(self, limits: tuple[float, float]) -> float:
        """A number between two, evenly."""
        return float(self.rng.uniform(*limits))

    def happens(self, probability: float) -> bool:
        """True as often as that."""
        return bool(self.rng.random() < probability)

    def act(
        self,
        plate: str,
        at: float,
        items: Items = (),
        parts_g: tuple[float, ...] = (),
        manner: Manner = "plain",
        hand_s: float | None = None,
        gap_s: float = 0.0,
        beside: tuple[str, float] | None = None,
    ) -> Action:
        """A hand at a plate from `at` on, for `hand_s` or as long as hands take."""
        if hand_s is None:
            hand_s = gap_s + self._hand_s()
        sku, quantity = items[0] if items else (None, 0)
        return Action(
            at + hand_s, plate, sku, quantity, parts_g, hand_s, manner, gap_s,
            self.number, KIND, items[1:], beside,
        )  # fmt: skip

    def _hand_s(self) -> float:
        if self.happens(SLOW_SHARE * self.effects.slow):
            return self.between(SLOW_HAND_S)
        if self.effects.quick and self.happens(QUICK_SHARE * self.effects.quick):
            return self.between(QUICK_HAND_S)
        return self.between(USUAL_HAND_S)
