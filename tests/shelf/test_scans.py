"""What is told of a barcode that was held before a camera."""

from __future__ import annotations

import pytest

from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.scans import Scan, product_of_code, scan_output

SODA = Product("6901028075831", "Soda 330 ml", 346.0, 2.0, 350)
CRISPS = Product("890444000335", "Crisps", 60.0, 2.0, 500)
OWN = Product("water", "Water", 520.0, 2.0, 200)
CATALOGUE = Catalogue(1, {p.sku: p for p in (SODA, CRISPS, OWN)}, {})


def scan(code: str, code_format: str = "EAN-13") -> Scan:
    return Scan("front-1000400-1", "front", 1_767_225_600.5, code, code_format)


def test_a_scan_is_told_with_its_product() -> None:
    output = scan_output(scan("6901028075831"), CATALOGUE)
    assert (output.topic, output.type, output.key) == ("scans", "shelf.scan", "front-1000400-1")
    assert output.at == 1_767_225_600.5
    assert not output.retain
    assert output.payload == {
        "scan_id": "front-1000400-1",
        "code": "6901028075831",
        "format": "EAN-13",
        "sku": "6901028075831",
        "name": "Soda 330 ml",
        "in_catalogue": True,
        "camera": "front",
        "seen_at": "2026-01-01T00:00:00.500Z",
    }


def test_a_product_that_is_not_in_the_catalogue_is_said_to_be_so() -> None:
    told = scan_output(scan("4006381333931"), CATALOGUE).payload
    assert (told["sku"], told["name"], told["in_catalogue"]) == (None, None, False)
    assert told["code"] == "4006381333931"


@pytest.mark.parametrize(
    ("code", "code_format", "product"),
    [
        ("0890444000335", "EAN-13", CRISPS),
        ("890444000335", "EAN-13", CRISPS),
        ("6901028075831", "EAN-13", SODA),
        ("water", "QR", OWN),
        ("06901028075831", "EAN-13", SODA),
        ("06901028075831", "QR", None),
        ("https://pay.example/7", "QR", None),
        ("Water", "QR", None),
    ],
)
def test_leading_zeros_make_no_other_product(
    code: str, code_format: str, product: Product | None
) -> None:
    assert product_of_code(code, code_format, CATALOGUE) == product


def test_an_upc_e_is_the_product_whose_upc_a_it_abbreviates() -> None:
    gum = Product("042100005264", "Gum", 20.0, 1.0, 100)
    catalogue = Catalogue(1, {gum.sku: gum}, {})
    assert product_of_code("04252614", "UPC-E", catalogue) == gum


def test_an_operators_own_number_is_not_taken_for_a_trade_item_number() -> None:
    shelf_number = Product("75831", "Shelf 75831", None, 2.0, 0)
    catalogue = Catalogue(1, {shelf_number.sku: shelf_number}, {})
    assert product_of_code("0000000075831", "EAN-13", catalogue) is None
    assert product_of_code("75831", "QR", catalogue) == shelf_number
