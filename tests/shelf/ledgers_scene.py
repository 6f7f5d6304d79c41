"""Plates whose real weight is kept beside what the shelf is told of it."""

from __future__ import annotations

from typing import Any

from edge_agent.shelf.facts import ChangeFact, Fact, LevelsFact, Tick
from edge_agent.weighing.change import WeightChange, change_id
from tests.shelf.scene import START, WEIGHTS, Scene

# What a restart adds to the number of a visit's changes; nothing else counts time here.
HOUR = 3600.0


class Shelf:
    """A shelf that has been stocked and told its first weights."""

    late_s = 86400.0

    def __init__(self, **stock: dict[str, int]) -> None:
        self.grams = {
            plate: sum(n * WEIGHTS[sku] for sku, n in goods.items())
            for plate, goods in stock.items()
        }
        self.scene = Scene(until=0.0, late_s=self.late_s)
        self.scene.tell(LevelsFact(START - HOUR, dict(self.grams)), until=-HOUR)

    def change(
        self, at: float, plate: str, delta_g: float, revision: int = 1, **more: Any
    ) -> ChangeFact:
        """A change of the real weight, as weighing tells it."""
        self.grams[plate] += delta_g
        started_at, settled_at = START + at - 0.8, START + at
        weight = WeightChange(
            change_id(plate, started_at),
            revision,
            plate,
            started_at,
            settled_at,
            delta_g,
            0.1,
            self.grams[plate],
            **more,
        )
        return ChangeFact(settled_at + 0.5, weight)

    def take(self, at: float, plate: str, sku: str, quantity: int = 1) -> ChangeFact:
        """Units of one product leave."""
        return self.change(at, plate, -quantity * WEIGHTS[sku])

    def drift(self, plate: str, grams: float) -> None:
        """The weight moves and weighing tells no change."""
        self.grams[plate] += grams

    def look(self, at: float, **zeroed: bool) -> list[Fact]:
        """The levels as the pipeline would tell them now."""
        ledger = self.scene.ledger
        self.scene.outputs += ledger.tick(START + at)
        self.scene.outputs += ledger.take_levels(self.grams, START + at, zeroed)
        self.scene.outputs += ledger.tick(START + at + 1)
        return []

    def tell(self, *facts: Fact, until: float) -> None:
        """Facts, and the time until so long after the start."""
        self.scene.tell(*facts, until=until)
        self.scene.ledger.take(Tick(START + until))

    def plate(self, plate: str) -> dict[str, Any]:
        """How a plate stands in the last `stock` message."""
        return next(p for p in self.scene.of("stock")[-1]["plates"] if p["plate"] == plate)

    def disagreement(self, plate: str) -> dict[str, Any] | None:
        """What is told of the plate's two ledgers, None where they agree."""
        found: dict[str, Any] | None = self.plate(plate)["disagreement"]
        return found
