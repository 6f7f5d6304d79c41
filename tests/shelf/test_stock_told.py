"""What runs out or low; counts that a recount has settled; oddments in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from edge_agent.shelf.facts import ChangeFact, CountFact, Fact, RestockFact
from tests.shelf.ledgers_scene import HOUR, Shelf
from tests.shelf.scene import START, payment

DAY = 24 * HOUR


def short(shelf: Shelf, plate: str = "A1") -> tuple[Any, Any]:
    """What is told of a plate: empty, low."""
    told = shelf.plate(plate)
    return told["empty"], told["low"]


def test_nothing_is_told_short_of_a_plate_that_is_not_counted() -> None:
    assert short(Shelf(B1={"cola": 1, "zero": 1}), "B1") == (None, None)


def test_a_quarter_of_what_stood_there_is_low_and_none_is_empty() -> None:
    shelf = Shelf(A1={"cola": 4})
    assert short(shelf) == ([], [])
    shelf.tell(shelf.take(0, "A1", "cola", 3), until=HOUR)
    assert short(shelf) == ([], ["cola"])
    shelf.tell(shelf.take(2 * HOUR, "A1", "cola"), until=3 * HOUR)
    assert short(shelf) == (["cola"], [])


def test_a_plate_filled_again_is_low_by_what_stands_there_now() -> None:
    shelf = Shelf(A1={"cola": 2})
    shelf.tell(
        RestockFact(START, "R1", 1, "started", START, "ann", ()),
        shelf.change(30, "A1", 10 * 346.0),
        RestockFact(START + 60, "R1", 2, "finished", START + 60, "ann", ()),
        until=HOUR,
    )
    shelf.tell(shelf.take(2 * HOUR, "A1", "cola", 9), until=3 * HOUR)
    assert short(shelf) == ([], ["cola"])


def test_less_than_a_usual_days_sales_is_low() -> None:
    shelf = Shelf(A1={"cola": 12})
    for day in range(3):
        shelf.tell(shelf.take(day * DAY, "A1", "cola", 2), until=day * DAY + HOUR)
    assert short(shelf) == ([], [])
    shelf.tell(CountFact(START + 3 * DAY, "A1", {"cola": 12}), until=3 * DAY + HOUR)
    for day in range(4, 9):
        shelf.tell(
            shelf.take(day * DAY, "A1", "cola", 6),
            CountFact(START + day * DAY + HOUR, "A1", {"cola": 12}),
            until=day * DAY + 2 * HOUR,
        )
    shelf.tell(shelf.take(9 * DAY, "A1", "cola", 8), until=9 * DAY + HOUR)
    # Four of twelve are more than a quarter, and less than what leaves on a day.
    assert short(shelf) == ([], ["cola"])


def test_what_is_put_back_is_no_sale() -> None:
    shelf = Shelf(A1={"cola": 12})
    shelf.tell(shelf.take(0, "A1", "cola", 5), shelf.change(9, "A1", 5 * 346.0), until=HOUR)
    pace = shelf.scene.ledger.state.units.paces["A1"]["cola"]
    assert pace.weight == pytest.approx(0.0, abs=1e-3)


def items(shelf: Shelf, plate: str) -> dict[str, int]:
    """The counts told of a plate."""
    return {item["sku"]: item["quantity"] for item in shelf.plate(plate)["items"]}


def test_a_revision_of_a_change_before_a_recount_does_not_alter_the_counts() -> None:
    shelf = Shelf(A1={"cola": 6})
    first = shelf.take(0, "A1", "cola")
    shelf.grams["A1"] += 346.0
    later = shelf.change(0, "A1", -692.0, revision=2)
    shelf.tell(
        first,
        CountFact(START + 60, "A1", {"cola": 4}),
        ChangeFact(START + 70, later.change),
        payment(80, "cola", "cola"),
        until=HOUR,
    )
    assert items(shelf, "A1") == {"cola": 4}
    assert shelf.disagreement("A1") is None


def test_a_payment_that_settles_a_change_before_a_recount_does_not_alter_the_counts() -> None:
    shelf = Shelf(B1={"cola": 2, "zero": 2})
    shelf.tell(
        CountFact(START - 60, "B1", {"cola": 2, "zero": 2}),
        shelf.change(10, "B1", -346.5),
        CountFact(START + 60, "B1", {"cola": 2, "zero": 1}),
        payment(90, "zero", opened=20),
        until=HOUR,
    )
    assert items(shelf, "B1") == {"cola": 2, "zero": 1}
    assert shelf.disagreement("B1") is None
    assert shelf.scene.open_lines() == []


def test_a_change_before_a_recount_that_is_told_after_it_does_not_alter_the_counts() -> None:
    shelf = Shelf(A1={"cola": 6})
    late = shelf.take(0, "A1", "cola")
    shelf.tell(CountFact(START + 60, "A1", {"cola": 5}), replace(late, at=START + 65), until=HOUR)
    assert items(shelf, "A1") == {"cola": 5}


def test_a_change_after_a_recount_counts() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.tell(
        CountFact(START, "A1", {"cola": 4}),
        shelf.take(60, "A1", "cola"),
        payment(80, "cola"),
        until=HOUR,
    )
    assert items(shelf, "A1") == {"cola": 3}


def oddments_after(order: tuple[int, ...]) -> object:
    """A bag put down, lifted, and another thing put down; the lifting is told twice: first as
    something else, then as it was."""
    shelf = Shelf(A1={"cola": 6})
    down, wrong, up, other = (
        shelf.change(0, "A1", 500.0),
        shelf.change(20, "A1", -700.0),
        shelf.change(20, "A1", -500.0, revision=2),
        shelf.change(40, "A1", 900.0),
    )
    told: list[Fact] = []
    for place, number in enumerate(order):
        fact = (down, wrong, up, other)[number]
        told.append(replace(fact, at=START + 50 + place))
    shelf.tell(*told, until=60)
    book = shelf.scene.ledger.state.books["A1"]
    return [(round(o.at - START), o.delta_g) for o in book.open_oddments]


def test_oddments_are_the_same_in_whatever_order_they_were_told() -> None:
    orders = [o for o in permutations(range(4)) if o.index(1) < o.index(2)]
    assert {str(oddments_after(order)) for order in orders} == {"[(40, 900.0)]"}
