"""What the units of a plate weigh, as far as weighing needs it: is a step goods, or a hand?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

# Units taken or put at once that are still looked for.
MOST_UNITS = 10
# Deviations within which a step is so many units, and the least one as a share of their weight.
FITS_SIGMAS, LEAST_SHARE = 4.0, 0.005
# What a whole plate weighs may come near to goods by chance: those must fit well.
FEW_SIGMAS = 2.5
# How much worse than a unit's spread a measurement must be for the goods to know better.
MUCH_WORSE = 2.5


@dataclass(frozen=True, slots=True)
class Goods:
    """Weight and spread (g) of a unit of each product of the planogram; none where unknown."""

    units: tuple[tuple[float, float], ...] = ()

    def fits(self, step_g: float, sigma_g: float) -> bool:
        """Whether a step may be units of one product, or one of each of two.

        Always where no product is known.
        """
        return not self.units or self.misfit(step_g, sigma_g) <= FITS_SIGMAS**2

    def misfit(self, step_g: float, sigma_g: float) -> float:
        """Return the least squared distance, in deviations, to any goods; infinite for none."""
        alike = (
            _distance(step_g, sigma_g, count * w, sd * math.sqrt(count))
            for w, sd in self.units
            for count in range(1, MOST_UNITS + 1)
        )
        mixed = (
            _distance(step_g, sigma_g, a + b, math.hypot(sd_a, sd_b))
            for (a, sd_a), (b, sd_b) in combinations(self.units, 2)
        )
        return min((*alike, *mixed), default=math.inf)

    def is_few(self, step_g: float, sigma_g: float) -> bool:
        """Whether a step is a unit or two of a product, where any is known."""
        return any(
            _distance(step_g, sigma_g, count * w, sd * math.sqrt(count)) <= FEW_SIGMAS**2
            for w, sd in self.units
            for count in (1, 2)
        )

    def is_single(self, step_g: float, sigma_g: float) -> bool:
        """Whether a step may be a single unit."""
        return any(_distance(step_g, sigma_g, w, sd) <= FITS_SIGMAS**2 for w, sd in self.units)

    def parts(self, step_g: float, sigma_g: float) -> list[tuple[float, float]]:
        """Return weight and spread of the first units that leave goods to the rest of a step; g."""
        return [
            (w, sd)
            for w, sd in self.units
            if abs(step_g) > w and self.fits(abs(step_g) - w, sigma_g)
        ]

    def part_near(
        self, part_g: float, part_sigma_g: float, whole_g: float, sigma_g: float
    ) -> tuple[float, float]:
        """Return what a doubtful first part of a step weighs and its deviation, by the goods too.

        The measured part as it is, if no unit is near or units differ about as much; else joined
        with the nearest unit's weight, each by its precision.
        """
        near = [
            (w, sd)
            for w, sd in self.parts(whole_g, sigma_g)
            if _distance(part_g, part_sigma_g, w, sd) <= FITS_SIGMAS**2
        ]
        if not near:
            return part_g, part_sigma_g
        weight_g, sd_g = min(near, key=lambda unit: abs(abs(part_g) - unit[0]))
        sd_g = max(sd_g, LEAST_SHARE * weight_g)
        if part_sigma_g < MUCH_WORSE * sd_g:
            return part_g, part_sigma_g
        share = part_sigma_g**2 / (part_sigma_g**2 + sd_g**2)
        joined_g = abs(part_g) + share * (weight_g - abs(part_g))
        return math.copysign(joined_g, part_g), math.sqrt(share) * sd_g


def _distance(step_g: float, sigma_g: float, weight_g: float, sd_g: float) -> float:
    spread_g = math.hypot(sigma_g, sd_g, LEAST_SHARE * weight_g)
    return ((abs(step_g) - weight_g) / spread_g) ** 2


NO_GOODS = Goods()
