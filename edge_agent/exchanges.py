"""Whether something else stands in a region than before, by its pictures and by the plate's weight.

Goods that were only turned look different too; what a plate weighs at rest tells them from others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edge_agent.shelf.catalogue import Catalogue
from edge_agent.vision.seen import Recognition, RegionChange
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.level_log import LevelLog

# Something else stands there where what stood there before is so unlikely; or less so, where the
# plate weighs more or less than before by what one unit put back never does.
SURELY_ANOTHER, MAYBE_ANOTHER = 0.01, 3.0
OTHER_G, OTHER_PART, OTHER_SIGMAS = 0.3, 0.002, 5.0
# A change of less than this part of the lightest goods is none of them alone.
TOO_LIGHT_PART = 0.5


class Exchanges:
    """Judges exchanges; `catalogue` gives the products as known now, `level_log` the levels."""

    def __init__(self, catalogue: Callable[[], Catalogue], level_log: LevelLog | None) -> None:
        self._catalogue = catalogue
        self._level_log = level_log

    def judge(
        self, region: RegionChange, before: Recognition, after: Recognition
    ) -> tuple[Recognition, Recognition] | None:
        """What stood there and what stands there now, where that is surely another thing."""
        if before.answer is None:
            return None
        same = after.likelihoods.get(before.answer, 1.0)
        if same <= SURELY_ANOTHER:
            return before, after
        if same > MAYBE_ANOTHER or not self._weighs_otherwise(region, before.answer):
            return None
        likelihoods = {**after.likelihoods, before.answer: same * SURELY_ANOTHER / MAYBE_ANOTHER}
        return before, replace(after, likelihoods=likelihoods)

    def _weighs_otherwise(self, region: RegionChange, sku: str) -> bool:
        """Whether a plate weighs something else than before, more so than if a unit of a product
        had been put back."""
        if self._level_log is None:
            return False
        shift = self._level_log.shift(region.plate, region.began_at, region.settled_at)
        product = self._catalogue().products.get(sku)
        if shift is None or product is None or not product.weight_g:
            return False
        never_g = max(OTHER_G, OTHER_PART * product.weight_g, OTHER_SIGMAS * shift.sigma_g)
        return abs(shift.delta_g) > never_g

    def is_too_light(self, change: WeightChange) -> bool:
        """Whether nothing that is sold weighs so little: one thing went, another came."""
        weights = (p.weight_g for p in self._catalogue().products.values() if p.weight_g)
        return abs(change.delta_g) < TOO_LIGHT_PART * min(weights, default=0.0)
