"""How many units stand on each plate, counted from the changes; and its weight beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from edge_agent.shelf.balance import (
    USUAL_CAPACITY_G,
    ZERO_SHARE,
    Goods,
    counts_by_weight,
    scale_sigma_g,
    weight_of,
)
from edge_agent.shelf.books import Bustle, Oddment, PlateBook, Recount, RecountedBy, as_counts
from edge_agent.shelf.facts import CountFact, LevelsFact
from edge_agent.shelf.learning import as_goods
from edge_agent.shelf.state import Change, Rules, ShelfState

# How sure, and how near, a weight must be of the counts where nothing else is known of them.
SURE_OF_COUNTS, NEAR_SIGMAS = 0.95, 3.0
ODDMENTS_KEPT = 8
# A thing that came and went again weighs the same within this.
SAME_THING_G = 3.0


def goods_on(state: ShelfState, plate: str) -> dict[str, Goods]:
    """The weighed products that belong on a plate or are counted there, by SKU."""
    skus = {*state.catalogue.plates.get(plate, ()), *state.stock.get(plate, {})}
    found: dict[str, Goods] = {}
    for sku in sorted(skus):
        product = state.catalogue.products.get(sku)
        goods = as_goods(product, state.learned.get(sku)) if product else None
        if goods is not None:
            found[sku] = goods
    return found


def standing(state: ShelfState, plate: str) -> dict[str, int]:
    """What stands on a plate by its weight, where that can say: the counts, and what is apart."""
    counts = Counter(state.stock.get(plate, {}))
    book = state.books.get(plate)
    if book is not None and book.disagreement is not None:
        counts.update(dict(book.disagreement.apart))
    return {sku: max(0, n) for sku, n in counts.items()}


def file_levels(state: ShelfState, fact: LevelsFact, rules: Rules) -> bool:
    """Take settled weights in that no change told; returns whether there is a new count.

    A plate seen for the first time begins to be counted: from what its weight allows where that is
    clear, else from zero up.
    """
    state.levels_told_at = fact.at
    fresh = [plate for plate in fact.levels_g if plate not in state.books]
    for plate, level_g in fact.levels_g.items():
        book = state.books.get(plate)
        last_g = state.levels_g.get(plate, level_g)
        state.levels_g[plate] = level_g
        if book is None:
            counts = state.stock.setdefault(plate, {})
            book = PlateBook(fact.at, fact.at, fact.at, level_g, dict(counts))
            state.books[plate] = replace(
                book, elsewhere_agreed=state.bustle, elsewhere_zeroed=state.bustle
            )
            count_from_weight(state, plate, rules)
        elif plate in fact.zeroed:
            state.books[plate] = _zeroed(state, plate, book, level_g - last_g, fact.at)
        else:
            state.books[plate] = replace(
                book,
                level_at=fact.at,
                drifted_g=book.drifted_g + level_g - last_g,
                wandered_g=book.wandered_g + level_g - last_g,
                due=True,
            )
    return bool(fresh)


def _zeroed(state: ShelfState, plate: str, book: PlateBook, moved_g: float, at: float) -> PlateBook:
    """The book of a plate that was tared or calibrated: what its goods should weigh is known."""
    agreed_g = book.agreed_g + moved_g
    if plate in state.counted:
        agreed_g = weight_of(goods_on(state, plate), book.agreed)
    return replace(
        book,
        level_at=at,
        zeroed_at=at,
        agreed_at=at,
        agreed_g=agreed_g,
        elsewhere_agreed=elsewhere(state, book),
        elsewhere_zeroed=elsewhere(state, book),
        drifted_g=0.0,
        wandered_g=0.0,
        due=True,
    )


def file_count(state: ShelfState, fact: CountFact) -> None:
    """Take a person's count of a plate as what stands there."""
    if fact.plate in state.catalogue.plates:
        recount(state, fact.plate, fact.counts, fact.at, "person")


def recount(
    state: ShelfState, plate: str, counts: Mapping[str, int], at: float, by: RecountedBy
) -> None:
    """Set a plate's counts anew, with an entry in its book of when and by whom."""
    entry = Recount(at, by, as_counts(state.stock.get(plate, {})), as_counts(counts))
    state.stock[plate] = {sku: n for sku, n in counts.items() if n}
    state.counted.add(plate)
    book = state.books.get(plate)
    if book is not None:
        state.books[plate] = agree(state, plate, replace(book, recounted=entry))


def count_from_weight(state: ShelfState, plate: str, rules: Rules) -> bool:
    """Count a plate whose count is not known by its weight, where that allows one count only."""
    book = state.books[plate]
    if plate in state.counted or book.oddments:
        return False
    level_g, sigma_g = state.levels_g[plate], whole_sigma_g(state, plate, rules)
    came = state.stock.get(plate, {})
    found = counts_by_weight(level_g, sigma_g, list(goods_on(state, plate).values()), came)
    if not found or found[0].confidence < SURE_OF_COUNTS or found[0].sigmas > NEAR_SIGMAS:
        return False
    recount(state, plate, dict(found[0].units), book.level_at, "weight")
    return True


def elsewhere(state: ShelfState, book: PlateBook) -> Bustle:
    """What ever went on at the other plates."""
    return state.bustle - book.here


def whole_sigma_g(state: ShelfState, plate: str, rules: Rules) -> float:
    """Standard deviation of a plate's whole weight, from what its zero may have done; grams."""
    book, level_g = state.books[plate], state.levels_g[plate]
    capacity_g = rules.capacity_g.get(plate, USUAL_CAPACITY_G)
    since = elsewhere(state, book) - book.elsewhere_zeroed
    # What went on and came back again presses no more.
    borne_g2 = math.fsum(g * g for p, g in state.levels_g.items() if p != plate)
    since = replace(since, square_g2=min(since.square_g2, borne_g2))
    sigma_g = scale_sigma_g(capacity_g, level_g, book.level_at - book.zeroed_at, since)
    return math.hypot(sigma_g, ZERO_SHARE * capacity_g)


def agree(state: ShelfState, plate: str, book: PlateBook) -> PlateBook:
    """The book after weight and counts were found to go together, or were made to."""
    return replace(
        book,
        agreed_at=book.level_at,
        agreed_g=state.levels_g[plate],
        agreed=dict(state.stock[plate]),
        moves={},
        elsewhere_agreed=elsewhere(state, book),
        drifted_g=0.0,
        oddments=(),
        due=False,
        disagreement=None,
    )


def book_change(state: ShelfState, before: Change | None, after: Change) -> bool:
    """Take a change's former items out of the counts and its present ones in.

    Returns whether any count is different afterwards.
    """
    difference: Counter[str] = Counter()
    _add(difference, before, -1)
    _add(difference, after, 1)
    moved = {sku: count for sku, count in difference.items() if count}
    _enter(state, before, after)
    if not moved:
        return False
    counts = state.stock.setdefault(after.plate, {})
    for sku, count in moved.items():
        counts[sku] = counts.get(sku, 0) + count
    return True


def _enter(state: ShelfState, before: Change | None, after: Change) -> None:
    """Bring the plate's book up to the change: its weight, what moved, what stayed unexplained."""
    plate, book = after.plate, state.books.get(after.plate)
    stir = _stir(after) - (_stir(before) if before is not None else Bustle())
    state.bustle += stir
    last_g = state.levels_g.get(plate, after.level_g)
    level_at = book.level_at if book is not None else after.settled_at
    # A revision of an older change does not know what came after it.
    if after.settled_at >= level_at:
        state.levels_g[plate], level_at = after.level_g, after.settled_at
    if book is None:
        return
    stepped_g = after.delta_g - (before.delta_g if before else 0.0)
    drifted_g = state.levels_g[plate] - last_g - stepped_g
    moves = dict(book.moves)
    for change, sign in ((before, -1), (after, 1)):
        for sku, count in change.counted if change is not None else ():
            moves[sku] = max(0, moves.get(sku, 0) + sign * abs(count))
    state.books[plate] = replace(
        book,
        level_at=level_at,
        moves=moves,
        here=book.here + stir,
        drifted_g=book.drifted_g + drifted_g,
        wandered_g=book.wandered_g + drifted_g,
        oddments=_with(book.oddments, after),
        due=True,
    )


def _stir(change: Change) -> Bustle:
    return Bustle(1, change.delta_g**2)


def _with(oddments: tuple[Oddment, ...], change: Change) -> tuple[Oddment, ...]:
    """The open oddments after a change: it may be one, be none any more, or take one away."""
    rest = tuple(o for o in oddments if o.change_id != change.change_id)
    if change.kind == "withdrawn" or change.counted:
        return rest
    for other in reversed(rest):
        if abs(other.delta_g + change.delta_g) <= max(SAME_THING_G, 3 * change.sigma_g):
            return tuple(o for o in rest if o is not other)
    oddment = Oddment(change.change_id, change.settled_at, change.delta_g, change.sigma_g)
    return (*rest, oddment)[-ODDMENTS_KEPT:]


def _add(counts: Counter[str], change: Change | None, sign: int) -> None:
    for sku, quantity in change.counted if change is not None else ():
        counts[sku] += sign * quantity
