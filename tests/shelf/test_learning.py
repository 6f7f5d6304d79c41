"""What units weigh, learned from what was paid and ordered; and what the shelf only suggests."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.facts import CatalogueFact, RestockFact, RestockLine, TaughtFact
from edge_agent.shelf.learning import (
    LEAST_SD,
    MOST_SD,
    Learned,
    as_learned,
    begin,
    learn,
    mean_reach_g,
    suggest,
)
from edge_agent.shelf.payments import Refund, RefundLine
from tests.shelf.ledgers_scene import HOUR
from tests.shelf.ledgers_scene import Shelf as PatientShelf
from tests.shelf.scene import START, payment, put


class Shelf(PatientShelf):
    """One that waits minutes for late payments, so that it learns soon."""

    late_s = 350.0


COLA = Product("cola", "Cola", 346.0, 2.0, 350)
NUTS = Product("nuts", "Nuts", 80.0, 2.0, 1200)


def started(product: Product = COLA) -> Learned:
    """The catalogue's word on a product."""
    known = begin(product)
    assert known is not None
    return known


def learned_from(weights: list[float], known: Learned) -> Learned:
    """What is known after single units of these weights."""
    for weight_g in weights:
        known = learn(known, weight_g, 1, 0.1) or known
    return known


def test_the_mean_and_the_spread_are_found() -> None:
    chance = random.Random(3)
    known = learned_from([chance.gauss(348.0, 1.0) for _ in range(150)], started())
    assert known.weight_g == pytest.approx(348.0, abs=0.3)
    assert known.sd_g == pytest.approx(1.0, rel=0.3)
    assert known.units == 150


def test_a_few_units_move_the_catalogue_a_little() -> None:
    known = learned_from([349.0], started())
    assert 346.0 < known.weight_g < 347.0


def test_one_wrong_unit_teaches_nothing() -> None:
    known = learned_from([346.2, 345.5, 346.9], started())
    assert learn(known, 371.0, 1, 0.1) is None


def test_several_units_at_once_teach_their_mean() -> None:
    known = learn(started(), 10 * 348.0, 10, 0.3)
    assert known is not None
    assert known.weight_g == pytest.approx(346 + 2 * 10 / 14, abs=0.01)
    assert known.units == 10


def test_learning_stays_within_its_bounds() -> None:
    weights = [346.0 + 0.2 * n for n in range(400)]
    known = learned_from(weights, started())
    assert known.weight_g == 346.0 + mean_reach_g(346.0, 2.0)
    calm = learned_from([346.0] * 400, started())
    assert calm.sd_g == LEAST_SD * 2.0
    wild = replace(calm, scatter=1e6)
    assert wild.sd_g == MOST_SD * 2.0


def test_the_scales_own_error_is_not_taken_for_the_goods() -> None:
    chance = random.Random(5)
    known = started(replace(COLA, weight_sd_g=3.0))
    for _ in range(200):
        known = learn(known, 346.0 + chance.gauss(0.0, 2.0), 1, 2.0) or known
    assert known.sd_g < 1.5


def test_old_units_fade_when_the_line_changes() -> None:
    known = learned_from([344.0] * 400 + [348.0] * 400, started())
    assert known.weight_g == pytest.approx(348.0, abs=0.6)


def test_what_was_learned_of_other_figures_is_not_used() -> None:
    known = learned_from([348.0] * 50, started())
    assert as_learned(COLA, known).weight_g == pytest.approx(347.85, abs=0.05)
    assert as_learned(replace(COLA, weight_g=330.0), known).weight_g == 330.0


def test_units_of_a_new_size_are_suggested_once_there_are_three() -> None:
    assert suggest([316.2, 315.1], COLA) is None
    found = suggest([316.2, 315.1, 315.8], COLA)
    assert found is not None
    assert found.weight_g == pytest.approx(315.7, abs=0.1)
    assert 0.5 < found.sd_g < 3.0


def test_odd_units_that_do_not_weigh_alike_suggest_nothing() -> None:
    assert suggest([316.0, 250.0, 400.0, 290.0], COLA) is None


def sell(shelf: Shelf, at: float, grams: float, number: int, *skus: str, plate: str = "A1") -> None:
    """Something leaves, and is paid as these products within the minute."""
    shelf.tell(
        shelf.change(at, plate, -grams),
        payment(at + 20, *skus, name=f"P{number}"),
        until=at + 400,
    )


def learned(shelf: Shelf, sku: str) -> Learned | None:
    """What the shelf knows of a product beyond its catalogue."""
    return shelf.scene.ledger.state.learned.get(sku)


def test_paid_units_teach_their_weight() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n, grams in enumerate((347.4, 348.2, 347.0, 348.8)):
        sell(shelf, n * HOUR, grams, n, "cola")
    known = learned(shelf, "cola")
    assert known is not None
    assert known.units == 4
    assert 346.5 < known.weight_g < 347.9
    (told,) = (p for p in shelf.scene.of("stock")[-1]["products"] if p["sku"] == "cola")
    assert (told["weight_g"], told["units"]) == (346.0, 3)


def test_unpaid_units_teach_nothing() -> None:
    shelf = Shelf(A1={"cola": 10})
    shelf.tell(shelf.change(0, "A1", -347.0), until=2 * HOUR)
    assert learned(shelf, "cola") is None


def test_units_that_were_refunded_as_returned_teach_nothing() -> None:
    shelf = Shelf(A1={"cola": 10})
    refund = Refund("R1", START + 15, 350, "returned", (RefundLine("cola", 1),))
    shelf.tell(
        shelf.change(0, "A1", -347.0),
        payment(10, "cola", state="refunded", refunds=[refund]),
        until=HOUR,
    )
    assert learned(shelf, "cola") is None


def test_a_unit_teaches_once_however_often_it_is_reckoned() -> None:
    shelf = Shelf(A1={"cola": 10})
    sell(shelf, 0, 347.0, 1, "cola")
    sell(shelf, HOUR, 80.0, 2, "nuts")
    shelf.tell(until=5 * HOUR)
    known = learned(shelf, "cola")
    assert known is not None
    assert known.units == 1


def test_a_restock_that_came_as_ordered_teaches() -> None:
    lines = (RestockLine("cola", 6, "A1"),)
    shelf = Shelf(A1={"cola": 2})
    shelf.tell(
        RestockFact(START, "R1", 1, "started", START, "ann", lines),
        shelf.change(30, "A1", 6 * 347.0),
        RestockFact(START + 60, "R1", 2, "finished", START + 60, "ann", lines),
        until=HOUR,
    )
    known = learned(shelf, "cola")
    assert known is not None
    assert known.units == 6
    assert known.weight_g > 346.4


def test_what_was_learned_is_used_to_identify() -> None:
    shelf = Shelf(A1={"cola": 20}, B1={"cola": 3, "zero": 3})
    shelf.tell(shelf.change(0, "B1", -349.3), until=600)
    assert shelf.scene.of("changes")[-1]["alternatives"][0]["items"][0]["sku"] == "zero"
    for n in range(1, 15):
        sell(shelf, n * HOUR, 349.0 + 0.2 * (n % 3), n, "cola")
    shelf.tell(shelf.change(20 * HOUR, "B1", -349.3), until=21 * HOUR)
    assert shelf.scene.of("changes")[-1]["alternatives"][0]["items"][0]["sku"] == "cola"


def test_units_of_another_weight_that_were_accepted_suggest_a_new_size() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n, grams in enumerate((332.0, 331.4, 332.5)):
        sell(shelf, n * HOUR, grams, n, "cola")
    assert suggested(shelf) == {"cola": pytest.approx(332.0, abs=0.2)}
    assert learned(shelf, "cola") is None


def test_the_history_is_kept_and_a_new_catalogue_begins_anew() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n in range(3):
        sell(shelf, n * HOUR, 347.5, n, "cola")
    fact = CatalogueFact(
        START + 4 * HOUR, 7, (replace(COLA, weight_g=330.0), NUTS), {"A1": ("cola",)}
    )
    shelf.tell(fact, until=5 * HOUR)
    assert learned(shelf, "cola") is None
    history = shelf.scene.store.views.lessons("cola")
    assert [lesson["reason"] for lesson in history][-1] == "catalogue"
    assert [lesson["units"] for lesson in history] == sorted(x["units"] for x in history)
    assert {o.topic for o in shelf.scene.outputs} >= {"lessons"}
    assert not [m for m in shelf.scene.store.outbox.due(math.inf, 1000) if m.topic == "lessons"]


def test_a_catalogue_with_other_prices_forgets_nothing() -> None:
    shelf = Shelf(A1={"cola": 10})
    sell(shelf, 0, 347.5, 1, "cola")
    shelf.tell(
        CatalogueFact(START + HOUR, 7, (replace(COLA, price=400), NUTS), {"A1": ("cola",)}),
        until=2 * HOUR,
    )
    assert learned(shelf, "cola") is not None


def test_what_was_learned_can_be_forgotten() -> None:
    shelf = Shelf(A1={"cola": 10})
    sell(shelf, 0, 347.5, 1, "cola")
    shelf.tell(TaughtFact(START + HOUR, "cola", None), until=2 * HOUR)
    assert learned(shelf, "cola") is None
    assert shelf.scene.store.views.lessons("cola")[-1]["reason"] == "reset"


def suggested(shelf: Shelf) -> dict[str, float]:
    """The new unit weights that the last `stock` message suggests, by SKU."""
    products = shelf.scene.of("stock")[-1].get("products", [])
    return {p["sku"]: p["suggested"]["weight_g"] for p in products if "suggested" in p}


def test_a_new_package_size_is_noticed_and_not_used() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n, grams in enumerate((316.0, 317.2, 315.5)):
        sell(shelf, n * HOUR, grams, n, "cola")
    assert suggested(shelf) == {"cola": pytest.approx(316.2, abs=0.1)}
    assert shelf.scene.ledger.state.catalogue.products["cola"].weight_g == 346.0
    sell(shelf, 5 * HOUR, 316.0, 9, "cola")
    assert shelf.scene.of("changes")[-1]["kind"] == "unidentified"


def test_usual_units_end_a_suggestion() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n, grams in enumerate((316.0, 317.2, 315.5)):
        sell(shelf, n * HOUR, grams, n, "cola")
    sell(shelf, 4 * HOUR, 346.3, 7, "cola")
    assert suggested(shelf) == {}


def test_a_mug_that_comes_and_goes_is_no_new_size() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n in range(4):
        shelf.tell(
            shelf.change(n * HOUR, "A1", 320.0),
            shelf.change(n * HOUR + 300, "A1", -320.0),
            until=n * HOUR + 900,
        )
    assert suggested(shelf) == {}


def test_a_product_taught_by_hand_is_used_at_once() -> None:
    shelf = Shelf(A2={"nuts": 9})
    dates = Product("dates", "Dates", 120.0, 1.0, 990)
    shelf.tell(TaughtFact(START, "dates", dates, "A2"), until=10)
    shelf.tell(put(100, "A2", "nuts"), until=200)
    shelf.tell(shelf.change(300, "A2", -120.3), until=400)
    assert shelf.scene.of("changes")[-1]["items"] == [{"sku": "dates", "quantity": -1}]


def test_teaching_says_what_a_unit_weighs_and_nothing_of_its_price() -> None:
    shelf = Shelf(A2={"nuts": 9})
    shelf.tell(
        TaughtFact(START, "nuts", Product("nuts", "Old name", 120.0, 1.0, 1), "A2"), until=10
    )
    product = shelf.scene.ledger.state.catalogue.products["nuts"]
    assert (product.name, product.price, product.weight_g) == ("Nuts", 1200, 120.0)


def test_a_restarted_agent_has_learned_the_same() -> None:
    shelf = Shelf(A1={"cola": 10})
    for n in range(3):
        sell(shelf, n * HOUR, 347.5, n, "cola")
    state = shelf.scene.ledger.state
    assert shelf.scene.recalled().learned == state.learned != {}
