"""Barcodes held before a camera: which product each is, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.state import Output
from edge_agent.times import rfc3339

# GTIN-8, -12 (UPC-A), -13 (EAN-13) and -14 are one numbering: leading zeros make no other product.
_GTIN_LENGTHS = (8, 12, 13, 14)


@dataclass(frozen=True, slots=True)
class Scan:
    """A code that was held before `camera`, read for sure at `seen_at` (Unix seconds).

    `code` is its text; `format` is EAN-13 (UPC-A with them, with a leading 0), EAN-8, UPC-E or QR.
    """

    scan_id: str
    camera: str
    seen_at: float
    code: str
    format: str


def scan_output(scan: Scan, catalogue: Catalogue) -> Output:
    """Tell a scan on `scans`, with the product that it is, or that it is not in the catalogue."""
    product = product_of_code(scan.code, scan.format, catalogue)
    payload = {
        "scan_id": scan.scan_id,
        "code": scan.code,
        "format": scan.format,
        "sku": product.sku if product else None,
        "name": product.name if product else None,
        "in_catalogue": product is not None,
        "camera": scan.camera,
        "seen_at": rfc3339(scan.seen_at),
    }
    return Output("scans", "shelf.scan", scan.scan_id, scan.seen_at, payload)


def product_of_code(code: str, code_format: str, catalogue: Catalogue) -> Product | None:
    """The product whose SKU a code is: to the letter, else as the same number in another length.

    An UPC-E is the UPC-A that it abbreviates. A QR code is a product only to the letter.
    """
    product = catalogue.products.get(code)
    if product is not None or code_format == "QR":
        return product
    number = _gtin(upc_e_in_full(code) if code_format == "UPC-E" else code)
    same = (p for sku, p in sorted(catalogue.products.items()) if _gtin(sku) == number)
    return None if number is None else next(same, None)


def _gtin(sku: str) -> str | None:
    """A trade item number in fourteen digits; None for an operator's own code."""
    is_number = sku.isascii() and sku.isdecimal() and len(sku) in _GTIN_LENGTHS
    return sku.zfill(14) if is_number else None


def upc_e_in_full(digits: str) -> str:
    """The EAN-13 that an UPC-E of eight digits abbreviates (GS1 General Specifications, 5.2.2.4.2).

    The first digit is the number system, the last the check digit of the whole.
    """
    system, six, check = digits[0], digits[1:7], digits[7]
    last = six[5]
    if last in "012":
        middle = f"{six[:2]}{last}0000{six[2:5]}"
    elif last == "3":
        middle = f"{six[:3]}00000{six[3:5]}"
    elif last == "4":
        middle = f"{six[:4]}00000{six[4]}"
    else:
        middle = f"{six[:5]}0000{last}"
    return f"0{system}{middle}{check}"
