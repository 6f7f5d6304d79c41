"""The demonstration shop is a valid shelf whose goods weight can mostly tell apart."""

from __future__ import annotations

import itertools
import math
import tomllib

from edge_agent.settings import Settings
from edge_agent.simulation.shop import demo_settings, ean13, initial_stock, settings_toml


def test_the_toml_of_the_settings_reads_back_as_the_same_settings() -> None:
    settings = demo_settings("office-7")
    assert Settings.model_validate(tomllib.loads(settings_toml(settings))) == settings
    assert settings.shelf_id == "office-7"


def test_the_shop_has_twelve_plates_with_one_to_three_products_each() -> None:
    settings = demo_settings()
    assert [plate.id for plate in settings.plate] == [f"{r}{n}" for r in "ABC" for n in range(1, 5)]
    assert all(1 <= len(plate.products) <= 3 for plate in settings.plate)
    assert {plate.channel for plate in settings.plate} == set(range(12))
    settings.check_hardware()


def test_every_code_is_an_ean_13_of_a_chinese_member() -> None:
    assert ean13("690102807583") == "6901028075831"
    for product in demo_settings().product:
        assert product.sku.startswith("69")
        assert ean13(product.sku[:12]) == product.sku


def test_full_plates_stay_below_their_capacity_with_room_for_a_hand() -> None:
    settings = demo_settings()
    weight_g = {product.sku: product.weight_g or math.inf for product in settings.product}
    stock = initial_stock(settings)
    for plate in settings.plate:
        assert sum(stock[plate.id, sku] * weight_g[sku] for sku in plate.products) <= 4300.0
        assert all(stock[plate.id, sku] >= 5 for sku in plate.products)


def test_only_two_plates_hold_goods_of_nearly_one_weight() -> None:
    settings = demo_settings()
    products = {product.sku: product for product in settings.product}
    close = set()
    for plate in settings.plate:
        sums = [
            (
                sum(products[s].weight_g or 0 for s in c),
                sum(products[s].weight_sd_g ** 2 for s in c),
            )
            for n in (1, 2, 3)
            for c in itertools.combinations_with_replacement(plate.products, n)
        ]
        for (a_g, a_var), (b_g, b_var) in itertools.combinations(sums, 2):
            if abs(a_g - b_g) < 4.65 * math.sqrt(max(a_var, b_var)):
                close.add(plate.id)
    assert close == {"A3", "C3"}
