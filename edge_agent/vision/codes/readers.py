"""The two barcode readers, zxing-cpp and zbar, asked alike: a picture in, readings out.

Both are C++ libraries with Python faces that differ in names and in how they fail; what is
theirs to know (names of formats, errors, code pages) ends here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge_agent.errors import EdgeAgentError
from edge_agent.shelf.scans import upc_e_in_full
from edge_agent.vision.codes.bar_regions import Gray
from edge_agent.vision.codes.bar_symbols import has_valid_check_digit

Format = Literal["EAN-13", "EAN-8", "UPC-E", "QR"]
Corners = tuple[tuple[float, float], ...]
"""Four points (x, y) in pixels, around the code."""

ZXING, ZBAR = "zxing", "zbar"

_FORMATS: dict[str, Format] = {
    "ean13": "EAN-13",
    "upca": "EAN-13",
    "ean8": "EAN-8",
    "upce": "UPC-E",
    "qrcode": "QR",
}
_DIGITS = {"EAN-13": 13, "EAN-8": 8, "UPC-E": 8}


class BarcodeReaderMissing(EdgeAgentError, ImportError):
    """A barcode reader is not installed; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader says that it saw: valid by its check digit, right or not."""

    text: str
    format: Format
    corners: Corners
    reader: str


def read_with_zxing(gray: Gray) -> list[Reading]:
    """All codes that zxing-cpp reads. Raises BarcodeReaderMissing where it is not installed."""
    try:
        import zxingcpp
    except ImportError as error:
        raise BarcodeReaderMissing(
            "Barcodes need zxing-cpp, which is not installed here. Run `pip install zxing-cpp`."
        ) from error
    results = zxingcpp.read_barcodes(
        gray,
        formats=zxingcpp.barcode_formats_from_str("EAN13,EAN8,UPCA,UPCE,QRCode"),
        text_mode=zxingcpp.TextMode.Plain,
    )
    found = []
    for result in results:
        place = result.position
        points = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        corners = tuple((float(p.x), float(p.y)) for p in points)
        found.append(_reading(result.text, result.format.name, corners, ZXING))
    return [reading for reading in found if reading is not None]


def read_with_zbar(gray: Gray) -> list[Reading]:
    """All codes that zbar reads. Raises BarcodeReaderMissing where pyzbar or libzbar is missing."""
    try:
        from pyzbar import pyzbar
    except ImportError as error:
        raise BarcodeReaderMissing(
            "Barcodes need zbar, which is not installed here. Run `sudo apt install libzbar0` and "
            "`pip install pyzbar`."
        ) from error
    kinds = pyzbar.ZBarSymbol
    symbols = [kinds.EAN13, kinds.EAN8, kinds.UPCA, kinds.UPCE, kinds.QRCODE]
    try:
        results = pyzbar.decode(gray, symbols=symbols)
    except ValueError:
        # pyzbar cannot name what libzbar found (a symbology newer than itself): none of ours.
        return []
    found = []
    for result in results:
        corners = _four_corners([(float(p.x), float(p.y)) for p in result.polygon])
        found.append(_reading(result.data.decode("utf-8", "replace"), result.type, corners, ZBAR))
    return [reading for reading in found if reading is not None]


def _reading(text: str, name: str, corners: Corners, reader: str) -> Reading | None:
    """A reading in our words; None where it is not ours to read or its check digit is wrong.

    An UPC-A is told as what it is, an EAN-13 that begins with 0.
    """
    code_format = _FORMATS.get("".join(c for c in name.lower() if c.isalnum()))
    if code_format is None or not text:
        return None
    if code_format == "QR":
        return Reading(text, code_format, corners, reader)
    if code_format == "EAN-13" and len(text) == 12:
        text = f"0{text}"
    if len(text) != _DIGITS[code_format]:
        return None
    whole = upc_e_in_full(text) if code_format == "UPC-E" and text.isdecimal() else text
    return Reading(text, code_format, corners, reader) if has_valid_check_digit(whole) else None


def _four_corners(points: Sequence[tuple[float, float]]) -> Corners:
    """Four corners of an outline of any number of points: as they are, or of the box around."""
    if len(points) == 4:
        return tuple(points)
    xs, ys = [p[0] for p in points] or [0.0], [p[1] for p in points] or [0.0]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return ((left, top), (right, top), (right, bottom), (left, bottom))
