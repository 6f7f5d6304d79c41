"""How a product looks, decided by its SKU and name alone: shape, size, colours, words."""

from __future__ import annotations

import colorsys
import re
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge_agent.settings import ProductSettings

Shape = Literal["can", "bottle", "carton", "bag", "cup", "box"]
Colour = tuple[int, int, int]
"""Blue, green, red."""

FLAVOUR_MARK = ", "
"""What stands in a name before the flavour: flavours share all but colour and a word."""

# Words in names that tell the packing; the first that is found counts.
_SHAPES: tuple[tuple[str, Shape], ...] = (
    ("bottle", "bottle"), ("water", "bottle"), ("carton", "carton"), ("congee", "can"),
    ("cup", "cup"), ("yoghurt", "cup"), ("crisps", "bag"), ("nuts", "bag"), ("seeds", "bag"),
    ("jerky", "bag"), ("mango", "bag"), ("plums", "bag"), ("bread", "bag"), ("roll", "bag"),
    ("wafer", "bag"), ("bar", "bag"), ("biscuits", "box"), ("gum", "box"), ("drops", "box"),
    ("can", "can"),
)  # fmt: skip
# Grams, width and height in millimetres of one that is known; others are as much larger.
_SIZES: dict[Shape, tuple[float, float, float]] = {
    "can": (346.0, 66.0, 116.0),
    "bottle": (571.0, 66.0, 186.0),
    "carton": (263.0, 62.0, 108.0),
    "bag": (88.0, 98.0, 132.0),
    "cup": (216.0, 84.0, 86.0),
    "box": (112.0, 74.0, 104.0),
}
_HUES = {
    "lemon": 0.14, "orange": 0.07, "peach": 0.05, "strawberry": 0.97, "cola": 0.01, "lime": 0.25,
    "mint": 0.42, "blueberry": 0.66, "grape": 0.77, "salt": 0.58, "paprika": 0.02, "honey": 0.11,
    "apple": 0.3, "cherry": 0.95, "vanilla": 0.13, "sea salt": 0.55, "jasmine": 0.36,
}  # fmt: skip
_SYLLABLES = (
    "LU", "MA", "ZE", "STO", "BRI", "NU", "VA", "KAN", "TO", "OR", "FEN", "DI", "PEL", "SO", "RAI",
    "MO", "TIK", "HA", "JO", "WEN", "YU", "XI", "BEL", "GA",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """A package and its print. `brand` and `word` are its two large words, `size_text` the net
    content; `pattern` and `motif` number what is drawn under and beside them."""

    sku: str
    shape: Shape
    width_mm: float
    height_mm: float
    brand: str
    word: str
    kind: str
    size_text: str
    ground: Colour
    accent: Colour
    band: Colour
    pattern: int
    motif: int
    seed: int


def look_of(product: ProductSettings) -> Look:
    """How this product looks; products that share a name up to the flavour are alike but for it."""
    family, _, flavour = product.name.partition(FLAVOUR_MARK)
    seed = zlib.crc32((family if flavour else product.sku).encode())
    rng = np.random.Generator(np.random.PCG64(seed))
    shape = _shape(family, rng)
    usual_g, width_mm, height_mm = _SIZES[shape]
    grams = product.weight_g or usual_g
    size = float(np.clip((grams / usual_g) ** (1.0 / 3.0), 0.6, 1.35))
    size_text = " ".join(re.findall(r"[0-9]+ ?(?:ml|g|kg|l)\b", family)) or f"{grams:.0f} g"
    kind = re.sub(r"[0-9]+ ?(?:ml|g|kg|l)\b|\b(?:can|bottle|carton|cup)\b", "", family)
    kind = " ".join(kind.split()).upper() or "SNACK"
    brand = "".join(_SYLLABLES[int(n)] for n in rng.choice(len(_SYLLABLES), 2, replace=False))
    hue = float(rng.random())
    if flavour:
        hue = _HUES.get(flavour.lower(), (zlib.crc32(flavour.encode()) % 360) / 360.0)
    return Look(
        sku=product.sku,
        shape=shape,
        width_mm=width_mm * size * float(rng.uniform(0.94, 1.06)),
        height_mm=height_mm * size * float(rng.uniform(0.94, 1.06)),
        brand=brand,
        word=flavour.upper() or kind.rsplit(" ", 1)[-1],
        kind=kind,
        size_text=size_text,
        ground=_colour(hue, float(rng.uniform(0.45, 0.85)), float(rng.uniform(0.55, 0.92))),
        accent=_colour(hue + float(rng.choice([0.09, 0.4, 0.5, 0.6])), 0.7, 0.9),
        band=_colour(hue + 0.02, float(rng.uniform(0.2, 0.9)), float(rng.choice([0.25, 0.97]))),
        pattern=int(rng.integers(6)),
        motif=int(rng.integers(6)),
        seed=seed,
    )


def _shape(family: str, rng: np.random.Generator) -> Shape:
    words = family.lower()
    drawn = list(_SIZES)[int(rng.integers(len(_SIZES)))]
    return next((shape for word, shape in _SHAPES if re.search(rf"\b{word}\b", words)), drawn)


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(255 * blue), round(255 * green), round(255 * red)


def ink_on(ground: Colour) -> Colour:
    """Black or white, what reads better on it."""
    luma = 0.114 * ground[0] + 0.587 * ground[1] + 0.299 * ground[2]
    return (24, 20, 22) if luma > 140 else (250, 250, 248)


def darker(colour: Colour) -> Colour:
    """A third of its light."""
    return colour[0] // 3, colour[1] // 3, colour[2] // 3
