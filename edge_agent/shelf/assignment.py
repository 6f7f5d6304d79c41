"""The cheapest one-to-one assignment, with leaving a row unassigned at a price.

Shortest augmenting paths with potentials (R. Jonker and A. Volgenant, “A shortest augmenting path
algorithm for dense and sparse linear assignment problems”, Computing 38, 1987). Written here since
scipy's `linear_sum_assignment` costs a Raspberry Pi 40 MB of resident memory; a property test
compares the two. A product's goods and payments are few, and most pairs impossible: plain numbers
by row are faster at that than arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def assign(costs: Sequence[Sequence[float]], unassigned: float) -> list[int | None]:
    """Assign rows to columns so that the sum of costs is smallest.

    `costs` has a row of as many columns each, `inf` where a pair is impossible; `unassigned` is the
    price of leaving a row alone. Returns the column of each row, or None. Columns may stay free.
    """
    solver = _Solver(costs, unassigned)
    for row in range(len(costs)):
        solver.augment(row)
    column_of: list[int | None] = [None] * len(costs)
    for column, row in solver.row_of.items():
        column_of[row] = column
    return column_of


class _Solver:
    """Rows that have their columns so far, with prices that keep every reduced cost above 0.

    To be left alone is a column of a row's own, which nobody else wants: its price stays 0.
    """

    def __init__(self, costs: Sequence[Sequence[float]], unassigned: float) -> None:
        self.row_of: dict[int, int] = {}
        self._unassigned = unassigned
        self._possible = [
            [(column, cost) for column, cost in enumerate(row) if cost < math.inf] for row in costs
        ]
        self._row_price = [0.0] * len(costs)
        self._column_price = [0.0] * max(map(len, costs), default=0)

    def augment(self, start: int) -> None:
        """Give a row its column, along the shortest path of rows that make room."""
        distance: dict[int, float] = {}
        came_from: dict[int, int] = {}
        done: dict[int, float] = {}
        path_rows = [(start, 0.0)]
        # The cheapest way found to leave a row alone, and the column which that one gives up.
        alone, given_up = math.inf, -1
        row, base, last = start, 0.0, -1
        while True:
            own = base - self._row_price[row]
            if own + self._unassigned < alone:
                alone, given_up = own + self._unassigned, last
            for column, cost in self._possible[row]:
                away = own + cost - self._column_price[column]
                if column not in done and away < distance.get(column, math.inf):
                    distance[column], came_from[column] = away, last
            base, nearest = min(((d, c) for c, d in distance.items()), default=(math.inf, -1))
            if base > alone:
                base, nearest = alone, given_up
                break
            if nearest not in self.row_of:
                break
            done[nearest] = distance.pop(nearest)
            row, last = self.row_of[nearest], nearest
            path_rows.append((row, base))
        self._move(nearest, came_from, start)
        for visited, at in path_rows:
            self._row_price[visited] += base - at
        for column, at in done.items():
            self._column_price[column] -= base - at

    def _move(self, column: int, came_from: dict[int, int], start: int) -> None:
        """Give each column of a path, from its end, to the row of the one before."""
        while column >= 0:
            previous = came_from[column]
            self.row_of[column] = start if previous < 0 else self.row_of[previous]
            column = previous
