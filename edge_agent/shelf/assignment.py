"""The cheapest one-to-one assignment, with leaving a row unassigned at a price.

Shortest augmenting paths with potentials (R. Jonker and A. Volgenant, “A shortest augmenting path
algorithm for dense and sparse linear assignment problems”, Computing 38, 1987). Written here since
scipy's `linear_sum_assignment` costs a Raspberry Pi 40 MB of resident memory; a property test
compares the two.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def assign(costs: FloatArray, unassigned: float) -> list[int | None]:
    """Assign rows to columns so that the sum of costs is smallest.

    `costs` has shape (rows, columns), `inf` where a pair is impossible; `unassigned` is the price
    of leaving a row alone. Returns the column of each row, or None. Columns may stay free.
    """
    rows, columns = costs.shape
    if rows == 0 or columns == 0:
        return [None] * rows
    # Each row has a dummy column of its own, so a complete assignment always exists.
    big = np.full((rows, columns + rows), math.inf)
    big[:, :columns] = costs
    big[np.arange(rows), columns + np.arange(rows)] = unassigned
    row_of = _solve(big)
    column_of: list[int | None] = [None] * rows
    for column in range(columns):
        row = int(row_of[column])
        if row >= 0:
            column_of[row] = column
    return column_of


def _solve(costs: FloatArray) -> npt.NDArray[np.int64]:
    """Return for each column its row, or -1; every row gets a column."""
    rows, columns = costs.shape
    row_price = np.zeros(rows)
    column_price = np.zeros(columns)
    row_of = np.full(columns, -1, dtype=np.int64)
    for start in range(rows):
        _augment(costs, start, row_price, column_price, row_of)
    return row_of


def _augment(
    costs: FloatArray,
    start: int,
    row_price: FloatArray,
    column_price: FloatArray,
    row_of: npt.NDArray[np.int64],
) -> None:
    """Give row `start` a column along the shortest augmenting path; prices stay feasible."""
    columns = costs.shape[1]
    distance = np.full(columns, math.inf)
    came_from = np.full(columns, -1, dtype=np.int64)
    done = np.zeros(columns, dtype=bool)
    row, base, last = start, 0.0, -1
    path_rows: list[tuple[int, float]] = [(start, 0.0)]
    while True:
        reduced = base + costs[row] - row_price[row] - column_price
        better = ~done & (reduced < distance)
        distance[better] = reduced[better]
        came_from[better] = last
        column = int(np.argmin(np.where(done, math.inf, distance)))
        base = float(distance[column])
        if row_of[column] < 0:
            break
        done[column] = True
        row, last = int(row_of[column]), column
        path_rows.append((row, base))
    for visited, at in path_rows:
        row_price[visited] += base - at
    column_price[done] -= base - distance[done]
    while column >= 0:
        previous = int(came_from[column])
        row_of[column] = start if previous < 0 else row_of[previous]
        column = previous
