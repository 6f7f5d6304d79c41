"""What hands do in one visit: take, put, touch, rest, lift; each at its time."""

from __future__ import annotations

import math

from edge_agent.simulation.script import Action, Manner
from edge_agent.simulation.shop import FILL, weighed_plates
from edge_agent.simulation.venue import Venue
from edge_agent.truth import Items

# How many hands are much quicker than usual, where some are, and how quick.
QUICK_SHARE, QUICK_HAND_S = 0.1, (0.15, 0.35)
# One hand rests on a plate so long while the other takes.
REST_S = (4.0, 15.0)
# Both hands at work: one takes while the other puts.
SWAP_HAND_S = (0.9, 1.8)
# A plate is left alone this long between changes that are two.
SAME_PLATE_S = 3.2


class HandsAtWork:
    """The hands of one visit. `at` is the time it has come to; hands move it on."""

    def __init__(self, venue: Venue, number: int, kind: str, at: float) -> None:
        self.venue = venue
        self.at = at
        self._number = number
        self._kind = kind
        self._actions: list[Action] = []
        self._gone_at: dict[str, float] = {}

    def wait(self, low: float, high: float) -> float:
        """Let time pass; the new time."""
        self.at += self.venue.between(low, high)
        return self.at

    def pause(self) -> None:
        """The time between two things that one shopper does, well within one visit."""
        self.wait(1.2, max(1.5, min(6.0, 0.45 * self.venue.timing.visit_gap_s)))

    def take(self, sku: str, quantity: int = 1) -> None:
        """Take units of a product: at once, one after the other with one hand, or singly."""
        venue = self.venue
        grams = tuple(-grams for grams in venue.stock.take(sku, quantity))
        if quantity == 2 and venue.happens(0.3 * venue.effects.doubles):
            gap_s = venue.between(*venue.double_gap_s)
            self._act(sku, -2, grams, "double", venue.between(0.4, 0.9) + gap_s, gap_s)
        elif quantity == 2 and venue.happens(0.3):
            for one in grams:
                self._act(sku, -1, (one,), "plain", self._hand_s())
        else:
            self._act(sku, -quantity, (sum(grams),), "plain", self._hand_s())

    def put(self, sku: str, grams: tuple[float, ...], plate: str = "") -> None:
        """Put units of a product on its plate, or on another, with one hand."""
        self.venue.stock.put(sku, grams, plate)
        self._act(sku, len(grams), (sum(grams),), "plain", self._hand_s(), plate=plate)

    def move_thing(self, plate: str, grams: float, looks: str = "") -> None:
        """Lay down (positive grams) or take away something that is no goods."""
        self._act(None, 0, (grams,), "plain", self._hand_s(), plate=plate, looks=looks)

    def swap(self, sku: str, more_g: float, looks: str) -> None:
        """Take one and put a thing that is no goods in its place, so much heavier, at once."""
        (grams,) = self.venue.stock.take(sku, 1)
        parts_g = (-grams, grams + more_g)
        self._act(sku, -1, parts_g, "swap", self.venue.between(*SWAP_HAND_S), looks=looks)

    def exchange(self, sku: str, other: str) -> None:
        """Take one and put what this visit took last of another product in its place, at once."""
        (grams,) = self.venue.stock.take(sku, 1)
        (other_g,) = self.taken_g(other)
        self.venue.stock.put(other, (other_g,), self.venue.stock.home[sku])
        hand_s = self.venue.between(*SWAP_HAND_S)
        self._act(sku, -1, (-grams, other_g), "swap", hand_s, also=((other, 1),))

    def taken_g(self, sku: str) -> tuple[float, ...]:
        """The grams of the units of a product that this visit took last."""
        return tuple(-grams for grams in self._last_taking(sku).parts_g)

    def put_back(self, sku: str, *, at_once: bool = False) -> None:
        """Put back what this visit took last of the product; at once: the plate is not let rest."""
        if at_once:
            self._gone_at.pop(self._last_taking(sku).plate, None)
        self.put(sku, self.taken_g(sku))

    def _last_taking(self, sku: str) -> Action:
        return next(a for a in reversed(self._actions) if a.sku == sku and a.quantity < 0)

    def roomy_plate(self, grams: float, but: str) -> str:
        """Any other plate than `but` on which there is room for so much; else that one."""
        stock = self.venue.stock
        others = [
            plate.id
            for plate in weighed_plates(self.venue.settings)
            if plate.id != but and stock.level_g(plate.id) + grams <= FILL * plate.capacity_g
        ]
        return others[int(self.venue.between(0, len(others)))] if others else but

    def touch(self, plate: str) -> None:
        """Touch a plate and take nothing; now and then lean on it."""
        if self.venue.happens(min(0.5, 0.1 * self.venue.effects.leans)):
            longest_s = 3.0 if self.venue.effects.leans <= 1 else 12.0
            longest_s = min(longest_s, 0.5 * self.venue.timing.visit_gap_s)
            self._act(None, 0, (), "lean", self.venue.between(1.0, longest_s), plate=plate)
        else:
            self._act(None, 0, (), "touch", self._hand_s(), plate=plate)

    def rest(self, sku: str) -> None:
        """Rest one hand on a product's plate and take one of it meanwhile."""
        venue = self.venue
        grams = tuple(-grams for grams in venue.stock.take(sku, 1))
        longest_s = min(REST_S[1], 0.75 * venue.timing.visit_gap_s)
        rest_s = venue.between(min(REST_S[0], longest_s), longest_s)
        self._act(sku, -1, grams, "rest", rest_s)

    def lift(self, plate: str, grams: float) -> None:
        """Lift a plate off its cell with all that is on it, or set it down: signed grams."""
        self._act(None, 0, (grams,), "lift", self.venue.between(0.8, 2.0), plate=plate)

    def _hand_s(self) -> float:
        # A slow hand must not stretch a visit beyond its gap.
        effects = self.venue.effects
        slow = self.venue.happens(0.06 * effects.slow) and self.venue.timing.visit_gap_s >= 10.0
        if effects.quick and self.venue.happens(QUICK_SHARE * effects.quick):
            return self.venue.between(*QUICK_HAND_S)
        return self.venue.between(1.4, 2.5) if slow else self.venue.between(0.4, 1.3)

    def _act(
        self,
        sku: str | None,
        quantity: int,
        parts_g: tuple[float, ...],
        manner: Manner,
        hand_s: float,
        gap_s: float = 0.0,
        plate: str = "",
        also: Items = (),
        looks: str = "",
    ) -> None:
        plate = plate or self.venue.stock.home[sku or ""]
        free_at = self._gone_at.get(plate, -math.inf) + SAME_PLATE_S * self.venue.between(1.0, 1.05)
        gone_at = max(self.at, free_at) + hand_s
        self._actions.append(
            Action(
                at=gone_at,
                plate=plate,
                sku=sku,
                quantity=quantity,
                parts_g=parts_g,
                hand_s=hand_s,
                manner=manner,
                gap_s=gap_s,
                visit=self._number,
                kind=self._kind,
                also=also,
                looks=looks,
            )
        )
        self._gone_at[plate] = gone_at
        self.at = gone_at

    @property
    def hands_gone_at(self) -> float:
        """When the last hand so far has gone."""
        return max((action.at for action in self._actions), default=self.at)
