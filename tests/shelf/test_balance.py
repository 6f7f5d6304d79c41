"""Two ledgers, by changes and by weight, that must agree; and what is said where they do not."""

from __future__ import annotations

import pytest

from edge_agent.shelf.facts import CountFact, LevelsFact, RestockFact, RestockLine
from tests.shelf.ledgers_scene import HOUR, Shelf
from tests.shelf.scene import START, Scene, payment

DAY = 24 * HOUR


def items(plate: dict[str, object]) -> dict[str, int]:
    """The counts of a plate's message, by SKU."""
    told = plate["items"]
    assert isinstance(told, list)
    return {item["sku"]: item["quantity"] for item in told}


def test_a_plate_with_one_product_is_counted_from_its_first_weight() -> None:
    plate = Shelf(A1={"cola": 6}).plate("A1")
    assert (plate["counted"], items(plate)) == (True, {"cola": 6})
    assert plate["by_weight"] == [{"sku": "cola", "quantity": 6}]
    assert plate["disagreement"] is None


def test_an_empty_plate_is_counted_whatever_belongs_there() -> None:
    plate = Shelf(B1={}).plate("B1")
    assert (plate["counted"], items(plate)) == (True, {})


def test_products_of_almost_one_weight_are_not_counted_by_weight() -> None:
    plate = Shelf(B1={"cola": 3, "zero": 3}).plate("B1")
    assert (plate["counted"], plate["by_weight"]) == (False, None)


def test_the_ledgers_agree_after_sales() -> None:
    shelf = Shelf(A1={"cola": 6}, A2={"nuts": 9})
    shelf.tell(
        shelf.take(0, "A1", "cola", 2),
        shelf.take(3, "A2", "nuts"),
        payment(20, "cola", "cola", "nuts"),
        until=HOUR,
    )
    assert (items(shelf.plate("A1")), items(shelf.plate("A2"))) == ({"cola": 4}, {"nuts": 8})
    assert shelf.disagreement("A1") is shelf.disagreement("A2") is None


def test_units_that_left_without_a_change_are_a_missed_change() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.drift("A1", -346.0)
    shelf.look(600)
    found = shelf.disagreement("A1")
    assert found is not None
    assert (found["reason"], found["apart"]) == (
        "missed_change",
        [{"sku": "cola", "quantity": -1}],
    )
    assert shelf.plate("A1")["by_weight"] == [{"sku": "cola", "quantity": 5}]
    assert "1 × Cola fewer" in found["explanation"]


def test_a_disagreement_never_changes_the_counts() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.drift("A1", -692.0)
    shelf.look(600)
    shelf.tell(shelf.take(900, "A1", "cola"), payment(910, "cola"), until=2 * HOUR)
    assert items(shelf.plate("A1")) == {"cola": 5}
    assert shelf.plate("A1")["by_weight"] == [{"sku": "cola", "quantity": 3}]


def test_one_missing_gum_among_thirty_is_found() -> None:
    shelf = Shelf(A3={"gum": 30})
    shelf.drift("A3", -15.0)
    shelf.look(700)
    found = shelf.disagreement("A3")
    assert found is not None
    assert found["apart"] == [{"sku": "gum", "quantity": -1}]


def test_a_thing_put_there_and_not_sold_is_a_foreign_object_until_it_goes() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.tell(shelf.change(0, "A1", 500.0), until=400)
    found = shelf.disagreement("A1")
    assert found is not None
    assert found["reason"] == "foreign_object"
    shelf.tell(shelf.change(500, "A1", -500.4), until=1000)
    assert shelf.disagreement("A1") is None


def test_an_empty_can_put_back_is_packaging() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.tell(shelf.take(0, "A1", "cola"), payment(10, "cola"), until=300)
    shelf.tell(shelf.change(900, "A1", 14.0), until=1300)
    found = shelf.disagreement("A1")
    assert found is not None
    assert found["reason"] == "packaging_returned"


def test_a_thing_that_is_no_product_taken_away_is_told_as_such() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.tell(shelf.change(0, "A1", -120.0), until=400)
    found = shelf.disagreement("A1")
    assert found is not None
    assert found["reason"] == "foreign_taken"


def test_a_zero_that_wanders_on_all_plates_is_drift() -> None:
    shelf = Shelf(A1={"cola": 6}, A2={"nuts": 9}, A3={"gum": 20})
    for hour in range(1, 9):
        for plate in shelf.grams:
            shelf.drift(plate, 3.0)
        shelf.look(hour * HOUR)
    found = shelf.disagreement("A1")
    assert found is not None
    assert found["reason"] == "drift"
    assert "as other plates do" in found["explanation"]


def test_a_little_drift_is_nothing_to_tell() -> None:
    shelf = Shelf(A1={"cola": 6}, A3={"gum": 20})
    told = len(shelf.scene.of("stock"))
    for hour in range(1, 13):
        shelf.drift("A1", 0.3)
        shelf.drift("A3", -0.2)
        shelf.look(hour * HOUR)
    assert len(shelf.scene.of("stock")) == told


def test_a_tare_ends_a_drift() -> None:
    shelf = Shelf(A1={"cola": 6})
    for hour in range(1, 9):
        shelf.drift("A1", 4.0)
        shelf.look(hour * HOUR)
    assert shelf.disagreement("A1") is not None
    shelf.drift("A1", -32.0)
    shelf.look(9 * HOUR, A1=True)
    assert shelf.disagreement("A1") is None


def test_a_change_that_a_payment_may_still_explain_is_waited_for() -> None:
    shelf = Shelf(B1={})
    shelf.tell(CountFact(START, "B1", {}), until=1)
    shelf.tell(
        shelf.change(10, "B1", 2 * 346.0 + 2 * 347.0),
        CountFact(START + 100, "B1", {"cola": 2, "zero": 2}),
        until=400,
    )
    told = len(shelf.scene.of("stock"))
    shelf.tell(shelf.change(500, "B1", -346.4), until=560)
    assert len(shelf.scene.of("stock")) == told
    shelf.tell(payment(600, "zero"), until=HOUR)
    assert items(shelf.plate("B1")) == {"cola": 2, "zero": 1}
    assert shelf.disagreement("B1") is None


def test_what_no_payment_explains_is_told_with_both_possibilities() -> None:
    shelf = Shelf(B1={"cola": 2, "zero": 2})
    shelf.tell(CountFact(START, "B1", {"cola": 2, "zero": 2}), until=1)
    shelf.tell(shelf.change(10, "B1", -346.5), until=HOUR)
    found = shelf.disagreement("B1")
    assert found is not None
    assert found["reason"] == "unidentified_change"
    assert "1 × Cola fewer or 1 × Zero fewer" in found["explanation"]


def test_a_disagreement_says_since_when_and_does_not_flap() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.drift("A1", -346.0)
    shelf.look(600)
    since = shelf.plate("A1")["disagreement"]["since"]
    told = len(shelf.scene.of("stock"))
    for hour in range(1, 6):
        shelf.drift("A1", 2.0 if hour % 2 else -2.0)
        shelf.look(hour * HOUR)
    assert len(shelf.scene.of("stock")) == told
    assert shelf.plate("A1")["disagreement"]["since"] == since


def test_nothing_is_compared_while_somebody_stands_at_the_shelf() -> None:
    shelf = Shelf(A1={"cola": 6}, A2={"nuts": 9})
    shelf.tell(shelf.take(600, "A2", "nuts"), until=605)
    shelf.drift("A1", -346.0)
    shelf.look(610)
    assert shelf.disagreement("A1") is None
    shelf.look(660)
    assert shelf.disagreement("A1") is not None


def test_a_person_sets_the_counts_with_an_entry() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.drift("A1", -346.0)
    shelf.look(600)
    shelf.tell(CountFact(START + 700, "A1", {"cola": 5}), until=800)
    plate = shelf.plate("A1")
    assert (items(plate), plate["disagreement"]) == ({"cola": 5}, None)
    assert plate["recounted"]["by"] == "person"
    assert plate["recounted"]["before"] == [{"sku": "cola", "quantity": 6}]


def test_a_plate_tared_with_goods_on_it_agrees_again_once_it_is_tared_empty() -> None:
    shelf = Shelf(A1={"cola": 2}, A2={"nuts": 9})
    shelf.drift("A1", -692.0)
    shelf.look(600, A1=True)
    assert shelf.disagreement("A1") is not None
    shelf.tell(shelf.take(1200, "A1", "cola", 2), until=1300)
    shelf.drift("A1", 692.0)
    shelf.look(1800, A1=True)
    assert shelf.disagreement("A1") is None


def test_a_count_by_hand_that_the_weight_contradicts_is_told() -> None:
    shelf = Shelf(A1={"cola": 10})
    shelf.tell(CountFact(START + 100, "A1", {"cola": 7}), until=200)
    told = shelf.plate("A1")
    assert told["items"] == [{"sku": "cola", "quantity": 7}]
    assert told["disagreement"] is not None
    shelf.tell(CountFact(START + 300, "A1", {"cola": 10}), until=400)
    assert shelf.plate("A1")["disagreement"] is None


def test_a_restock_sets_a_count_that_the_weight_is_sure_of() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.drift("A1", -346.0)
    shelf.look(600)
    lines = (RestockLine("cola", 4, "A1"),)
    shelf.tell(
        RestockFact(START + 1000, "R1", 1, "started", START + 1000, "ann", lines),
        shelf.take(1030, "A1", "cola", -4),
        RestockFact(START + 1060, "R1", 2, "finished", START + 1060, "ann", lines),
        until=HOUR,
    )
    plate = shelf.plate("A1")
    assert (items(plate), plate["disagreement"]) == ({"cola": 9}, None)
    assert (plate["recounted"]["by"], plate["recounted"]["before"]) == (
        "restock",
        [{"sku": "cola", "quantity": 10}],
    )


def test_many_small_differences_add_up_to_a_finding() -> None:
    shelf = Shelf(A1={"cola": 6})
    for day in range(1, 30):
        shelf.drift("A1", 1.9)
        shelf.look(day * DAY)
    found = shelf.disagreement("A1")
    assert found is not None
    assert found["reason"] == "drift"


def test_a_revision_moves_the_ledgers_together() -> None:
    shelf = Shelf(A1={"cola": 6})
    first = shelf.take(0, "A1", "cola")
    shelf.grams["A1"] += 346.0
    second = shelf.change(0, "A1", -692.0, revision=2)
    shelf.tell(first, second, payment(20, "cola", "cola"), until=HOUR)
    assert items(shelf.plate("A1")) == {"cola": 4}
    assert shelf.disagreement("A1") is None


def test_a_restarted_agent_knows_the_same_disagreement() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.drift("A1", -346.0)
    shelf.look(600)
    assert shelf.scene.recalled() == shelf.scene.ledger.state
    assert shelf.scene.recalled().books["A1"].disagreement is not None


def test_goods_that_changed_plates_unobserved_are_no_loss_whichever_is_found_first() -> None:
    for first, second in (("A1", "A2"), ("A2", "A1")):
        shelf = Shelf(A1={"cola": 6}, A2={"nuts": 9})
        moved = {"A1": -346.0, "A2": 346.0}
        shelf.tell(
            shelf.change(10, first, moved[first], unobserved=True),
            shelf.change(14, second, moved[second], unobserved=True),
            until=2 * DAY,
        )
        assert shelf.scene.open_lines() == []
        assert (items(shelf.plate("A1")), items(shelf.plate("A2"))) == (
            {"cola": 5},
            {"cola": 1, "nuts": 9},
        )
        assert shelf.disagreement("A1") is shelf.disagreement("A2") is None


@pytest.mark.parametrize("counts", [{"cola": 3, "zero": 4}, {"cola": 0, "zero": 0}])
def test_a_counted_plate_with_two_products_keeps_both_ledgers(counts: dict[str, int]) -> None:
    shelf = Shelf(B1=counts)
    shelf.tell(CountFact(START, "B1", counts), until=10)
    plate = shelf.plate("B1")
    assert plate["counted"] is True
    assert plate["by_weight"] == [{"sku": s, "quantity": n} for s, n in counts.items() if n]


def test_a_plate_that_was_counted_before_books_were_kept_goes_on() -> None:
    scene = Scene(until=0.0)
    state = scene.ledger.state
    state.stock["A1"], state.levels_g["A1"] = {"cola": 4}, 1384.0
    state.counted.add("A1")
    scene.tell(LevelsFact(START, {"A1": 1384.5}), until=10)
    assert state.stock["A1"] == {"cola": 4}
    assert state.books["A1"].disagreement is None
