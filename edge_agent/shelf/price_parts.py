"""The price of one pair of goods and payment, in its parts: what `losses why` shows.

`matching` needs the sum only, and quickly; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.shelf import matching
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.state import Rules, Visit
from edge_agent.shelf.units import Unit

# What a unit left unpaid and a payment left unused cost together: a dearer pair is not made.
UNPAID = 2 * matching.UNMATCHED


@dataclass(frozen=True, slots=True)
class PriceParts:
    """Units of log likelihood, the larger the less likely.

    `time` is that of the time between goods and payment, `late` that of a payment begun after the
    grace, `misfit` that of goods and payment not being equal in all, `exact` what a cart of
    several that a visit has all of takes off (0 or less), `refunded` that of money that went
    back.
    """

    time: float
    late: float
    misfit: float
    exact: float
    refunded: float

    @property
    def total(self) -> float:
        """The pair's price."""
        return self.time + self.late + self.misfit + self.exact + self.refunded


@dataclass(frozen=True, slots=True)
class Fit:
    """What a whole payment and a whole visit add to the price of each pair of their units."""

    misfit: float
    exact: float

    @classmethod
    def of(cls, stay: Stay, purse: Purse) -> Fit:
        """Of a visit and a payment."""
        return cls(
            misfit=matching.MISFIT * (1.0 - matching.fit_of(stay.goods, purse.cart)),
            exact=-matching.surprise(stay.goods, purse.cart),
        )


def price_parts(unit: Unit, visit: Visit, paid: PaidUnit, fit: Fit, rules: Rules) -> PriceParts:
    """Price a pair that the rules allow: a unit of a visit with one that a payment covers."""
    is_ahead = paid.paid_at < unit.taken_from
    is_late = not is_ahead and paid.reference_at > visit.ended_at + rules.grace_s
    late = matching.LATE if is_late else 0.0
    return PriceParts(
        time=matching.time_cost(unit, visit, paid, rules) - late,
        late=late,
        misfit=fit.misfit,
        exact=fit.exact,
        refunded=matching.REFUNDED if paid.refunded_at is not None else 0.0,
    )
