"""The two ledgers compared: when a plate rests, does its weight go with its counts?

Both are compared since they agreed last, so that a zero that was never right, or goods that weigh a
little more than they should, hide no missing unit of light goods; and, where the counts are whole,
with the weight of all of them, so that nothing adds up unseen in many small steps.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

from edge_agent.shelf.books import Disagreement, PlateBook
from edge_agent.shelf.comparing import LEAST_G, Off, evidence_of, least_g, off_of, whole_of
from edge_agent.shelf.explaining import explain
from edge_agent.shelf.orders import end_of
from edge_agent.shelf.state import Rules, ShelfState
from edge_agent.shelf.stock import agree, count_from_weight, goods_on, recount

# A disagreement is told from so many sigma on, and holds until less than this share of it is left;
# one of the whole weight until it is so few sigma.
RAISED_SIGMAS, HELD_SHARE, CLEARED_SIGMAS = 4.0, 0.5, 2.5
# How sure a weight must be of its counts for a restock to set them.
SURE_TO_RECOUNT = 0.99
# Levels that moved without any change are taken in this often, and as soon as a unit is in doubt.
LEVELS_EVERY_S, LEVELS_SOON_S = 1200.0, 300.0


def audit(state: ShelfState, rules: Rules, restocked: Collection[str] = ()) -> bool:
    """Compare the ledgers of plates that rest and of which something is new.

    `restocked` are plates whose restock has just been finished: who filled them has looked, so a
    weight that is sure sets their counts, with an entry. Returns whether something is to be told.
    """
    due = [plate for plate, book in state.books.items() if book.due]
    if not due or not _rests(state, rules):
        return False
    told = False
    for plate in due:
        oddments = state.books[plate].open_oddments
        # A payment may still say what they were; nobody pays for a restock.
        if plate in restocked or all(state.now >= o.at + rules.grace_s for o in oddments):
            told |= _look(state, plate, rules)
        if plate in restocked:
            told |= _recount_restocked(state, plate)
    return told


def levels_worth_telling(
    state: ShelfState, levels_g: Mapping[str, float], now: float, rules: Rules
) -> dict[str, float]:
    """Of the plates' settled weights, those that moved without any change by what may matter.

    Few and far between: each is an input of its own. Empty while somebody stands at the shelf.
    """
    waited_s = now - state.levels_told_at
    if waited_s < LEVELS_SOON_S or not _rests(state, rules):
        return {}
    moved = {
        plate: level_g
        for plate, level_g in levels_g.items()
        if plate in state.books
        and abs(level_g - state.levels_g[plate]) >= 0.5 * least_g(plate, rules)
    }
    soon = any(_is_a_unit(state, p, g - state.levels_g[p]) for p, g in moved.items())
    return moved if soon or waited_s >= LEVELS_EVERY_S else {}


def _is_a_unit(state: ShelfState, plate: str, moved_g: float) -> bool:
    lightest_g = min((g.weight_g for g in goods_on(state, plate).values()), default=math.inf)
    return abs(moved_g) >= 0.5 * lightest_g


def _rests(state: ShelfState, rules: Rules) -> bool:
    """Whether nobody is at the shelf: no visit and no restock runs."""
    visit = state.visits.get(state.current_visit or "")
    if visit is not None and state.now < visit.ended_at + rules.visit_gap_s:
        return False
    for restock in state.restocks.values():
        ended_at = end_of(restock)
        if not restock.reported and ended_at is not None and restock.order.state != "cancelled":
            return False
    return True


def _look(state: ShelfState, plate: str, rules: Rules) -> bool:
    """Compare one plate; returns whether its disagreement, or that it is counted, is new."""
    book = state.books[plate]
    known = book.disagreement
    off = off_of(state, plate, rules)
    whole_off = whole_of(state, plate, rules)
    sigma_g = (whole_off or off).sigma_g
    book = state.books[plate] = replace(book, due=False, sigma_g=sigma_g)
    if known is not None and not known.whole:
        off = replace(off, off_g=known.base_g + off.off_g)
        if _is_alike(known, off):
            if known.apart:
                state.books[plate] = _with_units_apart(state, plate, known)
            return False
        is_left = abs(off.off_g) >= HELD_SHARE * abs(known.off_g)
    else:
        is_left = False
    found: Disagreement | None = None
    if is_left or abs(off.off_g) >= max(RAISED_SIGMAS * off.sigma_g, least_g(plate, rules)):
        since = known.since if known is not None else state.now
        found = explain(evidence_of(state, plate, off, rules), since)
    if found is not None:
        state.books[plate] = replace(book, disagreement=found)
        if found.apart:
            state.books[plate] = _with_units_apart(state, plate, found)
        return True
    whole = _whole(state, plate, whole_off, rules)
    state.books[plate] = replace(agree(state, plate, book), disagreement=whole)
    counted = whole is None and count_from_weight(state, plate, rules)
    return counted or whole != known


def _is_alike(known: Disagreement, off: Off) -> bool:
    """Whether a disagreement is still the one that was told."""
    return abs(off.off_g - known.off_g) < max(RAISED_SIGMAS * off.sigma_g, 2 * LEAST_G)


def _with_units_apart(state: ShelfState, plate: str, known: Disagreement) -> PlateBook:
    """The book of a plate whose weight is right but for the units apart: they stay apart, however
    far the weight may wander, until as much comes or goes again."""
    book = state.books[plate]
    settled = agree(state, plate, book)
    return replace(
        settled,
        drifted_g=book.drifted_g,
        oddments=book.oddments,
        disagreement=replace(known, base_g=known.off_g),
    )


def _whole(state: ShelfState, plate: str, off: Off | None, rules: Rules) -> Disagreement | None:
    """What many small differences have come to, where the whole weight does not fit any more."""
    if off is None:
        return None
    known = state.books[plate].disagreement
    if known is not None and not known.whole:
        known = None
    limit = RAISED_SIGMAS if known is None else CLEARED_SIGMAS
    if abs(off.off_g) < max(limit * off.sigma_g, least_g(plate, rules)):
        return None
    if known is not None and _is_alike(known, off):
        return known
    evidence = evidence_of(state, plate, off, rules)
    wandered_g = state.books[plate].wandered_g
    evidence = replace(evidence, drifted_g=wandered_g, oddments=(), whole=True)
    return explain(evidence, known.since if known else state.now)


def _recount_restocked(state: ShelfState, plate: str) -> bool:
    """Set the counts of a plate that was just filled, where its weight is sure of them."""
    found = state.books[plate].disagreement
    if found is None or plate not in state.counted or found.confidence < SURE_TO_RECOUNT:
        return False
    counts = dict(state.stock[plate])
    for sku, n in found.apart:
        counts[sku] = counts.get(sku, 0) + n
    recount(state, plate, counts, state.now, "restock")
    return True
