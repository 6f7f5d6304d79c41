"""What hands do at plates all day: take one, several or twice, put back, misplace, touch, fill."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.simulation.handiwork import Handiwork, Thing
from edge_agent.simulation.script import Action
from edge_agent.truth import normal_items

Act = Callable[[Handiwork, str, float], list[Action]]
"""What a hand does at a plate from a time on; nothing where it cannot be done."""

# What one hand holds.
MOST_AT_ONCE, MOST_IN_HAND_G = 4, 1200.0
LEAN_S = (1.0, 3.0)
# A product is filled up when this part of it is left; one restock carries so many handfuls.
FILLS_BELOW = 0.25
MOST_HANDFULS, HANDFULS_APART_S = 16, (3.3, 6.0)
# How often what is filled comes in a new size from then on, and how far that is from the old one.
NEW_SIZE_SHARE, NEW_SIZES = 0.1, (0.08, 0.3)


def usual_acts(doubles: float, leans: float) -> list[tuple[Act, float]]:
    """What is done, and how often against the rest."""
    return [
        (take_one, 0.36),
        (take_several, 0.10),
        (take_twice, 0.12 * doubles),
        (take_pair, 0.10),
        (put_back, 0.14),
        (misplace, 0.05),
        (touch, 0.08),
        (lean, 0.02 * leans),
    ]


def fill(hands: Handiwork, at: float) -> list[Action]:
    """New units of all that has run low at home, handful after handful; now and then in a new size.

    Nothing where nothing has run low, or where it has no room.
    """
    stock = hands.stock
    actions: list[Action] = []
    for sku, plate in stock.home.items():
        if stock.count(sku) > FILLS_BELOW * stock.full(sku):
            continue
        if len(actions) >= MOST_HANDFULS or hands.free_g(plate) < hands.unit_g(sku):
            continue
        if hands.effects.new_sizes and hands.happens(NEW_SIZE_SHARE * hands.effects.new_sizes):
            sign = 1.0 if hands.happens(0.5) else -1.0
            stock.resize(sku, 1.0 + sign * hands.between(NEW_SIZES))
        actions += _handfuls(hands, sku, at, MOST_HANDFULS - len(actions))
        if actions:
            at = actions[-1].at + hands.between(HANDFULS_APART_S)
    return actions


def _handfuls(hands: Handiwork, sku: str, at: float, most: int) -> list[Action]:
    """One or two units with each hand, until it is full or there is no more room."""
    actions: list[Action] = []
    stock, plate = hands.stock, hands.stock.home[sku]
    while len(actions) < most and stock.count(sku) < stock.full(sku):
        units = stock.fresh(sku, min(2, stock.full(sku) - stock.count(sku)))
        if sum(units) > min(MOST_IN_HAND_G, hands.free_g(plate)):
            units = units[:1]
        if sum(units) > hands.free_g(plate):
            break
        stock.put(sku, units)
        actions.append(hands.act(plate, at, ((sku, len(units)),), (sum(units),)))
        at = actions[-1].at + hands.between(HANDFULS_APART_S)
    return actions


def take_one(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """One unit of anything."""
    return _take(hands, plate, at, 1)


def take_several(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """Several units of one product, in one hand."""
    wanted = int(hands.rng.integers(2, MOST_AT_ONCE + 1))
    return _take(hands, plate, at, wanted)


def _take(hands: Handiwork, plate: str, at: float, quantity: int) -> list[Action]:
    sku = hands.any_on(plate, quantity)
    if sku is None:
        return []
    if quantity * hands.unit_g(sku) > MOST_IN_HAND_G:
        quantity = 1
    grams = hands.lift(plate, sku, quantity)
    return [hands.act(plate, at, ((sku, -quantity),), (-sum(grams),))]


def take_twice(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """One unit, then another of any product of the plate, by the same hand."""
    if sum(hands.stock.count(sku, plate) for sku in hands.stock.on_plate(plate)) < 2:
        return []
    picked = []
    for _ in range(2):
        sku = hands.any_on(plate)
        assert sku is not None  # counted above
        picked.append((sku, hands.lift(plate, sku)[0]))
    items = tuple((sku, -1) for sku, _ in picked)
    grams = tuple(-grams for _, grams in picked)
    gap_s = hands.between(hands.double_gap_s)
    return [hands.act(plate, at, items, grams, "double", gap_s=gap_s)]


def take_pair(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """Two products of one plate in one hand."""
    there = hands.stock.on_plate(plate)
    if len(there) < 2:
        return []
    pair = [there[int(i)] for i in hands.rng.choice(len(there), 2, replace=False)]
    grams = sum(hands.lift(plate, sku)[0] for sku in pair)
    items = normal_items({"sku": sku, "quantity": -1} for sku in pair)
    return [hands.act(plate, at, items, (-grams,))]


def put_back(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """What was taken last of this plate's goods, put where it belongs."""
    home = hands.stock.home
    return _put(hands, plate, at, lambda thing: home.get(thing.sku or "") == plate)


def misplace(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """What was taken last of other plates' goods, put here."""
    home = hands.stock.home
    return _put(hands, plate, at, lambda thing: home.get(thing.sku or "") != plate)


def _put(hands: Handiwork, plate: str, at: float, fits: Callable[[Thing], bool]) -> list[Action]:
    thing = hands.latest(hands.carried, fits)
    if thing is None or thing.sku is None or thing.grams > hands.free_g(plate):
        return []
    hands.put(plate, thing)
    return [hands.act(plate, at, ((thing.sku, 1),), (thing.grams,))]


def touch(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """A hand that moves nothing."""
    return [hands.act(plate, at, manner="touch")]


def lean(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """A hand that leans on the plate and moves nothing."""
    return [hands.act(plate, at, manner="lean", hand_s=hands.between(LEAN_S))]
