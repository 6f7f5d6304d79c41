"""What is kept of each plate beside its counts: its weight, and how the two have agreed so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Reason = Literal[
    "missed_change",
    "unidentified_change",
    "misidentified_change",
    "foreign_object",
    "packaging_returned",
    "foreign_taken",
    "drift",
    "unit_weight",
    "unknown",
]
RecountedBy = Literal["weight", "restock", "person"]
Counts = tuple[tuple[str, int], ...]
Legs = tuple[tuple[str, str, int], ...]

# A thing that came and went again weighs the same within this.
SAME_THING_G = 3.0


@dataclass(frozen=True, slots=True)
class Bustle:
    """How much went on: so many changes, and the sum of their squared grams."""

    changes: int = 0
    square_g2: float = 0.0

    def __add__(self, other: Bustle) -> Bustle:
        return Bustle(self.changes + other.changes, self.square_g2 + other.square_g2)

    def __sub__(self, other: Bustle) -> Bustle:
        return Bustle(self.changes - other.changes, self.square_g2 - other.square_g2)


@dataclass(frozen=True, slots=True)
class Oddment:
    """A change that nothing explained: what it moved is on the plate, or off it, uncounted."""

    change_id: str
    at: float
    delta_g: float
    sigma_g: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The weight and the counts of a plate do not go together.

    `off_g` is the weight less what the counts allow, `apart` the units by SKU that stand there
    more (or fewer) than counted where the weight says so, as surely as `confidence`; empty where no
    units explain it; `base_g` is the part of it that the book has come to reckon with since.
    `whole`: against the weight of all goods, not of what happened lately.
    """

    reason: Reason
    since: float
    explanation: str
    off_g: float
    apart: Counts = ()
    confidence: float = 0.0
    base_g: float = 0.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Recount:
    """The counts of a plate were set anew: by whom or what, from which counts to which."""

    at: float
    by: RecountedBy
    before: Counts
    after: Counts


@dataclass(frozen=True, slots=True)
class PlateBook:
    """One plate's weight, and what happened since weight and counts agreed last.

    `level_at` is when the weight is from, `zeroed_at` since when the zero is known. Since
    `agreed_at`, when `agreed_g` and `agreed` (counts) belonged together: `moves` units went by SKU,
    in and out; the weight moved by `drifted_g` without any change told, and by `wandered_g` since
    the zero is known; `oddments` are the changes not identified, by their time. `due` says that the
    two are to be compared at the next rest. `here` is all that ever went on at this plate,
    `elsewhere_agreed` and `elsewhere_zeroed` what had gone on at the others by then: a hand at work
    shakes them all. `sigma_g` is how far weight and counts might have been apart at the last
    comparison. Goods that lie across two plates are counted on one: `lent_g` of the goods counted
    here press on other plates, `borne_g` of goods counted elsewhere press here (both at least 0);
    `shifted_g` is how far that has moved the weight since `agreed_at`.
    """

    level_at: float
    zeroed_at: float
    agreed_at: float
    agreed_g: float
    agreed: dict[str, int] = field(default_factory=dict)
    moves: dict[str, int] = field(default_factory=dict)
    elsewhere_agreed: Bustle = field(default_factory=Bustle)
    elsewhere_zeroed: Bustle = field(default_factory=Bustle)
    here: Bustle = field(default_factory=Bustle)
    drifted_g: float = 0.0
    wandered_g: float = 0.0
    oddments: tuple[Oddment, ...] = ()
    due: bool = False
    sigma_g: float | None = None
    disagreement: Disagreement | None = None
    recounted: Recount | None = None
    lent_g: float = 0.0
    borne_g: float = 0.0
    shifted_g: float = 0.0

    @property
    def beside_g(self) -> float:
        """What the plate weighs beside its counted goods, for some lie across two plates; grams."""
        return self.borne_g - self.lent_g

    @property
    def open_oddments(self) -> tuple[Oddment, ...]:
        """The oddments that no later one has undone: a bag put down and lifted again is none.

        The same whatever the order in which they were told.
        """
        rest: list[Oddment] = []
        for one in self.oddments:
            near_g = [max(SAME_THING_G, 3 * math.hypot(o.sigma_g, one.sigma_g)) for o in rest]
            undone = [
                place
                for place, other in enumerate(rest)
                if abs(other.delta_g + one.delta_g) <= near_g[place]
            ]
            if undone:
                del rest[undone[-1]]
            else:
                rest.append(one)
        return tuple(rest)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast units of a product leave a plate: `weight` as of `at` (Unix seconds), fading."""

    weight: float
    at: float


@dataclass(slots=True)
class UnitBook:
    """What the ledger of units needs between inputs; `advance` changes it in place.

    `posted` holds, by change, what the ledger says of it: (sku, account, units) of all accounts but
    its plate's, which has their sum with the other sign. `moved` are the units by SKU that have
    gone onto plates since the last posting, by what moved them. `opened`: there has been one.
    `recounted_at` is when a plate's counts were set last, `filled` how many units stood there when
    it was last filled or first counted, `paces` how fast they leave; by plate, the latter two by
    SKU.
    """

    opened: bool = False
    posted: dict[str, Legs] = field(default_factory=dict)
    moved: dict[str, dict[str, int]] = field(default_factory=dict)
    recounted_at: dict[str, float] = field(default_factory=dict)
    filled: dict[str, dict[str, int]] = field(default_factory=dict)
    paces: dict[str, dict[str, Pace]] = field(default_factory=dict)


def as_counts(counts: Mapping[str, int]) -> Counts:
    """Counts as books keep them: in the order of SKUs, without zeros."""
    return tuple(sorted((sku, n) for sku, n in counts.items() if n))
