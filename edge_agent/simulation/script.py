"""What the play is made of: what hands do, what the cloud says, and what is true of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from edge_agent.truth import Items

Manner = Literal["plain", "double", "touch", "lean", "rest", "lift", "swap"]
"""How a hand goes about it: once, twice, only touching or leaning, leaning and taking meanwhile,
lifting the plate itself off or setting it down, or taking and putting something else there."""


@dataclass(frozen=True, slots=True)
class Action:
    """One hand on one plate, from `at - hand_s` until `at`, when it has gone.

    `parts_g` are the grams that each pick moves (negative: taken): none for a mere touch, two for
    a double pick whose picks end `gap_s` apart. `quantity` is the signed number of units, `also`
    what else the same hand moves: together with them, or with its second pick. `beside` names a
    plate that bears the given share of it all. Grams without items are of things that are no goods;
    `looks` is what such a thing looks like: `dummy:SKU`, `empty:SKU` (its packing), else anything.
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
    also: Items = ()
    beside: tuple[str, float] | None = None
    looks: str = ""

    @property
    def items(self) -> Items:
        """All that it moves; nothing where the hand only touches."""
        return ((self.sku, self.quantity), *self.also) if self.sku is not None else self.also

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

    @property
    def payload_bytes(self) -> bytes:
        """The event as a recording of it is replayed: compact JSON."""
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":")).encode()

    def line(self) -> dict[str, Any]:
        """The line of `messages.jsonl` (contract, section 4)."""
        return {"time": round(self.at, 3), "topic": self.topic, "payload": self.event}


@dataclass(frozen=True, slots=True)
class TrueChange:
    """What really left (negative) or came, its signed `grams`, and when the hand was gone."""

    at: float
    plate: str
    items: Items
    grams: float

    @property
    def sku(self) -> str:
        """The product, or the first of several."""
        return self.items[0][0]

    @property
    def quantity(self) -> int:
        """The signed units of that product."""
        return self.items[0][1]

    def line(self) -> dict[str, Any]:
        """The line of `truth.jsonl` (contract, section 4), with the grams besides."""
        return {
            "truth": "change",
            "time": round(self.at, 3),
            "plate": self.plate,
            "items": [{"sku": sku, "quantity": quantity} for sku, quantity in self.items],
            "grams": round(self.grams, 3),
        }


@dataclass(frozen=True, slots=True)
class TrueLoss:
    """What was really lost. Nobody can know it before `decided_at`; `value` in minor units."""

    at: float
    kind: str
    sku: str | None
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

    def line(self) -> dict[str, Any]:
        """A line of `truth.jsonl` for what the contract's lines do not say: who paid in full.

        `honest` is a visit that moved goods and in which nothing was lost, whenever it was paid.
        """
        gone_at = max((action.at for action in self.actions), default=self.ends_at)
        return {
            "truth": "visit",
            "time": round(self.starts_at, 3),
            "ended": round(gone_at, 3),
            "kind": self.kind,
            "honest": bool(self.changes) and not self.losses and self.kind != "restock",
        }


def true_changes(action: Action) -> tuple[TrueChange, ...]:
    """What is true after this hand.

    Each pick of a double is a change of its own. Goods that rest on two plates are one change, of
    their whole weight, on the plate that bears the larger part (the action's own). Foreign objects
    and empty packing are a change without items. A plate that is lifted off and set down again is
    none, and neither is a hand that only presses.
    """
    if not action.parts_g or action.manner == "lift":
        return ()
    if action.manner != "double":
        return (TrueChange(action.at, action.plate, action.items, action.delta_g),)
    picks_at = (action.at - action.gap_s, action.at)
    half = (((action.sku or "", action.quantity // 2),),) * 2
    moved = tuple((item,) for item in action.items) if action.also else half
    return tuple(
        TrueChange(at, action.plate, items, grams)
        for at, items, grams in zip(picks_at, moved, action.parts_g, strict=True)
    )
