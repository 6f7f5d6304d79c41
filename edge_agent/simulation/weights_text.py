"""The text of `weights.csv`, fast: numbers looked up in tables of eight bytes each.

A day of 12 plates at 80 samples/s is 83 million fields; a Python format a field takes minutes,
a table and one pass that drops the unused bytes takes seconds.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

# What fits a comma and seven characters: centigrams below ten kilograms, decigrams above.
LOWEST_CENTIGRAMS = -99_999
HIGHEST_CENTIGRAMS = 999_999
HIGHEST_DECIGRAMS = 999_999
TICKS_PER_S = 10_000


@cache
def _fields() -> NDArray[np.uint64]:
    """`,12.34` as eight bytes, from the lowest centigrams up; the last one is an empty field."""
    values = np.arange(LOWEST_CENTIGRAMS, HIGHEST_CENTIGRAMS + 1)
    size = np.abs(values)
    text = np.zeros((values.size + 1, 8), dtype=np.uint8)
    text[:, 0] = ord(",")
    text[:-1, 1] = np.where(values < 0, ord("-"), 0)
    for place, power in ((2, 100_000), (3, 10_000), (4, 1_000), (5, 100)):
        digit = ord("0") + size // power % 10
        shown = (size >= power) | (power == 100)
        # The sign and four digits before the point never come together: they share a byte.
        column = place - 1
        digits = np.where(shown, digit, 0).astype(np.uint8)
        text[:-1, column] = np.where(shown, digits, text[:-1, column])
    text[:-1, 5] = ord(".")
    text[:-1, 6] = ord("0") + size // 10 % 10
    text[:-1, 7] = ord("0") + size % 10
    return text.view(np.uint64).ravel()


@cache
def _heavy_fields() -> NDArray[np.uint64]:
    """`,12345.6` as eight bytes, from ten kilograms up in decigrams."""
    values = np.arange(HIGHEST_DECIGRAMS // 10 + 1, HIGHEST_DECIGRAMS + 1)
    text = np.empty((values.size, 8), dtype=np.uint8)
    text[:, 0], text[:, 6] = ord(","), ord(".")
    for column, power in ((1, 100_000), (2, 10_000), (3, 1_000), (4, 100), (5, 10), (7, 1)):
        text[:, column] = ord("0") + values // power % 10
    return text.view(np.uint64).ravel()


@cache
def _fours() -> NDArray[np.uint32]:
    """`0000` to `9999` as four bytes each."""
    text = np.array([f"{n:04d}".encode() for n in range(10_000)], dtype="S4")
    return text.view(np.uint32)


@cache
def _threes(first: str, last: str) -> NDArray[np.uint32]:
    """`000` to `999` between two characters, one of which is empty."""
    text = np.array([f"{first}{n:03d}{last}".encode() for n in range(1_000)], dtype="S4")
    return text.view(np.uint32)


def header(plates: list[str]) -> bytes:
    """The first line, without its end."""
    return ",".join(["time", *plates]).encode()


def rows(ticks: NDArray[np.int64], grams: NDArray[np.float32]) -> bytes:
    """One line a sample, each begun with a line feed: the text after it is still to be ended.

    `ticks` (n,) are Unix times in 0.1 ms; `grams` (n, plates), NaN where there is no sample.
    Grams are told to 0.01, from ten kilograms up to 0.1, and held within -999.99 to 99999.9.
    """
    samples, plates = grams.shape
    words = np.empty((samples, 2 + plates), dtype=np.uint64)
    seconds, fraction = np.divmod(ticks, TICKS_PER_S)
    clock = words[:, :2].view(np.uint32)
    clock[:, 0] = _threes("\n", "")[seconds // 10_000_000]
    clock[:, 1] = _fours()[seconds // 1_000 % 10_000]
    clock[:, 2] = _threes("", ".")[seconds % 1_000]
    clock[:, 3] = _fours()[fraction]
    for plate in range(plates):
        words[:, 2 + plate] = _words(grams[:, plate].astype(np.float64))
    return words.tobytes().translate(None, delete=b"\0")


def _words(grams: NDArray[np.float64]) -> NDArray[np.uint64]:
    table = _fields()
    centigrams = np.rint(grams * 100.0)
    places = np.clip(centigrams, LOWEST_CENTIGRAMS, HIGHEST_CENTIGRAMS) - LOWEST_CENTIGRAMS
    places = np.where(np.isnan(places), table.size - 1, places)
    words = table[places.astype(np.intp)]
    heavy = centigrams > HIGHEST_CENTIGRAMS
    if heavy.any():
        heavy_table = _heavy_fields()
        decigrams = np.rint(grams[heavy] * 10.0).astype(np.intp)
        lowest = HIGHEST_DECIGRAMS // 10 + 1
        words[heavy] = heavy_table[np.clip(decigrams - lowest, 0, heavy_table.size - 1)]
    return words
