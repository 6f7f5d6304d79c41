"""A change entered in the book of its plate: the weight beside the counts, and what stays odd."""

from __future__ import annotations

import math
from dataclasses import replace

from edge_agent.shelf.books import SAME_THING_G, Bustle, Oddment, PlateBook
from edge_agent.shelf.state import Change, ShelfState

# Room for a bad day; the oldest are given up first, whatever the order in which they were told.
ODDMENTS_KEPT = 16


def enter(state: ShelfState, before: Change | None, after: Change, *, is_settled: bool) -> None:
    """Bring the plate's book up to a change: its weight, what moved, what stayed unexplained.

    `is_settled`: the plate was counted after the change, so what it was matters no more.
    """
    if after.by_sight:
        return
    plate, book = after.plate, state.books.get(after.plate)
    stir = _stir(after) - (_stir(before) if before is not None else Bustle())
    state.bustle += stir
    last_g = state.levels_g.get(plate, after.level_g)
    level_at = book.level_at if book is not None else after.settled_at
    # A revision of an older change does not know what came after it.
    if after.settled_at >= level_at:
        state.levels_g[plate], level_at = after.level_g, after.settled_at
    _enter_beside(state, before, after, is_settled=is_settled)
    book = state.books.get(plate)
    if book is None:
        return
    risen_g = state.levels_g[plate] - last_g
    # A level restated after the count is what the plate weighed when it was counted.
    drifted_g = 0.0 if is_settled else risen_g - _own_g(after) + _own_g(before)
    state.books[plate] = replace(
        book,
        level_at=level_at,
        agreed_g=book.agreed_g + (risen_g if is_settled else 0.0),
        moves=book.moves if is_settled else _moves(book, before, after),
        here=book.here + stir,
        drifted_g=book.drifted_g + drifted_g,
        wandered_g=book.wandered_g + drifted_g,
        oddments=book.oddments if is_settled else _with(book, before, after),
        due=True,
    )


def _stir(change: Change) -> Bustle:
    return Bustle(1, change.delta_g**2)


def _own_g(change: Change | None) -> float:
    """The part of a change that its own plate has weighed."""
    if change is None:
        return 0.0
    return change.delta_g - (change.beside[1] if change.beside is not None else 0.0)


def _moves(book: PlateBook, before: Change | None, after: Change) -> dict[str, int]:
    moves = dict(book.moves)
    for change, sign in ((before, -1), (after, 1)):
        for sku, count in change.counted if change is not None else ():
            moves[sku] = max(0, moves.get(sku, 0) + sign * abs(count))
    return moves


def _enter_beside(
    state: ShelfState, before: Change | None, after: Change, *, is_settled: bool
) -> None:
    """Note what goods that lie across two plates weigh on the one where they are not counted."""
    for change, sign in ((before, -1.0), (after, 1.0)):
        if change is None or change.beside is None:
            continue
        other, share_g = change.beside[0], sign * change.beside[1]
        own, there = state.books.get(change.plate), state.books.get(other)
        if own is not None:
            shifted_g = 0.0 if is_settled else share_g
            state.books[change.plate] = replace(
                own,
                lent_g=_at_least_none(own.lent_g + share_g),
                shifted_g=own.shifted_g - shifted_g,
            )
        if there is not None:
            was_counted = change.settled_at <= state.units.recounted_at.get(other, -math.inf)
            shifted_g = 0.0 if was_counted else share_g
            state.books[other] = replace(
                there,
                borne_g=_at_least_none(there.borne_g + share_g),
                shifted_g=there.shifted_g + shifted_g,
                drifted_g=there.drifted_g - shifted_g,
                wandered_g=there.wandered_g - shifted_g,
                due=True,
            )


def _at_least_none(grams: float) -> float:
    """Goods that were there before they were seen to come leave more than is known of."""
    return grams if grams >= SAME_THING_G else 0.0


def _with(book: PlateBook, before: Change | None, change: Change) -> tuple[Oddment, ...]:
    """The oddments after a change, which may be one or be none any more; in the order of time.

    What weight and counts have been found to agree on since is no oddment, unless its units were
    counted then and are not now.
    """
    known = [o for o in book.oddments if o.change_id == change.change_id]
    rest = [o for o in book.oddments if o.change_id != change.change_id]
    if change.kind == "withdrawn" or change.counted:
        return tuple(rest)
    was_counted = before is not None and bool(before.counted)
    if not known and not was_counted and change.settled_at <= book.agreed_at:
        return tuple(rest)
    oddment = Oddment(change.change_id, change.settled_at, change.delta_g, change.sigma_g)
    return tuple(sorted([*rest, oddment], key=lambda o: (o.at, o.change_id))[-ODDMENTS_KEPT:])
