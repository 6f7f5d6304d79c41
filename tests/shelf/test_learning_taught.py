"""What units put on a plate one by one say of their product."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.teaching import alike_by_weight, sort_out, teach_from, times_as_heavy

COLA = Product("cola", "Cola", 346.0, 2.0, 350)
NUTS = Product("nuts", "Nuts", 80.0, 1.0, 1200)


def test_units_that_are_alike_give_their_mean() -> None:
    taught = teach_from([345.0, 347.0, 346.3], 0.1)
    assert taught is not None
    assert (taught.weight_g, taught.units, taught.odd_g) == (346.1, 3, ())


def test_two_units_at_once_are_odd_and_recognised() -> None:
    alike, odd = sort_out([346.1, 692.4, 345.5])
    assert (alike, odd) == ([346.1, 345.5], [692.4])
    assert times_as_heavy(692.4, alike) == 2


def test_a_first_unit_that_was_two_does_not_win() -> None:
    taught = teach_from([692.4, 346.1, 345.5, 346.8], 0.1)
    assert taught is not None
    assert taught.weight_g == pytest.approx(346.13, abs=0.01)


def test_two_that_differ_teach_nothing() -> None:
    assert teach_from([346.0, 80.0], 0.1) is None


def test_one_unit_has_the_usual_spread_of_goods() -> None:
    taught = teach_from([346.0], 0.1)
    assert taught is not None
    assert taught.sd_g == 3.46


def test_many_units_show_their_own_spread() -> None:
    taught = teach_from([346.0 + 0.5 * (-1) ** n for n in range(40)], 0.1)
    assert taught is not None
    assert 0.5 < taught.sd_g < 1.5


def test_the_scales_noise_is_no_spread_of_the_goods() -> None:
    noisy = [500.0 + 3.0 * (-1) ** n for n in range(40)]
    coarse, fine = teach_from(noisy, 3.0), teach_from(noisy, 0.1)
    assert coarse is not None
    assert fine is not None
    assert coarse.sd_g < fine.sd_g / 1.5


def test_products_too_near_in_weight_are_named() -> None:
    others = [COLA, NUTS, Product("zero", "Zero", 351.0, 2.0, 350)]
    found = alike_by_weight(345.0, 2.0, 0.1, others)
    assert [p.sku for p in found] == ["cola", "zero"]
    assert alike_by_weight(200.0, 2.0, 0.1, others) == []


@given(st.lists(st.floats(5.0, 3000.0), max_size=12), st.floats(0.0, 5.0))
def test_whatever_is_put_there_the_odd_and_the_alike_are_all_of_it(
    weights_g: list[float], sigma_g: float
) -> None:
    alike, odd = sort_out(weights_g)
    assert sorted(alike + odd) == sorted(weights_g)
    taught = teach_from(weights_g, sigma_g)
    assert (taught is None) == (not alike)
    if taught is not None:
        assert min(alike) - 0.01 <= taught.weight_g <= max(alike) + 0.01
        assert taught.sd_g > 0
