"""How far a plate's weight is from its counts, and what may explain it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edge_agent.shelf.balance import (
    SPAN_SHARE,
    USUAL_CAPACITY_G,
    Combination,
    Goods,
    goods_sigma_g,
    scale_sigma_g,
    units_apart,
    weight_of,
)
from edge_agent.shelf.books import Counts, Oddment, as_counts
from edge_agent.shelf.explaining import Evidence
from edge_agent.shelf.state import Rules, ShelfState
from edge_agent.shelf.stock import elsewhere, goods_on, whole_sigma_g

# No finding below this: crumbs, moisture, a sticker.
LEAST_G, LEAST_SHARE = 2.0, 0.0005
# No zero wanders by more of the capacity in a day unless something is wrong.
DRIFT_AT_MOST = 0.005
# What is off by as much as the changes not identified, give or take this many sigma, is those.
SAME_SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Off:
    """How far a plate's weight is from its counts since both agreed, and how far it may be; g."""

    off_g: float
    sigma_g: float
    moved_g: float


def off_of(state: ShelfState, plate: str, rules: Rules) -> Off:
    """Weigh a plate's counts against its weight, since both agreed last."""
    book, goods = state.books[plate], goods_on(state, plate)
    counts = state.stock[plate]
    came_g = weight_of(goods, counts) - weight_of(goods, book.agreed)
    risen_g = state.levels_g[plate] - book.agreed_g
    capacity_g = rules.capacity_g.get(plate, USUAL_CAPACITY_G)
    went_on = elsewhere(state, book) - book.elsewhere_agreed
    scale_g = scale_sigma_g(capacity_g, risen_g, book.level_at - book.agreed_at, went_on)
    sigma_g = math.hypot(scale_g, goods_sigma_g(goods, book.moves))
    off_g = risen_g - came_g - book.shifted_g
    return Off(off_g, sigma_g, weight_of(goods, book.moves))


def whole_of(state: ShelfState, plate: str, rules: Rules) -> Off | None:
    """Weigh all counted goods of a plate against its whole weight; None where it is not counted."""
    if plate not in state.counted:
        return None
    goods, counts = goods_on(state, plate), state.stock[plate]
    counted_g = weight_of(goods, counts) + state.books[plate].beside_g
    sigma_g = math.hypot(whole_sigma_g(state, plate, rules), goods_sigma_g(goods, counts))
    return Off(state.levels_g[plate] - counted_g, sigma_g, counted_g)


def residual_g(state: ShelfState, plate: str) -> float:
    """A plate's weight less that of its counted goods, or of those that came since it was first
    seen where the count is not known."""
    goods = goods_on(state, plate)
    book = state.books[plate]
    counted_g = weight_of(goods, state.stock[plate])
    if plate in state.counted:
        return state.levels_g[plate] - counted_g - book.beside_g
    counted_g += book.shifted_g
    return state.levels_g[plate] - book.agreed_g - counted_g + weight_of(goods, book.agreed)


def least_g(plate: str, rules: Rules) -> float:
    """The smallest disagreement that is told of a plate."""
    return max(LEAST_G, LEAST_SHARE * rules.capacity_g.get(plate, USUAL_CAPACITY_G))


def evidence_of(state: ShelfState, plate: str, off: Off, rules: Rules) -> Evidence:
    """Collect what may explain that a plate's two ledgers disagree; grams."""
    book, goods = state.books[plate], list(goods_on(state, plate).values())
    return Evidence(
        plate=plate,
        off_g=off.off_g,
        sigma_g=off.sigma_g,
        goods=goods,
        drifted_g=book.drifted_g,
        oddments=book.open_oddments,
        moved_g=off.moved_g,
        apart=_apart(state, plate, off, goods),
        others_drifted_g=[b.wandered_g for p, b in state.books.items() if p != plate],
        drift_at_most_g=DRIFT_AT_MOST * rules.capacity_g.get(plate, USUAL_CAPACITY_G),
        whole=False,
        name=state.catalogue.name,
    )


def _apart(
    state: ShelfState, plate: str, off: Off, goods: Sequence[Goods]
) -> tuple[Combination, ...]:
    """The units that explain how far a plate is off; those that were known before, and what more
    has gone or come since."""
    book = state.books[plate]
    known = book.disagreement
    before: Counter[str] = Counter()
    if known is not None and known.base_g:
        before.update(dict(known.apart))
        off = replace(off, off_g=off.off_g - known.base_g)
    else:
        off = _of_oddments(off, book.open_oddments)
    counts: Counter[str] | None = None
    if plate in state.counted:
        counts = Counter(state.stock[plate])
        counts.update(before)
    found = units_apart(off.off_g, off.sigma_g, goods, counts)
    if not before:
        return found
    return tuple(replace(c, units=_together(before, c.units)) for c in found)


def _of_oddments(off: Off, oddments: Sequence[Oddment]) -> Off:
    """The same, measured by the unidentified changes where they make all of it up: those were
    weighed within seconds, and what drifted since is not in them."""
    odd_g = math.fsum(o.delta_g for o in oddments)
    if not oddments or abs(off.off_g - odd_g) > SAME_SIGMAS * off.sigma_g:
        return off
    sigma_g = math.hypot(SPAN_SHARE * odd_g, *(o.sigma_g for o in oddments))
    return replace(off, off_g=odd_g, sigma_g=min(sigma_g, off.sigma_g))


def _together(before: Mapping[str, int], units: Counts) -> Counts:
    together = Counter(before)
    together.update(dict(units))
    return as_counts(together)
