"""What `advance` is told: few inputs, each worth a transaction. `at` is when it was learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.payments import Payment
from edge_agent.weighing.change import WeightChange


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """Weighing told a change, or revised or withdrew one."""

    at: float
    change: WeightChange


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """The cloud told a payment, or a revision of one."""

    at: float
    payment: Payment


@dataclass(frozen=True, slots=True)
class RestockLine:
    """Goods to bring (positive) or to take out (negative)."""

    sku: str
    quantity: int
    plate: str | None


@dataclass(frozen=True, slots=True)
class RestockFact:
    """A restock order or its progress, from the cloud or by hand; `told_at` is its own time."""

    at: float
    restock_id: str
    revision: int
    state: Literal["planned", "started", "finished", "cancelled"]
    told_at: float
    operator: str
    lines: tuple[RestockLine, ...]


@dataclass(frozen=True, slots=True)
class CatalogueFact:
    """The cloud told products and planogram, valid from `told_at` on; the highest `version` counts.

    Version 0 is the settings file's: it counts where the cloud has told none, and says which plates
    there are.
    """

    at: float
    version: int
    products: tuple[Product, ...]
    plates: dict[str, tuple[str, ...]]
    told_at: float | None = None


@dataclass(frozen=True, slots=True)
class PriceFact:
    """The operator set a product's price (minor units), valid from `told_at` on."""

    at: float
    sku: str
    price: int
    told_at: float


@dataclass(frozen=True, slots=True)
class LevelsFact:
    """Settled weights that no change told: the first of a plate, where counting begins; later what
    drifted; `zeroed` names those that were tared or calibrated just now."""

    at: float
    levels_g: dict[str, float]
    zeroed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountFact:
    """A person counted what stands on a plate; what is not named is not there."""

    at: float
    plate: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class TaughtFact:
    """`products learn` weighed units of a product; None: forget what its sales taught.

    `plate` is where it belongs from now on, None: nothing new.
    """

    at: float
    sku: str
    product: Product | None
    plate: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFact:
    """The connection to the cloud came up or went down."""

    at: float
    up: bool


@dataclass(frozen=True, slots=True)
class ClockFact:
    """Whether the wall clock is known to be right."""

    at: float
    trusted: bool


@dataclass(frozen=True, slots=True)
class VerdictFact:
    """An operator looked at a case: it is a loss, or it is none."""

    at: float
    case_id: str
    verdict: Literal["confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """Pictures of a change were kept."""

    at: float
    change_id: str
    evidence_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SightFact:
    """What pictures say of the thing that moved in a change (`shelf.sights`).

    `came`, where another thing came in its place in the same movement, of that one.
    """

    at: float
    change_id: str
    likelihoods: dict[str, float]
    came: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MotionFact:
    """Something moved before a plate at a time (Unix seconds): whoever was there still is."""

    at: float
    moved_at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A time that something waited for has come."""

    at: float


Fact = (
    ChangeFact
    | PaymentFact
    | RestockFact
    | CatalogueFact
    | PriceFact
    | LevelsFact
    | CountFact
    | TaughtFact
    | LinkFact
    | ClockFact
    | VerdictFact
    | EvidenceFact
    | SightFact
    | MotionFact
    | Tick
)
