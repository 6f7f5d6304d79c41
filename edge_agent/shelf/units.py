"""From a visit's changes to the units that are gone: what was put back cancels what was taken."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from edge_agent.shelf.identify import SPAN_ERROR, Hypothesis
from edge_agent.shelf.sights import Items
from edge_agent.shelf.state import Change

# A foreign thing put down and taken away again weighs the same within this, or three sigma.
SAME_THING_G = 3.0
# Two weighings of one unit differ by chance by so many deviations, and seldom by more.
ALIKE_SIGMAS, OTHER_SIGMAS = 2.0, 4.0
# Doubt favours the customer: what came back is what left if this much of the posterior says so.
LIKELY_BACK = 0.1


class Likeness(IntEnum):
    """What two weighings say of whether they are of one unit; the more, the likelier."""

    ANOTHER = 0
    HARDLY = 1
    UNKNOWN = 2
    ALIKE = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of goods that left a plate, or came back to one.

    `sku` is None for something that no product explains. `taken_from` to `taken_at` is when it
    moved, as Unix seconds; `confidence` that of its identification. `by_sight`: seen, not weighed.
    `delta_g` is signed grams where it was weighed alone (`is_alone`), else only their sign.
    """

    change_id: str
    number: int
    visit_id: str
    plate: str
    sku: str | None
    taken_from: float
    taken_at: float
    price: int
    confidence: float
    delta_g: float
    sigma_g: float
    by_sight: bool = False
    is_alone: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Names the unit: its change and its place in it."""
        return self.change_id, self.number


@dataclass(frozen=True, slots=True)
class Taken:
    """What a visit took for good, what it brought beyond that, and foreign things it left."""

    gone: tuple[Unit, ...]
    brought: tuple[Unit, ...]
    foreign: tuple[Unit, ...]


def take_stock(changes: Sequence[Change], readings: Mapping[str, Hypothesis]) -> Taken:
    """Expand a visit's changes to units and cancel what came back.

    `readings` holds, for changes that abstained, the alternative that a payment has settled.
    """
    settled = _without_foreign_things(changes, readings)
    gone: list[Unit] = []
    brought: list[Unit] = []
    foreign: list[Unit] = []
    for change in settled:
        for unit in units_of_change(change, readings.get(change.change_id)):
            if unit.delta_g < 0:
                if not _cancel(brought, unit.sku, unit.plate):
                    gone.append(unit)
            elif unit.sku is None:
                if not _cancel_likely(gone, change):
                    foreign.append(unit)
            elif not _cancel(gone, unit.sku):
                brought.append(unit)
    return Taken(tuple(gone), tuple(brought), tuple(foreign))


def take_from_restock(
    changes: Sequence[Change], ordered_out: Mapping[str, int]
) -> tuple[Unit, ...]:
    """The units that left during a restock, beyond what was ordered out, and did not come back.

    What the restocker brought is no return of what a customer takes afterwards.
    """
    gone: list[Unit] = []
    for change in changes:
        for unit in units_of_change(change, None):
            if unit.sku is None:
                continue
            if unit.delta_g < 0:
                gone.append(unit)
            else:
                _cancel(gone, unit.sku)
    left = Counter(ordered_out)
    kept: list[Unit] = []
    for unit in gone:
        if left[unit.sku or ""] > 0:
            left[unit.sku or ""] -= 1
        else:
            kept.append(unit)
    return tuple(kept)


def weigh_alike(first: Unit | Change, second: Unit | Change) -> bool:
    """Whether what moved twice may be one thing that came and went."""
    if first.by_sight != second.by_sight:
        return False
    return abs(first.delta_g + second.delta_g) <= max(
        SAME_THING_G, 3 * math.hypot(first.sigma_g, second.sigma_g)
    )


def likeness(taken: Unit, back: Unit) -> Likeness:
    """By their weights, whether what came back is what was taken.

    Units of a product differ by grams, weighings of one by tenths.
    """
    if not (taken.is_alone and back.is_alone):
        return Likeness.UNKNOWN
    off = misfit(taken, back)
    if off <= ALIKE_SIGMAS:
        return Likeness.ALIKE
    return Likeness.HARDLY if off <= OTHER_SIGMAS else Likeness.ANOTHER


def misfit(taken: Unit, back: Unit) -> float:
    """By how many deviations two weighings differ; 0 where a unit was not weighed alone."""
    if not (taken.is_alone and back.is_alone):
        return 0.0
    sigma_g = math.hypot(taken.sigma_g, back.sigma_g, SPAN_ERROR * taken.delta_g)
    return abs(taken.delta_g + back.delta_g) / sigma_g if sigma_g else math.inf


def _cancel(units: list[Unit], sku: str | None, plate: str | None = None) -> bool:
    """Remove the latest unit of `sku` (on `plate`) from `units`; False where there is none."""
    for place in range(len(units) - 1, -1, -1):
        if units[place].sku == sku and plate in (None, units[place].plate):
            del units[place]
            return True
    return False


def _cancel_likely(gone: list[Unit], change: Change) -> bool:
    """Let what came and was not identified bring back a unit that it may well have been."""
    for hypothesis in change.hypotheses:
        if hypothesis.confidence < LIKELY_BACK or len(hypothesis.items) != 1:
            continue
        ((sku, quantity),) = hypothesis.items
        if sum(unit.sku == sku for unit in gone) >= quantity > 0:
            for _ in range(quantity):
                _cancel(gone, sku)
            return True
    return False


def _without_foreign_things(
    changes: Sequence[Change], readings: Mapping[str, Hypothesis]
) -> list[Change]:
    """Drop pairs of changes that undo each other by weight and one of which nothing explains: a bag
    put down and lifted again, a plate taken out and put back; on two plates, goods that could not
    be named when they were taken and are put back in another place.
    """
    kept: list[tuple[Change, bool]] = []
    gone: set[str] = set()
    for change in changes:
        is_blank = not change.items and change.change_id not in readings
        pairs = [k for k in reversed(kept) if (is_blank or k[1]) and _undoes(k[0], change)]
        here = (k for k in pairs if k[0].plate == change.plate)
        elsewhere = (k for k in pairs if k[0].plate != change.plate and _moved_on(k[0], change))
        pair = next(here, None) or next(elsewhere, None)
        if pair is None:
            kept.append((change, is_blank))
        else:
            kept.remove(pair)
            gone |= {change.change_id, pair[0].change_id}
    return [change for change in changes if change.change_id not in gone]


def _moved_on(left: Change, came: Change) -> bool:
    """Whether what left one plate, and came to another, may be the same goods."""
    return left.delta_g < 0 < came.delta_g and any(
        h.confidence >= LIKELY_BACK and _may_bring(came, h.items)
        for h in left.hypotheses
        if h.items
    )


def _undoes(first: Change, second: Change) -> bool:
    another = second.is_strange or (second.is_seen and not _may_bring(second, first.items))
    if first.accepted and another and first.delta_g < 0:
        # A picture says that it is not what left; by its weight it would have come back.
        return False
    return weigh_alike(first, second)


def _may_bring(came: Change, left: Items) -> bool:
    """Whether what came is, not too unlikely, just what had left."""
    back = tuple((sku, -quantity) for sku, quantity in left)
    return any(h.items == back and h.confidence >= LIKELY_BACK for h in came.hypotheses)


def units_of_change(change: Change, reading: Hypothesis | None) -> list[Unit]:
    """The units that moved in a change, as it was read or as a payment has settled it."""
    items = reading.items if reading else change.items
    confidence = reading.confidence if reading else 1.0
    if change.accepted and not reading:
        confidence = change.hypotheses[0].confidence
    is_alone = not change.by_sight and sum(abs(quantity) for _, quantity in items) <= 1
    if not items:
        return [_unit(change, 0, None, change.delta_g, confidence, is_alone=is_alone)]
    units: list[Unit] = []
    for sku, quantity in items:
        for _ in range(abs(quantity)):
            delta_g = change.delta_g if is_alone else math.copysign(1.0, quantity)
            units.append(_unit(change, len(units), sku, delta_g, confidence, is_alone=is_alone))
    return units


def _unit(
    change: Change, number: int, sku: str | None, delta_g: float, sure: float, *, is_alone: bool
) -> Unit:
    return Unit(
        change_id=change.change_id,
        number=number,
        visit_id=change.visit_id or "",
        plate=change.plate,
        sku=sku,
        taken_from=change.started_at,
        taken_at=change.settled_at,
        price=change.prices.get(sku, 0) if sku else 0,
        confidence=sure,
        delta_g=delta_g,
        sigma_g=change.sigma_g,
        by_sight=change.by_sight,
        is_alone=is_alone,
    )
