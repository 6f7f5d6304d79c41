"""Which goods a camera may have seen come or leave, before its picture is looked at: priors."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.shelf.candidates import AWAY_PRIOR, BROUGHT_PRIOR, Surroundings
from edge_agent.shelf.sights import Items

# Of a thing seen to come or go: one that has just left and comes back, to its own plate or to
# another one; one that belongs elsewhere; one that is no product.
SEEN_BACK, SEEN_MISPLACED, SEEN_ELSEWHERE, SEEN_FOREIGN = 1.0, 0.03, 0.003, 0.02
# Goods of another plate, where nothing of this one is away that could come back.
SEEN_ASTRAY = 0.15


def seen_candidates(units: int, around: Surroundings) -> Iterator[tuple[Items, float]]:
    """Yield what may have moved where nothing was weighed: signed quantities and their prior.

    `units` are those that came (positive) or left; empty items are a thing that is no product.
    """
    yield (), SEEN_FOREIGN
    own = any(_just_left(p.sku, units, around) for p in around.planogram)
    misplaced = SEEN_MISPLACED if own else SEEN_ASTRAY
    elsewhere = SEEN_ELSEWHERE / max(1, len(around.elsewhere))
    for product in around.planogram:
        yield ((product.sku, units),), _belonging(product.sku, units, around)
    for product in around.elsewhere:
        back = _just_left(product.sku, units, around)
        yield ((product.sku, units),), (misplaced if back else elsewhere)


def _belonging(sku: str, units: int, around: Surroundings) -> float:
    """The prior of goods of this plate: what comes has mostly left before."""
    if _just_left(sku, units, around):
        return SEEN_BACK
    share = 1.0 / max(1, len(around.planogram))
    if units < 0 or around.restocking:
        return share
    return AWAY_PRIOR if around.away.get(sku, 0) >= units else BROUGHT_PRIOR * share


def _just_left(sku: str, units: int, around: Surroundings) -> bool:
    return units > 0 and around.just_left.get(sku, 0) >= units
