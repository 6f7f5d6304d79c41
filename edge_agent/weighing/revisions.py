"""Numbers the revisions of changes, whoever revised them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from edge_agent.weighing.change import WeightChange

# Changes that are remembered: far more than can be revised at one time.
KEPT = 512


class Revisions:
    """Counts what was told of each change."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, WeightChange] = OrderedDict()

    def number(self, changes: Iterable[WeightChange]) -> list[WeightChange]:
        """Number changes in the order in which they are told; a second withdrawal is left out."""
        numbered: list[WeightChange] = []
        for change in changes:
            before = self._told.get(change.change_id)
            if change.withdrawn and before is not None and before.withdrawn:
                continue
            revised = replace(change, revision=before.revision + 1 if before else 1)
            self._told[change.change_id] = revised
            numbered.append(revised)
        while len(self._told) > KEPT:
            self._told.popitem(last=False)
        return numbered
