"""Which goods a weight was, and when it is better not to say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.identify import Surroundings, identify

COLA = Product("cola", "Cola", 346.0, 2.0, 350)
NUTS = Product("nuts", "Nuts", 80.0, 1.0, 1200)
BAR = Product("bar", "Bar", 82.0, 1.0, 600)
GUM = Product("gum", "Gum", 15.0, 0.3, 200)


def around(*planogram: Product, **more: object) -> Surroundings:
    """A plate with these products, everything else elsewhere."""
    others = [p for p in (COLA, NUTS, BAR, GUM) if p not in planogram]
    return Surroundings(planogram, others, **{"stock": {}, "just_left": {}, **more})  # type: ignore[arg-type]


def test_one_unit_is_told_surely() -> None:
    best = identify(-346.3, 0.1, around(COLA, NUTS))[0]
    assert best.items == (("cola", -1),)
    assert best.confidence > 0.99


def test_three_units_at_once_are_three() -> None:
    assert identify(-240.4, 0.1, around(COLA, NUTS))[0].items == (("nuts", -3),)


def test_a_mixed_pair_is_both() -> None:
    assert identify(-426.2, 0.1, around(COLA, NUTS))[0].items == (("cola", -1), ("nuts", -1))


def test_two_products_of_almost_one_weight_share_the_confidence() -> None:
    first, second = identify(-81.0, 0.1, around(NUTS, BAR))[:2]
    assert {first.items[0][0], second.items[0][0]} == {"nuts", "bar"}
    assert first.confidence < 0.8


def test_what_weighs_like_nothing_on_the_plate_is_nothing() -> None:
    assert identify(-55.0, 0.1, around(COLA, NUTS)) == ()


def test_goods_that_just_left_elsewhere_are_put_down_here() -> None:
    best = identify(80.2, 0.1, around(COLA, just_left={"nuts": 1}))[0]
    assert (best.items, best.confidence > 0.9) == ((("nuts", 1),), True)


def test_goods_of_another_plate_do_not_leave_this_one() -> None:
    assert identify(-80.0, 0.1, around(COLA)) == ()


def test_a_number_that_was_ordered_is_believed() -> None:
    plain = identify(560.0, 1.5, around(NUTS, BAR, restocking=True))[0]
    ordered = identify(560.0, 1.5, around(NUTS, BAR, restocking=True, expected={"nuts": 7}))[0]
    assert ordered.items == (("nuts", 7),)
    assert ordered.confidence > max(0.95, plain.confidence)


def test_goods_that_no_line_of_the_order_has_are_believed_less() -> None:
    open_order = identify(81.0, 0.1, around(NUTS, BAR, restocking=True))
    ordered = identify(81.0, 0.1, around(NUTS, BAR, restocking=True, expected={"nuts": 3}))
    assert open_order[0].confidence < 0.6
    assert (ordered[0].items, ordered[0].confidence > 0.9) == ((("nuts", 1),), True)
    # What weighs like nothing that was ordered is still what it weighs like.
    other = identify(82.5, 0.1, around(COLA, BAR, restocking=True, expected={"cola": 3}))
    assert other[0].items == (("bar", 1),)


def test_goods_in_the_wrong_place_leave_with_those_of_the_plate() -> None:
    assert identify(-426.0, 0.1, around(COLA, stock={"nuts": 1}))[0].items == (
        ("cola", -1),
        ("nuts", -1),
    )


@given(
    st.sampled_from([COLA, NUTS, GUM]),
    st.integers(1, 3),
    st.floats(-1.0, 1.0),
    st.booleans(),
)
def test_confidences_are_probabilities(
    product: Product, count: int, error_g: float, removed: bool
) -> None:
    delta_g = count * (product.weight_g or 0.0) + error_g
    found = identify(-delta_g if removed else delta_g, 0.2, around(COLA, NUTS, GUM))
    assert sum(h.confidence for h in found) <= 1.0 + 1e-9
    assert [h.confidence for h in found] == sorted((h.confidence for h in found), reverse=True)
    assert all(quantity * (-1 if removed else 1) > 0 for h in found for _, quantity in h.items)
