"""Goods that come back in a later visit cancel the unit that weighs the same."""

from __future__ import annotations

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


def test_a_thing_that_cannot_be_named_is_the_unpaid_unit_of_its_weight() -> None:
    taken = take(0, "A1", "cola")
    # On plate B1 stand two flavours of one weight, neither of which is away.
    assert visits_short(Scene(taken, change(2000, "B1", 346.1))) == []
    assert visits_short(Scene(taken, change(2000, "B1", 350.5))) == [-1]


def test_a_thing_that_cannot_be_named_is_what_was_refunded_as_returned() -> None:
    refund = Refund("R1", START + 1900, 350, "returned", (RefundLine("cola", 1),))
    paid = payment(60, "cola"), payment(1900, "cola", revision=4, refunds=[refund])
    assert visits_short(Scene(take(0, "A1", "cola"), *paid, change(2000, "B1", 346.1))) == []
    assert visits_short(Scene(take(0, "A1", "cola"), *paid, change(2000, "B1", 350.5))) == [-1]
