"""The units that scales print, in grams. Pure.

Factors are the exact definitions of the international yard and pound agreement (lb, oz, ozt, dwt,
GN), the metric carat, the Japanese momme and the Indian tola of 180 grains.
"""

from __future__ import annotations

_POUND_G = 453.59237
_GRAIN_G = _POUND_G / 7000

GRAMS = {
    "ug": 1e-6,
    "mg": 1e-3,
    "g": 1.0,
    "kg": 1e3,
    "ct": 0.2,
    "mom": 3.75,
    "gn": _GRAIN_G,
    "dwt": 24 * _GRAIN_G,
    "oz": _POUND_G / 16,
    "ozt": 480 * _GRAIN_G,
    "lb": _POUND_G,
}
"""Grams in one unit, by the unit in lower case. `t` is not here: CAS means tonnes, A&D tolas."""

TONNE_G = 1e6
TOLA_G = 180 * _GRAIN_G

NOT_GRAMS = {
    "pc": "pieces",
    "pcs": "pieces",
    "%": "per cent",
    "n": "newtons",
    "ds": "density",
    "tl": "taels, which weigh differently from place to place",
}
"""What else scales print, and what it is."""


def value_of(digits: str) -> float:
    """Read a number as scales print it: signs may stand apart, the point may be a comma."""
    return float(digits.replace(" ", "").replace(",", "."))
