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
from edge_agent.shelf.books import Bustle, PlateBook, Recount, RecountedBy, as_counts
from edge_agent.shelf.entering import enter
from edge_agent.shelf.facts import CountFact, LevelsFact
from edge_agent.shelf.learning import as_goods
from edge_agent.shelf.shortages import note_filled, note_left
from edge_agent.shelf.state import Change, Rules, ShelfState

# How sure, and how near, a weight must be of the counts where nothing else is known of them.
SURE_OF_COUNTS, NEAR_SIGMAS = 0.95, 3.0


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
    agreed_g, known = book.agreed_g + moved_g, book.disagreement
    if plate in state.counted:
        agreed_g = weight_of(goods_on(state, plate), book.agreed) + book.beside_g - book.shifted_g
        # What was apart by the old zero is compared anew.
        known = replace(known, base_g=0.0) if known is not None else None
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
        disagreement=known,
    )


def file_count(state: ShelfState, fact: CountFact) -> None:
    """Take a person's count of a plate as what stands there; its weight is compared with it."""
    if fact.plate in state.catalogue.plates:
        recount(state, fact.plate, fact.counts, fact.at, "person")
        if fact.plate in state.books:
            state.books[fact.plate] = replace(state.books[fact.plate], due=True)


def recount(
    state: ShelfState, plate: str, counts: Mapping[str, int], at: float, by: RecountedBy
) -> None:
    """Set a plate's counts anew, with an entry in its book of when and by whom.

    What is told later of changes that had settled by then alters the counts no more: by `at` for a
    person's count, by the time of the weight for one that the weight has set.
    """
    before = state.stock.get(plate, {})
    entry = Recount(at, by, as_counts(before), as_counts(counts))
    state.stock[plate] = {sku: n for sku, n in counts.items() if n}
    what = "recount" if plate in state.counted else "count"
    _note_moved(state, f"{what}:{plate}", Counter(state.stock[plate]), before)
    note_filled(state, plate, is_first=plate not in state.counted, before=before)
    state.counted.add(plate)
    book = state.books.get(plate)
    of = at if book is None or by == "person" else book.level_at
    state.units.recounted_at[plate] = max(of, state.units.recounted_at.get(plate, of))
    if book is not None:
        state.books[plate] = agree(state, plate, replace(book, recounted=entry))


def _note_moved(
    state: ShelfState, document: str, units: Counter[str], less: Mapping[str, int]
) -> None:
    """Note for the ledger of units what went onto a plate, and by what."""
    moved = Counter(state.units.moved.get(document, {}))
    moved.update(units)
    moved.subtract(less)
    state.units.moved[document] = {sku: n for sku, n in moved.items() if n}


def count_from_weight(state: ShelfState, plate: str, rules: Rules) -> bool:
    """Count a plate whose count is not known by its weight, where that allows one count only."""
    book = state.books[plate]
    if plate in state.counted or book.open_oddments:
        return False
    level_g = state.levels_g[plate] - book.beside_g
    sigma_g = whole_sigma_g(state, plate, rules)
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
        shifted_g=0.0,
        oddments=(),
        due=False,
        disagreement=None,
    )


def book_change(state: ShelfState, before: Change | None, after: Change) -> bool:
    """Take a change's former items out of the counts and its present ones in.

    A change that settled before its plate was last counted moves no counts: they had it in them.
    Returns whether any count is different afterwards.
    """
    difference: Counter[str] = Counter()
    _add(difference, before, -1)
    _add(difference, after, 1)
    moved = {sku: count for sku, count in difference.items() if count}
    is_settled = _was_counted_after(state, before, after)
    enter(state, before, after, is_settled=is_settled)
    if not moved:
        return False
    note_left(state, after, moved)
    if is_settled:
        # The ledger of units learns what became of them all the same.
        state.units.moved.setdefault(after.change_id, {})
        return False
    counts = state.stock.setdefault(after.plate, {})
    _note_moved(state, after.change_id, Counter(moved), {})
    former = dict(counts)
    for sku, count in moved.items():
        counts[sku] = counts.get(sku, 0) + count
    if after.restock_id is not None:
        note_filled(state, after.plate, is_first=False, before=former)
    return True


def _was_counted_after(state: ShelfState, before: Change | None, after: Change) -> bool:
    """Whether the plate's counts were set after all of a change, at each of its revisions."""
    counted_at = state.units.recounted_at.get(after.plate)
    if counted_at is None:
        return False
    return after.settled_at <= counted_at and (before is None or before.settled_at <= counted_at)


def _add(counts: Counter[str], change: Change | None, sign: int) -> None:
    for sku, quantity in change.counted if change is not None else ():
        counts[sku] += sign * quantity
