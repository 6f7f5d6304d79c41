"""What is to be seen at one moment: goods, hands, people; apart from the light."""

from __future__ import annotations

import math
from dataclasses import dataclass

FOREVER = math.inf
# A hand comes into the picture and leaves it within this.
REACH_S, RETREAT_S = 0.7, 0.8
# Somebody stands at the shelf this long before the first hand and after the last.
NEAR_BEFORE_S, NEAR_AFTER_S = 2.5, 2.0
# Goods this near to a side of their plate lie on the plate beside it, too.
LEFT_EDGE, RIGHT_EDGE = 0.02, 0.98


@dataclass(frozen=True, slots=True)
class Unit:
    """A thing on a plate from `since` until `until`. `looks` is what it looks like: a SKU, or
    `foreign:…`, `dummy:SKU`, `empty:SKU` for what is no goods. `across`, `depth` as in
    `Floor.spot`; `number` decides its pose."""

    number: int
    looks: str
    sku: str | None
    plate: str
    across: float
    depth: float
    lane_mm: float
    since: float
    until: float = FOREVER


@dataclass(frozen=True, slots=True)
class Carried:
    """A thing in a hand between two times."""

    unit: Unit
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Reach:
    """One hand: in the picture from `begins_at - REACH_S`, at the plate until `ends_at`."""

    number: int
    visit: int
    plate: str
    across: float
    depth: float
    begins_at: float
    ends_at: float
    presses: bool
    carried: tuple[Carried, ...]

    def carries(self, at: float) -> tuple[Unit, ...]:
        """What is in the hand now."""
        return tuple(c.unit for c in self.carried if c.since <= at < c.until)


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody is near the shelf."""

    visit: int
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Showing:
    """A shopper holds a product before the camera, its barcode towards it."""

    visit: int
    sku: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class SceneState:
    """All that is to be seen at one moment, apart from the light."""

    at: float
    standing: tuple[Unit, ...] = ()
    reaches: tuple[Reach, ...] = ()
    present: tuple[Presence, ...] = ()
    lifted: frozenset[str] = frozenset()
    shown: tuple[Showing, ...] = ()

    def counts(self) -> dict[tuple[str, str], int]:
        """How many units stand on each plate by what they look like."""
        seen: dict[tuple[str, str], int] = {}
        for unit in self.standing:
            if unit.plate not in self.lifted:
                seen[unit.plate, unit.looks] = seen.get((unit.plate, unit.looks), 0) + 1
        return seen
