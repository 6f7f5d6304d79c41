"""What all scenes of one shelf share: its stock, its till, its times, its chance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edge_agent.settings import MatchingSettings, Settings
from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.stockroom import Stockroom

# Between the picks of a hand that takes twice. Each pick is a change of its own: the plate stands
# at a level between them, if only for a moment.
USUAL_DOUBLE_GAP_S = (0.5, 1.2)


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
