"""What is known around a change when its weight is read: what stood there, what had just left."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, takewhile

from edge_agent.shelf.candidates import Surroundings
from edge_agent.shelf.habits import USUAL, Habits, Handful, habits_of
from edge_agent.shelf.learning import all_as_learned
from edge_agent.shelf.state import Change, Rules, ShelfState
from edge_agent.shelf.things import Place, moved_before

# Changes found at one start belong together, though plates settle one after the other.
START_SPREAD_S = 60.0
# Goods that left may come back for so long.
AWAY_S = 3600.0
# Two steps share a level where the second began so soon.
CHAINED_S = 3.0
# Habits are learned in steps of this, from the last so many handfuls.
HABITS_S, MOST_HANDFULS = 60.0, 200


@dataclass(slots=True)
class Past:
    """The live changes that count, by plate; `touched` are those that were read anew.

    `booked` are the changes as they stand in the stock; `habits` what was learned of hands until
    a time, `order` all of them by time, where somebody has asked.
    """

    booked: dict[str, list[Change]] = field(default_factory=dict)
    by_plate: dict[str, dict[str, Change]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    habits: dict[float, Habits] = field(default_factory=dict)
    order: list[tuple[float, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, state: ShelfState, former: Mapping[str, Change | None]) -> Past:
        """All changes of a state that were not withdrawn; `former` are those not booked as they
        are now, as they were before."""
        past = cls()
        for change in state.changes.values():
            booked = former.get(change.change_id, change)
            if booked is not None:
                past.booked.setdefault(booked.plate, []).append(booked)
            if change.kind != "withdrawn":
                past.put(change)
        return past

    @property
    def changes(self) -> list[Change]:
        """All of them."""
        return [c for changes in self.by_plate.values() for c in changes.values()]

    def put(self, change: Change) -> None:
        """Take a change in, in place of what it was."""
        self.by_plate.setdefault(change.plate, {})[change.change_id] = change

    def back_from(self, change: Change) -> Iterator[Change]:
        """Those before a change on all plates, the latest first."""
        if len(self.order) != sum(map(len, self.by_plate.values())):
            self.order = sorted((*_time_of(c), c.plate) for c in self.changes)
        for place in range(bisect_left(self.order, _time_of(change)) - 1, -1, -1):
            _, change_id, plate = self.order[place]
            yield self.by_plate[plate][change_id]

    def of_plate(self, plate: str) -> Iterable[Change]:
        """Those of one plate."""
        return self.by_plate.get(plate, {}).values()


def surroundings(state: ShelfState, past: Past, change: Change, rules: Rules) -> Surroundings:
    """What was known beside the weight, from the changes before it alone."""
    catalogue = state.assortment.at(change.started_at)
    products = all_as_learned(catalogue.products, state.learned)
    planogram = catalogue.plates.get(change.plate, ())
    counts = _counts_before(state, past, change)
    if change.plate not in state.counted:
        # Counted from zero: what stands there may be more, never less.
        counts = {s: n for s, n in counts.items() if n > 0 and s not in planogram}
    just_s = 3 * rules.visit_gap_s
    left, away = _left(past, change, just_s)
    place = Place(frozenset(planogram), counts, products, change.started_at - just_s, state.origins)
    known, single = moved_before(change, _weighed_before(past, change), place)
    for sku, quantity in _ordered_elsewhere(state, change).items():
        left[sku] = left.get(sku, 0) + quantity
    return Surroundings(
        planogram=[products[s] for s in planogram if s in products],
        elsewhere=[
            p for s, p in products.items() if s not in planogram and (p.weight_g or change.by_sight)
        ],
        stock=counts,
        just_left=left,
        away=away,
        restocking=change.restock_id is not None or change.unobserved,
        expected=_expected(state, change),
        sight=state.sights.get(change.change_id),
        moved_before=known,
        single=single,
        habits=_habits_before(state, past, change),
    )


def _habits_before(state: ShelfState, past: Past, change: Change) -> Habits:
    """How hands took until shortly before a customer's hand took again."""
    if not _is_handful(change):
        return USUAL
    # Learned in steps, so that changes read one after the other need not be counted each time; and
    # not of the last seconds, whose readings may still become others.
    until = change.settled_at // HABITS_S * HABITS_S - 3 * CHAINED_S
    if until not in past.habits:
        earlier = (c for c in past.back_from(change) if c.settled_at < until and _is_handful(c))
        plates = state.assortment.at(until).plates
        past.habits[until] = habits_of(
            Handful(
                tuple((h.items, h.confidence) for h in c.hypotheses), len(plates.get(c.plate, ()))
            )
            for c in islice(earlier, MOST_HANDFULS)
        )
    return past.habits[until]


def _is_handful(change: Change) -> bool:
    is_watched = not (change.unobserved or change.by_sight) and change.restock_id is None
    return change.delta_g < 0 and is_watched


def _weighed_before(past: Past, change: Change) -> list[Change]:
    """The changes whose things another may move back: those of its plate before it takes, those of
    the last hour on any plate before it puts. A restock, and what nobody watched, has no such."""
    if change.unobserved or change.by_sight or change.restock_id is not None:
        return []
    if change.delta_g < 0:
        found = [c for c in past.of_plate(change.plate) if _is_before(c, change)]
        found.sort(key=_time_of)
    else:
        since = change.started_at - AWAY_S
        found = list(takewhile(lambda c: c.settled_at >= since, past.back_from(change)))[::-1]
    return [c for c in found if not c.by_sight]


def _counts_before(state: ShelfState, past: Past, change: Change) -> dict[str, int]:
    """What stood on the plate by the weights before a change.

    Of goods that a change before it may have been, nobody knows how many there are.
    """
    counts: Counter[str] = Counter(state.stock.get(change.plate, {}))
    counted_at = state.units.recounted_at.get(change.plate)
    if counted_at is not None and change.settled_at <= counted_at:
        return {}
    for booked in past.booked.get(change.plate, ()):
        if counted_at is None or booked.settled_at > counted_at:
            for sku, quantity in booked.counted:
                counts[sku] -= quantity
    vague: set[str] = set()
    for other in past.of_plate(change.plate):
        if not _is_before(other, change):
            continue
        if counted_at is not None and other.settled_at <= counted_at:
            continue
        for sku, quantity in other.items:
            counts[sku] += quantity
        if not other.accepted:
            vague |= {sku for h in other.hypotheses for sku, _ in h.items}
    return {sku: n for sku, n in counts.items() if sku not in vague}


def _time_of(change: Change) -> tuple[float, str]:
    return change.settled_at, change.change_id


def _is_before(other: Change, change: Change) -> bool:
    return _time_of(other) < _time_of(change)


def _left(past: Past, change: Change, just_s: float) -> tuple[dict[str, int], dict[str, int]]:
    """Units that left any plate shortly, and within the hour, before a change, less those back."""
    # What is found at a start has no order.
    until = change.settled_at + (START_SPREAD_S if change.unobserved else 0.0)
    just: Counter[str] = Counter()
    away: Counter[str] = Counter()
    for plate in past.by_plate:
        for other in past.of_plate(plate):
            if not change.started_at - AWAY_S <= other.settled_at <= until:
                continue
            if other.change_id == change.change_id:
                continue
            for sku, quantity in other.items:
                away[sku] -= quantity
                if other.settled_at >= change.started_at - just_s:
                    just[sku] -= quantity
    return _positive(just), _positive(away)


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {sku: n for sku, n in counts.items() if n > 0}


def _expected(state: ShelfState, change: Change) -> dict[str, int]:
    """Units by SKU that the running order brings to a plate, or to no plate in particular."""
    expected: Counter[str] = Counter()
    if change.restock_id is not None:
        for line in state.restocks[change.restock_id].order.lines:
            if line.quantity > 0 and line.plate in (None, change.plate):
                expected[line.sku] += line.quantity
    return dict(expected)


def _ordered_elsewhere(state: ShelfState, change: Change) -> dict[str, int]:
    """Units by SKU that the running order brings to other plates: they may be set down here."""
    ordered: Counter[str] = Counter()
    if change.restock_id is not None and change.delta_g > 0:
        for line in state.restocks[change.restock_id].order.lines:
            if line.quantity > 0 and line.plate not in (None, change.plate):
                ordered[line.sku] += line.quantity
    return dict(ordered)
