"""Goods that come back in a later visit cancel the unit that weighs the same."""

from __future__ import annotations

from edge_agent.shelf.facts import PaymentFact
from edge_agent.shelf.payments import Refund, RefundLine
from tests.shelf.scene import START, Scene, change, payment, put, take


def visits_short(scene: Scene) -> list[float]:
    """When the visits began that still miss something, in seconds after the start."""
    cases = {case["case_id"]: case for case in scene.of("losses")}
    return [
        round(int(case["visit_id"][1:]) / 1000 - START)
        for case in cases.values()
        if case["state"] != "closed"
    ]


def test_what_came_back_is_the_unit_that_weighs_the_same_and_not_the_latest() -> None:
    first, second = change(0, "A2", -80.9), change(1000, "A2", -79.2)
    assert visits_short(Scene(first, second, change(2000, "A2", 80.9))) == [999]
    assert visits_short(Scene(first, second, change(2000, "A2", 79.2))) == [-1]


def test_of_units_that_weigh_alike_the_latest_came_back() -> None:
    first, second = take(0, "A2", "nuts"), take(1000, "A2", "nuts")
    assert visits_short(Scene(first, second, put(2000, "A2", "nuts"))) == [-1]


def test_what_could_not_be_named_and_is_put_in_another_place_is_its_takers() -> None:
    stolen = take(0, "A1", "cola")
    # From B1 either of two flavours has gone; a few seconds later it stands on A1.
    taken, back = change(1500, "B1", -347.3), change(1504, "A1", 347.3)
    assert visits_short(Scene(stolen, taken, back)) == [-1]


def test_a_thing_that_cannot_be_named_is_the_unpaid_unit_of_its_weight() -> None:
    taken = take(0, "A1", "cola")
    # On plate B1 stand two flavours of one weight, neither of which is away.
    assert visits_short(Scene(taken, change(2000, "B1", 346.1))) == []
    assert visits_short(Scene(taken, change(2000, "B1", 350.5))) == [-1]


def refunded(paid_at: float, refunded_at: float, sku: str, price: int) -> list[PaymentFact]:
    """A payment for one unit, given back because that was returned."""
    refund = Refund("R1", START + refunded_at, price, "returned", (RefundLine(sku, 1),))
    return [payment(paid_at, sku), payment(refunded_at, sku, revision=4, refunds=[refund])]


def test_what_was_just_refunded_as_returned_comes_back_rather_than_an_old_theft() -> None:
    stolen, bought = take(0, "A2", "nuts"), take(20000, "A2", "nuts")
    paid = refunded(20030, 20100, "nuts", 1200)
    assert visits_short(Scene(stolen, bought, *paid, put(20700, "A2", "nuts"))) == [-1]


def test_of_a_refunded_and_an_unpaid_unit_what_weighs_the_same_came_back() -> None:
    bought, stolen = change(0, "A2", -80.9), change(1000, "A2", -80.6)
    paid = refunded(30, 900, "nuts", 1200)
    assert visits_short(Scene(bought, stolen, *paid, change(2100, "A2", 80.6))) == [-1]
    assert visits_short(Scene(bought, stolen, *paid, change(2100, "A2", 80.9))) == [999]


def test_a_thing_that_cannot_be_named_is_what_was_refunded_as_returned() -> None:
    paid = refunded(60, 1900, "cola", 350)
    assert visits_short(Scene(take(0, "A1", "cola"), *paid, change(2000, "B1", 346.1))) == []
    assert visits_short(Scene(take(0, "A1", "cola"), *paid, change(2000, "B1", 350.5))) == [-1]
