"""What a camera saw decides where the weight cannot, and never against what the weight says."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from edge_agent.shelf.facts import ChangeFact, Fact, SightFact
from tests.shelf.scene import START, Scene, change, payment, put, take

SURE, UNLIKE = 200.0, 0.001


def sight(of: ChangeFact, after_s: float = 1.0, **likelihoods: float) -> SightFact:
    """What a picture says of a change, learned a little later."""
    return SightFact(of.at + after_s, of.change.change_id, likelihoods)


def seen(at: float, plate: str, units: int) -> ChangeFact:
    """A change that only a camera saw."""
    fact = change(at, plate, float(units))
    return replace(fact, change=replace(fact.change, by_sight=True, level_g=0.0))


def told(scene: Scene, fact: ChangeFact) -> dict[str, Any]:
    """The last that was told of a change."""
    of_it = [c for c in scene.of("changes") if c["change_id"] == fact.change.change_id]
    return max(of_it, key=lambda c: c["revision"])


def test_a_picture_tells_two_flavours_of_one_weight_apart() -> None:
    taken = change(0, "B1", -346.5)
    alone = Scene(taken, until=60)
    assert told(alone, taken)["kind"] == "unidentified"
    with_picture = Scene(taken, sight(taken, zero=SURE, cola=0.05), until=60)
    change_told = told(with_picture, taken)
    assert change_told["items"] == [{"sku": "zero", "quantity": -1}]
    assert change_told["revision"] == 2


def test_two_flavours_that_a_picture_both_fits_are_told_by_which_it_fits_better() -> None:
    taken = change(0, "B1", -346.5)
    scene = Scene(taken, sight(taken, zero=900_000.0, cola=20_000.0), until=60)
    assert told(scene, taken)["items"] == [{"sku": "zero", "quantity": -1}]


def test_a_picture_does_not_overrule_a_weight_that_fits_nothing_else() -> None:
    taken = take(0, "A2", "nuts")
    scene = Scene(taken, sight(taken, cola=SURE, nuts=0.2), until=60)
    assert told(scene, taken)["items"] == [{"sku": "nuts", "quantity": -1}]


def test_goods_that_no_picture_shows_well_are_still_told_by_their_weight() -> None:
    taken = take(0, "A2", "nuts")
    scene = Scene(taken, sight(taken, nuts=1e-4), until=60)
    assert told(scene, taken)["items"] == [{"sku": "nuts", "quantity": -1}]


def test_a_thing_of_equal_weight_in_the_place_is_a_swap() -> None:
    taken, dummy = take(0, "A2", "nuts"), put(6, "A2", "nuts")
    assert Scene(taken, dummy).open_lines() == []
    scene = Scene(taken, dummy, sight(dummy, nuts=1e-4, cola=1e-4, zero=1e-4, gum=1e-4))
    assert scene.open_lines() == [("swapped", "nuts", 1, 1200)]


def test_goods_put_back_the_other_way_round_are_no_swap() -> None:
    taken, back = take(0, "A2", "nuts"), put(6, "A2", "nuts")
    scene = Scene(taken, back, sight(back, nuts=0.1, cola=0.1, zero=0.1, gum=0.1))
    assert scene.open_lines() == []


def test_a_thing_of_about_the_same_weight_is_a_swap_by_weight_alone() -> None:
    taken, dummy = take(0, "A1", "cola"), change(6, "A1", 346.0 * 1.06)
    assert Scene(taken, dummy).open_lines() == [("swapped", "cola", 1, 350)]


def test_a_much_lighter_package_put_back_leaves_the_goods_unpaid() -> None:
    taken, empty = take(0, "A1", "cola"), change(6, "A1", 40.0)
    assert Scene(taken, empty).open_lines() == [("unpaid", "cola", 1, 350)]


def test_goods_that_were_paid_may_leave_anything_in_their_place() -> None:
    taken, dummy = take(0, "A1", "cola"), change(6, "A1", 346.0 * 1.06)
    assert Scene(taken, dummy, payment(30, "cola")).open_lines() == []


def test_a_swap_that_no_scale_felt_is_told_by_what_was_seen() -> None:
    left, came = seen(0, "A2", -1), seen(0.1, "A2", 1)
    pictures = (sight(left, nuts=SURE), sight(came, nuts=UNLIKE, cola=UNLIKE, zero=UNLIKE))
    scene = Scene(left, came, *pictures)
    assert scene.open_lines() == [("swapped", "nuts", 1, 1200)]
    assert told(scene, left)["delta_g"] is None
    assert told(scene, left)["seen_units"] == -1


def test_goods_that_are_only_seen_are_taken_paid_and_put_back() -> None:
    one, other = seen(0, "A3", -1), seen(100, "A3", -1)
    assert Scene(one).open_lines() == [("unpaid", "gum", 1, 200)]
    assert Scene(one, payment(20, "gum")).open_lines() == []
    assert Scene(one, seen(40, "A3", 1)).open_lines() == []
    assert Scene(one, other, payment(110, "gum")).open_lines() == [("unpaid", "gum", 1, 200)]


def test_what_is_only_seen_leaves_weights_and_their_learning_alone() -> None:
    scene = Scene(seen(0, "A3", -1), payment(20, "gum"))
    assert not scene.ledger.state.learned
    assert "A3" not in scene.ledger.state.levels_g


@pytest.mark.parametrize("seed", range(20))
def test_pictures_in_any_order_end_in_the_same_findings(seed: int) -> None:
    flavour, dummy = change(0, "B1", -346.5), put(606, "A2", "nuts")
    seen_only = seen(1200, "A3", -1)
    facts: list[Fact] = [
        flavour,
        sight(flavour, zero=SURE, cola=0.05),
        take(600, "A2", "nuts"),
        dummy,
        sight(dummy, nuts=1e-4, cola=1e-4, zero=1e-4, gum=1e-4),
        seen_only,
        payment(20, "zero"),
        payment(1220, "gum", name="P2"),
    ]
    shuffled = list(facts)
    random.Random(seed).shuffle(shuffled)
    later = [replace(fact, at=START + 3000.0 + n) for n, fact in enumerate(shuffled)]
    assert Scene(*later).open_lines() == Scene(*facts).open_lines()
    assert Scene(*facts).open_lines() == [("swapped", "nuts", 1, 1200)]


def test_a_picture_is_forgotten_with_its_change() -> None:
    taken = change(0, "B1", -346.5)
    gone = ChangeFact(
        taken.at + 2,
        replace(taken.change, revision=2, withdrawn=True, delta_g=0.0),
    )
    scene = Scene(taken, sight(taken, zero=SURE), gone, take(5 * 86400.0, "A3", "gum"))
    assert scene.open_lines() == [("unpaid", "gum", 1, 200)]
    assert not scene.ledger.state.sights


def exchanged(of: ChangeFact, left: str, came: str) -> SightFact:
    """Pictures that show one product before and another one after a change."""
    before = {sku: 5000.0 if sku == left else UNLIKE for sku in ("cola", "zero", "nuts", "gum")}
    after = {sku: 5000.0 if sku == came else UNLIKE for sku in ("cola", "zero", "nuts", "gum")}
    return SightFact(of.at + 1.0, of.change.change_id, before, after)


def test_goods_exchanged_in_one_movement_are_one_change_and_a_swap() -> None:
    taken, other = change(0, "B1", -347.0), change(4, "A1", 1.0)
    pictures = sight(taken, zero=SURE, cola=0.05), exchanged(other, "cola", "zero")
    scene = Scene(taken, other, *pictures)
    assert told(scene, other)["items"] == [
        {"sku": "cola", "quantity": -1},
        {"sku": "zero", "quantity": 1},
    ]
    assert scene.open_lines() == [("swapped", "cola", 1, 350)]


def test_goods_exchanged_for_others_that_belong_there_too_are_unpaid() -> None:
    taken, other = take(0, "A1", "cola"), change(4, "B1", -1.0)
    scene = Scene(taken, other, exchanged(other, "zero", "cola"))
    assert scene.open_lines() == [("unpaid", "zero", 1, 350)]


def test_an_exchange_is_not_believed_where_the_weights_speak_against_it() -> None:
    other = change(4, "A2", 2.0)
    scene = Scene(take(0, "A1", "cola"), other, exchanged(other, "nuts", "cola"))
    assert ("unpaid", "nuts", 1, 1200) not in scene.open_lines()
    assert told(scene, other)["items"] == []


def test_what_a_picture_shows_not_to_be_what_left_does_not_undo_it() -> None:
    taken, other = take(0, "A1", "cola"), change(5, "A1", 347.2)
    weighed_alike = Scene(taken, other)
    assert weighed_alike.open_lines() == []
    looks = sight(other, cola=0.002, zero=0.3, nuts=0.001, gum=0.001)
    assert Scene(taken, other, looks).open_lines() == [("swapped", "cola", 1, 350)]


@pytest.mark.parametrize(("cola", "taken"), [(5.0, "cola"), (0.2, "zero")])
def test_what_is_paid_on_the_spot_was_taken_unless_that_is_hardly_possible(
    cola: float, taken: str
) -> None:
    removal = change(0, "B1", -346.5)
    scene = Scene(removal, sight(removal, zero=SURE, cola=cola), payment(20, "cola"))
    (visit,) = scene.visits().values()
    assert visit["taken"] == [{"sku": taken, "quantity": 1}]
