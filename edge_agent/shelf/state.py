"""What the shelf remembers between inputs: small, and all of it in each snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from edge_agent.shelf.assortment import Assortment
from edge_agent.shelf.books import Bustle, PlateBook, UnitBook
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import RestockFact
from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.learning import Learned
from edge_agent.shelf.payments import Payment
from edge_agent.shelf.sights import Sight

ChangeKind = Literal["removed", "returned", "unidentified", "restocked", "unobserved", "withdrawn"]
CaseState = Literal["provisional", "open", "closed"]
Resolution = Literal["paid", "returned", "confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on; times in seconds, capacities by plate."""

    shelf_id: str
    currency: str
    visit_gap_s: float
    pay_ahead_s: float
    grace_s: float
    late_s: float
    min_confidence: float
    capacity_g: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A weight change with what it was taken for. `revision` is the highest one told.

    `first_at` is when it began as it was told first, which names its visit. `settled` is what a
    payment has said it was, where the weight left it open; `taught` whether it has been learned
    from. `by_sight`: a camera saw it and no scale; `delta_g` counts units then. `is_seen`: pictures
    have a say in what it was; `is_strange`: by them what moved is surely none of the products.
    """

    change_id: str
    revision: int
    plate: str
    started_at: float
    settled_at: float
    delta_g: float
    sigma_g: float
    level_g: float
    kind: ChangeKind
    hypotheses: tuple[Hypothesis, ...]
    accepted: bool
    unobserved: bool
    visit_id: str | None
    restock_id: str | None
    prices: dict[str, int]
    evidence: tuple[str, ...] = ()
    settled: tuple[tuple[str, int], ...] | None = None
    taught: bool = False
    level_sigma_g: float = 0.0
    beside: tuple[str, float] | None = None
    first_at: float = 0.0
    by_sight: bool = False
    is_strange: bool = False
    is_seen: bool = False

    @property
    def items(self) -> tuple[tuple[str, int], ...]:
        """Signed quantities by SKU; empty unless identified surely enough."""
        return self.hypotheses[0].items if self.accepted else ()

    @property
    def counted(self) -> tuple[tuple[str, int], ...]:
        """Signed quantities by SKU as the stock counts them: by all that is known."""
        if self.kind == "withdrawn":
            return ()
        return self.items if self.settled is None else self.settled


@dataclass(frozen=True, slots=True)
class Visit:
    """Changes close enough in time to be one stay.

    `ties` are the payments, and the changes of other visits, that had to do with it at the last
    reckoning; `told` is the content that was published last.
    """

    visit_id: str
    started_at: float
    ended_at: float
    unobserved: bool = False
    queried: bool = False
    ties: tuple[str, ...] = ()
    revision: int = 0
    told: dict[str, Any] | None = None

    @property
    def case_id(self) -> str:
        """Names its case, whether there is one or not."""
        return f"C{self.visit_id[1:]}"


@dataclass(frozen=True, slots=True)
class Case:
    """A finding of loss. `told` is what was published last; a verdict is a person's and stays.

    `about` are the changes that it was found in.
    """

    case_id: str
    visit_id: str | None
    state: CaseState
    revision: int
    opened_at: float
    resolution: Resolution | None
    verdict: Literal["confirmed", "dismissed"] | None
    told: dict[str, Any]
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restock:
    """A restock order at its highest revision.

    `started_at` and `finished_at` are what any revision said of when it ran; `told` is the report
    that was published last, at `revision`; `ties` are the payments of customers who took meanwhile.
    """

    order: RestockFact
    started_at: float | None
    finished_at: float | None
    revision: int = 0
    told: dict[str, Any] | None = None
    ties: tuple[str, ...] = ()

    @property
    def case_id(self) -> str:
        """Names the case of its shortfall, whether there is one or not."""
        return f"R{self.order.restock_id}"

    @property
    def reported(self) -> bool:
        """Whether it is over, and was told so."""
        return self.told is not None


@dataclass(slots=True)
class ShelfState:
    """Everything `advance` knows; it changes this in place.

    `counted` names the plates whose first count is known; on the others `stock` counts from zero.
    `books` holds the other ledger, by plate, `bustle` all that ever went on; `odd_g` the grams of
    units that were sold as a product and weighed something else; `sights` what pictures say, by
    change; `motions` when something moved before a plate, while a visit lasted, in order.
    `origins`: by change, the earlier ones that it undoes, and about how many units of each.
    """

    catalogue: Catalogue
    assortment: Assortment = field(default_factory=Assortment)
    now: float = 0.0
    due_at: float | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    restocks: dict[str, Restock] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    stock: dict[str, dict[str, int]] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    levels_g: dict[str, float] = field(default_factory=dict)
    levels_told_at: float = 0.0
    bustle: Bustle = field(default_factory=Bustle)
    books: dict[str, PlateBook] = field(default_factory=dict)
    units: UnitBook = field(default_factory=UnitBook)
    learned: dict[str, Learned] = field(default_factory=dict)
    odd_g: dict[str, tuple[float, ...]] = field(default_factory=dict)
    sights: dict[str, Sight] = field(default_factory=dict)
    motions: list[float] = field(default_factory=list)
    origins: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    current_visit: str | None = None
    link_up: bool = True
    link_since: float = 0.0
    clock_trusted: bool = True

    def changes_of(self, visit_id: str) -> list[Change]:
        """The visit's changes that still count, in the order of time."""
        found = [
            c for c in self.changes.values() if c.visit_id == visit_id and c.kind != "withdrawn"
        ]
        return sorted(found, key=lambda c: (c.started_at, c.change_id))

    def changes_by_restock(self) -> dict[str, list[Change]]:
        """Each restock's changes that still count, in the order of time."""
        found: dict[str, list[Change]] = {restock_id: [] for restock_id in self.restocks}
        for change in self.changes.values() if found else ():
            if change.restock_id is not None and change.kind != "withdrawn":
                found.setdefault(change.restock_id, []).append(change)
        for changes in found.values():
            changes.sort(key=lambda c: (c.started_at, c.change_id))
        return found


@dataclass(frozen=True, slots=True)
class Output:
    """One thing to tell the cloud. `key` names what it tells of; the latest of a key is kept.

    What is for the `shelf` alone is kept there, and not told.
    """

    topic: str
    type: str
    key: str
    at: float
    payload: dict[str, Any]
    retain: bool = False
    audience: Literal["cloud", "shelf"] = "cloud"
