"""What the play is made of: what hands do, what the cloud says, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Manner = Literal["plain", "double", "touch", "lean"]


@dataclass(frozen=True, slots=True)
class Action:
    """One hand on one plate, from `at - hand_s` until `at`, when it has gone.

    `parts_g` are the grams that each pick moves (negative: taken): none for a mere touch, two for
    a double pick whose picks end `gap_s` apart. `quantity` is the signed number of units.
    """

    at: float
    plate: str
    sku: str | None
    quantity: int
    parts_g: tuple[float, ...]
    hand_s: float
    manner: Manner
    gap_s: float = 0.0
    visit: int = 0
    kind: str = ""

    @property
    def delta_g(self) -> float:
        """What the plate's level changes by, in grams."""
        return sum(self.parts_g)


@dataclass(frozen=True, slots=True)
class CloudMessage:
    """A message as it arrives at the shelf: the topic without its prefix, the CloudEvent."""

    at: float
    topic: str
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TrueChange:
    """What really left (negative) or came, and when the hand was gone."""

    at: float
    plate: str
    sku: str
    quantity: int

    def line(self) -> dict[str, Any]:
        """The line of `truth.jsonl` (contract, section 4)."""
        return {
            "truth": "change",
            "time": round(self.at, 3),
            "plate": self.plate,
            "items": [{"sku": self.sku, "quantity": self.quantity}],
        }


@dataclass(frozen=True, slots=True)
class TrueLoss:
    """What was really lost. Nobody can know it before `decided_at`; `value` in minor units."""

    at: float
    kind: str
    sku: str
    quantity: int
    value: int
    decided_at: float

    def line(self) -> dict[str, Any]:
        """The line of `truth.jsonl` (contract, section 4)."""
        return {
            "truth": "loss",
            "time": round(self.at, 3),
            "kind": self.kind,
            "sku": self.sku,
            "quantity": self.quantity,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay at the shelf with everything that follows from it.

    Somebody is present from `starts_at` to `ends_at`; messages and decisions may come later.
    """

    number: int
    kind: str
    starts_at: float
    ends_at: float
    actions: tuple[Action, ...]
    messages: tuple[CloudMessage, ...]
    changes: tuple[TrueChange, ...]
    losses: tuple[TrueLoss, ...]
