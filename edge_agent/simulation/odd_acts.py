"""What hands do at plates now and then: rest on one, think better of it, leave litter, clean.

Shares are chosen so that an hour of hands shows each several times; how often each comes is scaled
by `Profile`.
"""

from __future__ import annotations

from edge_agent.simulation.handiwork import Handiwork, Thing
from edge_agent.simulation.hands_at_work import REST_S
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.script import Action
from edge_agent.simulation.usual_acts import Act, put_back, take_one

# From the hand that takes to the one that puts the same thing back.
REGRET_S = (0.5, 4.0)
# What the neighbour bears of goods that lie across two plates.
STRADDLE_SHARE = (0.15, 0.45)
# Packing is 4 % (a can) to 12 % (a jar) of what goods weigh with it.
PACKING_SHARE = (0.04, 0.12)
# Keys, a telephone, a mug, a lunch box; anywhere between, evenly over the logarithm.
LIGHTEST_FOREIGN_G, HEAVIEST_FOREIGN_G = 20.0, 600.0
# Lifting a plate off or setting it down, and how long it is away.
LIFT_S, CLEANING_S = (0.8, 2.0), (15.0, 90.0)


def odd_acts(effects: Profile) -> list[tuple[Act, float]]:
    """What is done, and how often against the usual acts."""
    lying = max(effects.straddles, effects.litter, effects.foreign)
    return [
        (rest, 0.04 * effects.rests),
        (regret, 0.05 * effects.regrets),
        (straddle, 0.05 * effects.straddles),
        (litter, 0.03 * effects.litter),
        (leave, 0.02 * effects.foreign),
        (clear, 0.08 * lying),
        (clean, 0.01 * effects.cleanings),
    ]


def rest(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """One hand rests on the plate for up to 15 s while the other takes."""
    sku = hands.any_on(plate)
    if sku is None:
        return []
    grams = hands.lift(plate, sku)
    return [hands.act(plate, at, ((sku, -1),), (-grams[0],), "rest", hands.between(REST_S))]


def regret(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """Takes one and puts it back within seconds: two changes."""
    taken = take_one(hands, plate, at)
    if not taken or hands.stock.home[taken[0].items[0][0]] != plate:
        return taken
    return [*taken, *put_back(hands, plate, taken[0].at + hands.between(REGRET_S))]


def straddle(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """Goods come back, and lie partly on the plate beside their own."""
    home, beside = hands.stock.home, _beside(hands, plate)
    thing = hands.latest(hands.carried, lambda thing: home.get(thing.sku or "") == plate)
    if thing is None or thing.sku is None or beside is None:
        return []
    if thing.grams > min(hands.free_g(plate), hands.free_g(beside)):
        return []
    hands.carried.remove(thing)
    across = (beside, hands.between(STRADDLE_SHARE))
    hands.lying_about.append(Thing(thing.sku, thing.grams, plate, across))
    return [hands.act(plate, at, ((thing.sku, 1),), (thing.grams,), beside=across)]


def litter(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """The empty packing of what was taken comes back."""
    thing = hands.latest(hands.carried, lambda thing: hands.stock.home[thing.sku or ""] == plate)
    if thing is None:
        return []
    hands.carried.remove(thing)
    return _lay(hands, plate, at, thing.grams * hands.between(PACKING_SHARE))


def leave(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """Something that is no goods is put down."""
    ratio = HEAVIEST_FOREIGN_G / LIGHTEST_FOREIGN_G
    return _lay(hands, plate, at, LIGHTEST_FOREIGN_G * ratio ** float(hands.rng.random()))


def _lay(hands: Handiwork, plate: str, at: float, grams: float) -> list[Action]:
    if grams > hands.free_g(plate):
        return []
    hands.lying_about.append(Thing(None, grams, plate))
    return [hands.act(plate, at, (), (grams,))]


def clear(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """What lies about here is taken away."""
    thing = hands.latest(hands.lying_about, lambda thing: thing.plate == plate)
    if thing is None:
        return []
    hands.lying_about.remove(thing)
    items = ((thing.sku, -1),) if thing.sku is not None else ()
    return [hands.act(plate, at, items, (-thing.grams,), beside=thing.beside)]


def clean(hands: Handiwork, plate: str, at: float) -> list[Action]:
    """The plate is lifted off with all that is on it, and set down again: no change.

    Where goods lie across two plates they are left alone.
    """
    for thing in hands.lying_about:
        if thing.beside and plate in (thing.plate, thing.beside[0]):
            return []
    whole_g = hands.load_g(plate) + hands.dead_g[plate]
    off = hands.act(plate, at, (), (-whole_g,), "lift", hands.between(LIFT_S))
    down_at = off.at + hands.between(CLEANING_S)
    return [off, hands.act(plate, down_at, (), (whole_g,), "lift", hands.between(LIFT_S))]


def _beside(hands: Handiwork, plate: str) -> str | None:
    """A plate on the same board, next to this one."""
    plates = list(hands.dead_g)
    place = plates.index(plate)
    near = [plates[n] for n in (place - 1, place + 1) if 0 <= n < len(plates)]
    board = plate.rstrip("0123456789")
    return next((other for other in near if other.rstrip("0123456789") == board), None)
