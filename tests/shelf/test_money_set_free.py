"""Money for goods that came back, and carts that more than one visit may have been paid with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shelf.scene import Scene, change, payment, put, take, told_at

FIRST = change(0, "A2", -79.0)
BACK = 81.3


def ends(scene: Scene) -> list[tuple[str, str | None]]:
    """Each case's state and resolution, in the order of the visits."""
    cases = sorted(scene.cases().values(), key=lambda case: case["started_at"])
    return [(case["state"], case.get("resolution")) for case in cases]


def test_late_money_taken_for_a_payment_ahead_is_late_again_when_those_goods_come_back() -> None:
    scene = Scene(
        FIRST,
        payment(7900, "nuts"),
        change(8150, "A2", -BACK),
        change(8900, "A2", BACK),
    )
    assert ends(scene) == [("closed", "paid")]
    assert all(visit["paid_not_taken"] == [] for visit in scene.visits().values())


@settings(deadline=None, max_examples=40)
@given(
    ahead_s=st.floats(30, 280),
    away_s=st.floats(60, 3000),
    told_after_s=st.floats(0, 9000),
)
def test_so_it_is_whatever_the_times_and_whenever_the_payment_is_told(
    ahead_s: float, away_s: float, told_after_s: float
) -> None:
    taken = 7900 + ahead_s
    scene = Scene(
        FIRST,
        told_at(payment(7900, "nuts"), 7900 + told_after_s),
        change(taken, "A2", -BACK),
        change(taken + away_s, "A2", BACK),
    )
    assert scene.open_lines() == []


def test_money_paid_with_the_goods_in_hand_is_refunded_and_pays_for_no_theft() -> None:
    scene = Scene(FIRST, change(7900, "A2", -BACK), payment(7915, "nuts"), change(8900, "A2", BACK))
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]
    surplus = [s for visit in scene.visits().values() for s in visit["paid_not_taken"]]
    assert surplus == [{"payment_id": "P1", "sku": "nuts", "quantity": 1}]


@pytest.mark.parametrize("back_at", [60, 300])
def test_of_two_at_once_the_one_who_put_back_had_not_paid(back_at: float) -> None:
    scene = Scene(
        take(0, "A2", "nuts"),
        take(22, "A2", "nuts"),
        payment(30, "nuts", opened=24),
        put(back_at, "A2", "nuts"),
    )
    assert scene.open_lines() == []


def test_a_cart_that_a_visit_has_all_of_is_for_it_and_not_for_an_old_theft_of_the_same() -> None:
    scene = Scene(
        take(0, "A2", "nuts", 2),
        take(2150, "A2", "nuts", 2),
        take(2152, "A1", "cola"),
        payment(2187, "nuts", "nuts", opened=2177),
        payment(2196, "cola", name="P2", opened=2190),
    )
    assert ends(scene) == [("open", None)]
    assert scene.open_lines() == [("unpaid", "nuts", 2, 2400)]


def test_what_the_weight_left_open_is_what_the_visits_own_cart_names() -> None:
    scene = Scene(
        take(0, "A1", "cola"),
        take(4480, "A2", "nuts"),
        change(4486, "B1", -346.5),
        payment(4490, "cola", name="P1"),
        payment(5500, "nuts", "zero", name="P2", opened=4495),
    )
    assert scene.open_lines() == []
    assert all(visit["paid_not_taken"] == [] for visit in scene.visits().values())
