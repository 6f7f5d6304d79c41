"""What was sold when, in whatever order it became known."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

from edge_agent.shelf.assortment import Assortment, PriceChange, file_settings
from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.facts import CatalogueFact, PriceFact
from tests.shelf.scene import START, Scene, take


def catalogue(version: int, price: int, *plates: str) -> Catalogue:
    """One product at a price, on some plates."""
    cola = Product("cola", "Cola", 346.0, 2.0, price)
    return Catalogue(version, {"cola": cola}, dict.fromkeys(plates or ("A1",), ("cola",)))


def test_each_time_has_its_price_in_whatever_order_it_was_told() -> None:
    told: list[Callable[[Assortment], object]] = [
        lambda a: a.add(catalogue(1, 400), 100.0),
        lambda a: a.add(catalogue(2, 500), 300.0),
        lambda a: a.set_price(PriceChange(200.0, "cola", 450)),
        lambda a: a.set_price(PriceChange(400.0, "cola", 550)),
    ]
    for order in permutations(told):
        assortment = Assortment()
        assortment.add(catalogue(0, 350), 0.0)
        for tell in order:
            tell(assortment)
        prices = [assortment.at(t).price("cola") for t in (50.0, 150.0, 250.0, 350.0, 450.0)]
        assert prices == [350, 400, 450, 500, 550]


def test_what_is_forgotten_leaves_later_prices_alone() -> None:
    assortment = Assortment()
    assortment.add(catalogue(0, 350), 0.0)
    for at, price in ((100.0, 400), (200.0, 450), (300.0, 500)):
        assortment.set_price(PriceChange(at, "cola", price))
    assortment.forget(250.0)
    assert [assortment.at(t).price("cola") for t in (260.0, 310.0)] == [450, 500]
    assert len(assortment.price_changes) == 2


def test_a_price_edited_in_the_settings_outdoes_one_that_was_set() -> None:
    assortment = Assortment()
    assortment.add(catalogue(0, 350), 0.0)
    assortment.set_price(PriceChange(100.0, "cola", 400))
    file_settings(assortment, catalogue(0, 350))
    assert assortment.newest().price("cola") == 400
    file_settings(assortment, catalogue(0, 380))
    assert assortment.newest().price("cola") == 380


def test_a_plate_that_is_new_in_the_settings_joins_the_clouds_catalogue() -> None:
    assortment = Assortment()
    assortment.add(catalogue(0, 350), 0.0)
    assortment.add(catalogue(3, 400), 10.0)
    file_settings(assortment, catalogue(0, 350, "A1", "A9"))
    assert assortment.newest().plates == {"A1": ("cola",), "A9": ("cola",)}
    assert assortment.newest().price("cola") == 400


def test_goods_cost_what_they_did_when_they_were_taken() -> None:
    scene = Scene(
        take(0, "A1", "cola"),
        PriceFact(START + 60, "cola", 500, START + 60),
        take(120, "A1", "cola"),
        until=3600,
    )
    assert scene.open_lines() == [("unpaid", "cola", 1, 350), ("unpaid", "cola", 1, 500)]


def test_a_price_told_late_counts_from_its_own_time() -> None:
    cola = Product("cola", "Cola", 346.0, 2.0, 500)
    late = CatalogueFact(START + 900, 1, (cola,), {"A1": ("cola",)}, told_at=START + 60)
    scene = Scene(take(0, "A1", "cola"), take(120, "A1", "cola"), late, until=3600)
    assert scene.open_lines() == [("unpaid", "cola", 1, 350), ("unpaid", "cola", 1, 500)]
