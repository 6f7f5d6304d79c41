"""What the steps of single plates are beside those of the others, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from edge_agent.weighing.blocks import Batch
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.display import Display
from edge_agent.weighing.neighbours import FloatArray, Neighbours
from edge_agent.weighing.plates import PlateSpec
from edge_agent.weighing.revisions import Revisions
from edge_agent.weighing.straddle import Straddles

# A channel that was away for so long was not watched.
UNWATCHED_S = 120.0


class AmongAll:
    """The last stage of weighing: every change passes through it before it is told."""

    def __init__(
        self, plates: Sequence[PlateSpec], display: Display, least_g: Callable[[int], float]
    ) -> None:
        """`least_g` gives the smallest change told on a plate, by its column."""
        self._plates = plates
        self._display = display
        self._columns = {spec.plate: j for j, spec in enumerate(plates)}
        self._away_since: dict[str, float] = {}
        self._neighbours = Neighbours(
            list(self._columns), lambda plate: least_g(self._columns[plate])
        )
        self._straddles = Straddles()
        self._revisions = Revisions()

    def tell(self, changes: Sequence[WeightChange], now: float) -> list[WeightChange]:
        """Return what to tell of the steps of single plates, numbered."""
        told = [self._as_known(change) for change in self._neighbours.correct(changes, now)]
        told = self._straddles.join(told, {spec.plate: spec.goods for spec in self._plates})
        return self._revisions.number(told)

    def was_away(self, plate: str, seen_at: float, back_at: float) -> None:
        """A channel gave no samples between two times."""
        if back_at - seen_at >= UNWATCHED_S:
            self._away_since[plate] = seen_at

    def learn(self, change: WeightChange, history: Sequence[Batch], noise_g: FloatArray) -> None:
        """See what a change did to the other plates."""
        self._neighbours.learn(change, history, noise_g)

    def _as_known(self, change: WeightChange) -> WeightChange:
        """Add what a display rounds away, and whether anybody watched."""
        rounding_g = self._display.rounding_g(self._columns[change.plate])
        away_at = self._away_since.get(change.plate)
        return replace(
            change,
            sigma_g=math.hypot(change.sigma_g, rounding_g),
            unobserved=away_at is not None and abs(change.started_at - away_at) < 1e-3,
        )
