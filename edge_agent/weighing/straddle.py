"""Goods that rest on two plates: two steps at one moment that only together weigh as goods do."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.goods import FITS_SIGMAS, Goods

# The parts settle within this of each other, in seconds.
TOGETHER_S = 0.6
KEPT = 64


@dataclass(slots=True)
class _Part:
    """A change as it was last measured, and the change of another plate it goes with."""

    change: WeightChange
    partner: str | None = None
    is_main: bool = False


class Straddles:
    """Joins such steps: the plate whose goods they are tells the sum, the other takes it back."""

    def __init__(self) -> None:
        self._parts: OrderedDict[str, _Part] = OrderedDict()

    def join(self, told: Iterable[WeightChange], goods: Mapping[str, Goods]) -> list[WeightChange]:
        """Return what to tell instead; `goods` by plate."""
        joined: list[WeightChange] = []
        for change in told:
            joined += self._join(change, goods)
        return joined

    def _join(self, change: WeightChange, goods: Mapping[str, Goods]) -> list[WeightChange]:
        if change.unobserved:
            return [change]
        part = self._parts.setdefault(change.change_id, _Part(change))
        part.change = change
        while len(self._parts) > KEPT:
            self._parts.popitem(last=False)
        partner = self._parts.get(part.partner or "")
        if partner is not None:
            if _belong(part.change, partner.change, goods, joined=True):
                return [_sum(part, partner)]
            part.partner = partner.partner = None
            return [part.change, partner.change]
        for other in self._parts.values():
            if other.partner is None and _belong(change, other.change, goods, joined=False):
                return self._pair(part, other, goods)
        return [change]

    def _pair(self, part: _Part, other: _Part, goods: Mapping[str, Goods]) -> list[WeightChange]:
        """Join a step that is being told to one that was told before."""
        part.partner, other.partner = other.change.change_id, part.change.change_id
        main = max(part, other, key=lambda p: abs(p.change.delta_g))
        main.is_main = True
        rest = other if main is part else part
        # Told as withdrawn even if it never was told, so that its plate's level is kept too.
        return [replace(rest.change, delta_g=0.0, withdrawn=True), _sum(part, other)]


def _sum(part: _Part, partner: _Part) -> WeightChange:
    main, rest = (part, partner) if part.is_main else (partner, part)
    return replace(
        main.change,
        delta_g=main.change.delta_g + rest.change.delta_g,
        sigma_g=math.hypot(main.change.sigma_g, rest.change.sigma_g),
        settled_at=max(main.change.settled_at, rest.change.settled_at),
        beside=(rest.change.plate, rest.change.delta_g),
    )


def _belong(
    one: WeightChange, other: WeightChange, goods: Mapping[str, Goods], *, joined: bool
) -> bool:
    """Whether two steps are the two parts of one unit; once `joined` as long as it fits."""
    if one.plate == other.plate or one.withdrawn or other.withdrawn:
        return False
    together = abs(one.settled_at - other.settled_at) <= TOGETHER_S
    if not together or one.delta_g * other.delta_g <= 0:
        return False
    larger = max(one, other, key=lambda change: abs(change.delta_g))
    whole_g, sigma_g = one.delta_g + other.delta_g, math.hypot(one.sigma_g, other.sigma_g)
    if not goods[larger.plate].is_single(whole_g, sigma_g):
        return False
    return joined or _misfit(one, goods) + _misfit(other, goods) > FITS_SIGMAS**2


def _misfit(change: WeightChange, goods: Mapping[str, Goods]) -> float:
    return goods[change.plate].misfit(change.delta_g, change.sigma_g)
