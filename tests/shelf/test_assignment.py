"""The assignment against scipy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from edge_agent.shelf.assignment import assign

costs_strategy = st.integers(1, 9).flatmap(
    lambda columns: st.lists(
        st.lists(
            st.one_of(st.integers(-20, 20).map(float), st.just(float("inf"))),
            min_size=columns,
            max_size=columns,
        ),
        min_size=1,
        max_size=9,
    )
)


@given(costs_strategy, st.integers(0, 15).map(float))
def test_it_costs_as_little_as_scipys(costs: list[list[float]], unassigned: float) -> None:
    matrix = np.array(costs)
    rows, columns = matrix.shape
    chosen = assign(costs, unassigned)
    taken = [c for c in chosen if c is not None]
    assert len(set(taken)) == len(taken)
    price = sum(unassigned if c is None else matrix[r, c] for r, c in enumerate(chosen))

    whole = np.full((rows, columns + rows), 1e6)
    whole[:, :columns] = np.where(np.isinf(matrix), 1e6, matrix)
    whole[np.arange(rows), columns + np.arange(rows)] = unassigned
    best_rows, best_columns = linear_sum_assignment(whole)
    assert np.isclose(price, whole[best_rows, best_columns].sum())
