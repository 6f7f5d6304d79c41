"""Goods that lie across two plates: both ledgers of both plates go on agreeing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_agent.shelf.facts import ChangeFact, CountFact
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.goods import Goods
from edge_agent.weighing.straddle import Straddles
from tests.shelf.ledgers_scene import HOUR, Shelf
from tests.shelf.scene import START, payment

SHARE_G = 146.0


def across(shelf: Shelf, at: float, sign: int = 1, share_g: float = SHARE_G) -> list[ChangeFact]:
    """A cola is put across A1 and A2 (sign 1) or taken from there (-1), as weighing tells it."""
    parts = [
        shelf.change(at, "A1", sign * (346.0 - share_g)).change,
        shelf.change(at + 0.1, "A2", sign * share_g).change,
    ]
    straddles = Straddles()
    goods = {plate: Goods(((346.0, 2.0),)) for plate in ("A1", "A2")}
    told: list[ChangeFact] = []
    revisions = {part.change_id: 0 for part in parts}
    for part in parts:
        for change in straddles.join([part], goods):
            revisions[change.change_id] += 1
            numbered = replace(change, revision=revisions[change.change_id])
            told.append(ChangeFact(START + at + 0.5 + 0.01 * len(told), numbered))
    return told


def told_of(shelf: Shelf) -> list[object]:
    """Counts, residuals and disagreements of both plates."""
    return [
        (
            {i["sku"]: i["quantity"] for i in shelf.plate(plate)["items"]},
            shelf.plate(plate)["residual_g"],
            shelf.disagreement(plate),
        )
        for plate in ("A1", "A2")
    ]


def stocked() -> Shelf:
    """Four colas on A1, nine nuts on A2."""
    return Shelf(A1={"cola": 4}, A2={"nuts": 9})


def test_a_joined_change_names_the_other_plate_and_its_share() -> None:
    first, second, both = across(stocked(), 0)
    assert (first.change.beside, second.change.withdrawn) == (None, True)
    assert both.change.beside == ("A2", SHARE_G)
    assert both.change.delta_g == pytest.approx(346.0)


def test_goods_put_across_two_plates_are_counted_on_one_and_both_agree() -> None:
    shelf = stocked()
    shelf.tell(*across(shelf, 0), until=HOUR)
    assert told_of(shelf) == [({"cola": 5}, 0.0, None), ({"nuts": 9}, 0.0, None)]


def test_goods_taken_from_across_two_plates_leave_both_agreeing() -> None:
    shelf = stocked()
    shelf.tell(*across(shelf, 0), until=HOUR)
    shelf.tell(*across(shelf, 2 * HOUR, -1), payment(2 * HOUR + 20, "cola"), until=4 * HOUR)
    assert told_of(shelf) == [({"cola": 4}, 0.0, None), ({"nuts": 9}, 0.0, None)]
    book = shelf.scene.ledger.state.books
    assert (book["A1"].lent_g, book["A2"].borne_g) == (0.0, 0.0)


def test_a_count_by_hand_of_goods_across_two_plates_keeps_both_agreeing() -> None:
    shelf = stocked()
    shelf.tell(*across(shelf, 0), CountFact(START + 600, "A1", {"cola": 5}), until=HOUR)
    shelf.tell(CountFact(START + HOUR, "A2", {"nuts": 9}), until=2 * HOUR)
    shelf.tell(*across(shelf, 3 * HOUR, -1), payment(3 * HOUR + 20, "cola"), until=5 * HOUR)
    assert told_of(shelf) == [({"cola": 4}, 0.0, None), ({"nuts": 9}, 0.0, None)]


def test_a_revision_that_parts_them_again_is_followed() -> None:
    shelf = stocked()
    *_, both = across(shelf, 0)
    first, second, _ = across(stocked(), 0)
    a1 = replace(first.change, revision=3)
    a2 = WeightChange(
        second.change.change_id, 2, "A2", START - 0.7, START + 0.1, SHARE_G, 0.1, 866.0
    )
    shelf.tell(first, second, both, ChangeFact(START + 2, a1), ChangeFact(START + 2.1, a2), until=9)
    book = shelf.scene.ledger.state.books
    assert (book["A1"].lent_g, book["A2"].borne_g) == (0.0, 0.0)
    assert book["A1"].drifted_g == pytest.approx(0.0)
    assert book["A2"].drifted_g == pytest.approx(0.0)


def test_a_missing_unit_is_still_found_beside_goods_across_two_plates() -> None:
    shelf = stocked()
    shelf.tell(*across(shelf, 0), until=HOUR)
    shelf.drift("A1", -346.0)
    shelf.look(2 * HOUR)
    found = shelf.disagreement("A1")
    assert found is not None
    assert found["apart"] == [{"sku": "cola", "quantity": -1}]
