"""How hands take goods: how many units at once, and whether of one kind; learned at the shelf.

Bayes with Dirichlet and beta distributions (Gelman et al., Bayesian Data Analysis, 2.4 and 3.4):
the usual shares count as some handfuls seen before, and each handful adds what is believed of it, a
part to each explanation. So where nobody takes three at once, no pair is taken for that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.shelf.sights import Items

# Shares of actions with one, two, … units; from six on they fall by a fifth each.
COUNT_PRIOR = (0.72, 0.18, 0.06, 0.025, 0.01, 0.005)
COUNT_DECAY = 0.8
# How often a further unit in the same hand is chosen without regard to the first, among all
# products of the plate. Rather too high than too low: a pair taken for one unit is an error, a unit
# that might be a pair only abstains.
FREE_CHOICE = 0.5
# The usual shares are worth so many handfuls of this shelf.
PRIOR_HANDFULS = 20.0
# Handfuls of so many units and more are learned of together.
MANY = 5


def count_prior(count: int) -> float:
    """The usual share of actions with so many units."""
    if count <= len(COUNT_PRIOR):
        return COUNT_PRIOR[count - 1]
    return float(COUNT_PRIOR[-1] * COUNT_DECAY ** (count - len(COUNT_PRIOR)))


# Those of one to four units, and of more: the rest of the series.
_USUAL_COUNTS = (
    *COUNT_PRIOR[: MANY - 1],
    COUNT_PRIOR[MANY - 1] + COUNT_PRIOR[MANY] / (1.0 - COUNT_DECAY),
)


@dataclass(frozen=True, slots=True)
class Handful:
    """What is believed of one action: signed quantities with their probabilities, and among how
    many products of its plate they were chosen."""

    beliefs: tuple[tuple[Items, float], ...]
    goods: int


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of handfuls of one to four units and of more; of two to four and more, how often a
    further one is chosen freely (`FREE_CHOICE`)."""

    counts: tuple[float, ...] = _USUAL_COUNTS
    free: tuple[float, ...] = (FREE_CHOICE,) * (MANY - 1)

    def count_share(self, count: int) -> float:
        """The share of handfuls with so many units."""
        kind = min(count, MANY) - 1
        return count_prior(count) * self.counts[kind] / _USUAL_COUNTS[kind]

    def mixed_share(self, count: int, goods: int) -> float:
        """The share of handfuls of so many units that are not all of one kind, where a plate has
        so many products."""
        if count < 2 or goods < 2:
            return 0.0
        return self.free[min(count, MANY) - 2] * (1.0 - 1.0 / goods)


USUAL = Habits()


def habits_of(handfuls: Iterable[Handful]) -> Habits:
    """What some handfuls teach; their order does not matter."""
    counted, chosen, mixed = [0.0] * MANY, [0.0] * MANY, [0.0] * MANY
    for handful in handfuls:
        for items, share in handful.beliefs:
            kind = min(sum(abs(quantity) for _, quantity in items), MANY) - 1
            counted[kind] += share
            if kind and handful.goods > 1:
                chosen[kind] += share * (1.0 - 1.0 / handful.goods)
                mixed[kind] += share if len(items) > 1 else 0.0
    usual = [PRIOR_HANDFULS * share for share in _USUAL_COUNTS]
    # The usual shares add up to a little more than one, and so do those learned.
    scale = sum(_USUAL_COUNTS) / (sum(usual) + sum(counted))
    return Habits(
        tuple(scale * (a + n) for a, n in zip(usual, counted, strict=True)),
        tuple(
            min(1.0, (a * FREE_CHOICE + m) / (a + n))
            for a, m, n in list(zip(usual, mixed, chosen, strict=True))[1:]
        ),
    )
