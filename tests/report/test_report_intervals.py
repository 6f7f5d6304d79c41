"""The intervals against scipy's, and what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edge_agent.report.cells import Sums
from edge_agent.report.intervals import (
    gamma_quantile,
    rate_of_goods,
    share_lost,
    value_lost,
)


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.5, 17.0, 400.0, 9000.0])
@pytest.mark.parametrize("probability", [0.025, 0.5, 0.975])
def test_gamma_quantiles_are_scipys(shape: float, probability: float) -> None:
    expected = stats.gamma.ppf(probability, shape)
    assert gamma_quantile(probability, shape) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(("lost", "taken"), [(0, 20), (1, 20), (5, 210), (20, 20), (300, 9000)])
def test_the_share_of_units_that_went_one_by_one_has_wilsons_interval(
    lost: int, taken: int
) -> None:
    found = share_lost(Sums(lost, lost, 0, lost, 0), taken)
    wilson = stats.binomtest(lost, taken).proportion_ci(0.95, "wilson")
    assert found.value == pytest.approx(lost / taken)
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-12)


def test_units_that_went_together_count_as_fewer() -> None:
    one_by_one = share_lost(Sums(6, 6, 0, 6, 0), 120)
    in_pairs = share_lost(Sums(3, 6, 0, 12, 0), 120)
    wilson = stats.binomtest(3, 60).proportion_ci(0.95, "wilson")
    assert in_pairs.value == one_by_one.value
    assert (in_pairs.low, in_pairs.high) == pytest.approx((wilson.low, wilson.high))


@pytest.mark.parametrize("losses", [1, 3, 40])
def test_losses_of_one_size_have_garwoods_exact_interval(losses: int) -> None:
    found = value_lost(Sums(losses, losses, losses * 350, losses, losses * 350**2), 350.0)
    low = 350 * stats.chi2.ppf(0.025, 2 * losses) / 2
    high = 350 * stats.chi2.ppf(0.975, 2 * losses + 2) / 2
    assert found.value == losses * 350
    assert (found.low, found.high) == pytest.approx((low, high))


def test_without_a_loss_the_value_is_bounded_by_the_usual_price() -> None:
    found = value_lost(Sums(), 350.0)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(-math.log(0.025) * 350)
    assert value_lost(Sums(), None).high is None


def test_nothing_taken_says_nothing() -> None:
    assert share_lost(Sums(), 0).value is None
    assert rate_of_goods(value_lost(Sums(), None), 0).value is None


def test_more_lost_than_taken_is_all_of_it() -> None:
    assert share_lost(Sums(1, 3, 0, 9, 0), 2).value == 1.0


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=30), st.integers(0, 10**7))
def test_every_interval_holds_its_figure(values: list[int], sold: int) -> None:
    sums = Sums(len(values), len(values), sum(values), len(values), sum(v * v for v in values))
    for found in (
        value_lost(sums, None),
        rate_of_goods(value_lost(sums, None), sold),
        share_lost(sums, len(values) + sold),
    ):
        assert found.low is not None
        assert found.value is not None
        assert found.high is not None
        assert 0 <= found.low <= found.value <= found.high


def test_the_interval_of_values_holds_the_truth_in_95_of_100_months() -> None:
    chance = np.random.default_rng(3)
    prices = np.array([200, 350, 350, 1200])
    expected_losses, hits, months = 12.0, 0, 600
    for _ in range(months):
        values = chance.choice(prices, chance.poisson(expected_losses)).tolist()
        sums = Sums(len(values), 0, sum(values), 0, sum(v * v for v in values))
        found = value_lost(sums, 500.0)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= expected_losses * prices.mean() <= found.high
    assert hits / months >= 0.93
