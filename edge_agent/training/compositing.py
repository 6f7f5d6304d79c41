"""Shelf pictures that never were: taught units put into pictures of plates, with their boxes.

Units stand in columns, one behind the other, as goods do, or anywhere; light, colour, sharpness and
noise vary more than a shelf's do, so that the detector learns prints and not exposures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.training.cutouts import Cutout
from edge_agent.vision.frames import Image, decode_picture, encode_jpeg

MOST_HIDDEN = 0.7
"""Of a unit that is hidden more than this, nobody could say what it is: it gets no box."""

NO_GOODS = -1
"""The class of a thing that is none of the products; it gets no box."""

_STRANGERS = 0.3
_LEAST_BOX_PX = 6
_USUAL_HEIGHT = (0.3, 0.62)
_NATIVE_HEIGHT = (0.12, 0.85)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture with what stands in it: class numbers (n,), boxes (n, 4: l, t, r, b, pixels)."""

    image: Image
    classes: tuple[int, ...]
    boxes: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit of class `kind` in a picture: its left edge, and the row below its foot."""

    kind: int
    unit: Cutout
    left: int
    bottom: int


class Compositor:
    """Makes labelled pictures from cut-outs by SKU and pictures of plates. The same seed, the same.

    `skus` gives the classes in their order; `together` are SKUs that stand on one plate.
    """

    def __init__(
        self,
        cutouts: Mapping[str, Sequence[Cutout]],
        plates: Sequence[Image],
        together: Sequence[Sequence[str]] = (),
        seed: int = 0,
    ) -> None:
        self.skus = tuple(sorted(cutouts))
        self._numbers = {sku: number for number, sku in enumerate(self.skus)}
        self._cutouts = {sku: list(units) for sku, units in cutouts.items()}
        self._plates = list(plates)
        self._together = [[s for s in skus if s in cutouts] for skus in together]
        self._together = [skus for skus in self._together if skus]
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._turn = 0

    def make(self) -> Labelled:
        """Make the next picture."""
        rng = self._rng
        plate = self._plates[int(rng.integers(len(self._plates)))].copy()
        placed: list[Placed] = []
        for sku, span in self._chosen(plate.shape[1]):
            placed += self._columns(sku, span, plate.shape[:2])
        if rng.random() < _STRANGERS:
            placed.append(self._stranger(plate.shape[:2]))
        placed.sort(key=lambda unit: unit.bottom)
        image = _painted(plate, placed)
        return Labelled(self._seen(image), *boxes_of(placed, owners(image.shape[:2], placed)))

    def _chosen(self, width: int) -> list[tuple[str, tuple[float, float]]]:
        """Products with the part of the width each has; every product has its turn."""
        rng = self._rng
        first = self.skus[self._turn % len(self.skus)]
        self._turn += 1
        mates = next((skus for skus in self._together if first in skus), [first])
        if rng.random() < 0.35:
            others = rng.choice(len(self.skus), size=int(rng.integers(0, 3)), replace=False)
            mates = [first, *(self.skus[int(i)] for i in others if self.skus[int(i)] != first)]
        order = [mates[int(i)] for i in rng.permutation(len(mates))]
        edges = np.linspace(0.0, width, len(order) + 1)
        return [(sku, (edges[i], edges[i + 1])) for i, sku in enumerate(order)]

    def _columns(self, sku: str, span: tuple[float, float], shape: tuple[int, ...]) -> list[Placed]:
        """Units of one product, from the back to the front; some columns are short or empty."""
        rng = self._rng
        units = self._cutouts[sku]
        scale = self._scale(units[0], shape[0])
        across = units[0].shape[1] * scale * rng.uniform(1.0, 1.25)
        columns = max(1, int((span[1] - span[0]) // across))
        step = (span[1] - span[0]) / columns
        front = shape[0] * rng.uniform(0.9, 1.0)
        depth = units[0].shape[0] * scale * rng.uniform(0.06, 0.3)
        placed = []
        for column in range(columns):
            begin = int(rng.integers(0, 3))
            for row in range(begin, begin + int(rng.integers(0, 5))):
                unit = self._varied(units[int(rng.integers(len(units)))], scale * 0.96**row)
                middle = span[0] + (column + 0.5) * step + rng.normal(0, 0.05) * across
                bottom = round(front - row * depth + rng.normal(0, 1.0))
                left = round(middle - 0.5 * unit.shape[1])
                placed.append(Placed(self._numbers[sku], unit, left, bottom))
        return placed

    def _stranger(self, shape: tuple[int, ...]) -> Placed:
        """Something that is no product: a plain thing of any colour."""
        rng = self._rng
        height, width = (int(v) for v in shape[0] * rng.uniform((0.2, 0.12), (0.6, 0.5)))
        unit = np.zeros((height, width, 4), np.uint8)
        corner = int(rng.uniform(0.02, 0.3) * min(height, width))
        cv2.rectangle(unit, (corner, 0), (width - corner, height), (0, 0, 0, 255), -1)
        cv2.rectangle(unit, (0, corner), (width, height), (0, 0, 0, 255), -1)
        shade = np.linspace(1.2, 0.6, width)[np.newaxis, :, np.newaxis]
        tone = rng.uniform(30, 230, 3) * shade + rng.normal(0, 5.0, (height, width, 3))
        unit[..., :3] = np.clip(tone, 0, 255).astype(np.uint8)
        left = int(rng.uniform(0, max(1, shape[1] - width)))
        return Placed(NO_GOODS, unit, left, round(shape[0] * rng.uniform(0.7, 1.0)))

    def _scale(self, unit: Cutout, height: int) -> float:
        """As large as it was taught where that fits a plate; else as goods usually are."""
        native = unit.shape[0] / height
        if _NATIVE_HEIGHT[0] <= native <= _NATIVE_HEIGHT[1]:
            return float(self._rng.uniform(0.8, 1.15))
        low, high = _USUAL_HEIGHT
        return float(self._rng.uniform(low, high) / native)

    def _varied(self, unit: Cutout, scale: float) -> Cutout:
        """The unit turned a little, seen a little more from a side, a little lighter or darker."""
        rng = self._rng
        height, width = unit.shape[:2]
        turn = np.deg2rad(rng.normal(0, 2.0))
        squeeze = scale * rng.uniform(0.94, 1.04)
        matrix = np.array(
            [[squeeze * np.cos(turn), -scale * np.sin(turn)],
             [squeeze * np.sin(turn), scale * np.cos(turn)]]
        )  # fmt: skip
        corners = matrix @ np.array([[0, width, width, 0], [0, 0, height, height]], float)
        low = corners.min(axis=1)
        size = np.maximum(np.ceil(corners.max(axis=1) - low), 3).astype(int)
        shrink = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
        turned = cv2.warpAffine(
            unit, np.column_stack([matrix, -low]), (int(size[0]), int(size[1])), flags=shrink
        )
        shade = rng.normal(1.0, 0.06)
        turned[..., :3] = np.clip(turned[..., :3] * shade, 0, 255).astype(np.uint8)
        return np.asarray(turned, np.uint8)

    def _seen(self, image: Image) -> Image:
        """The picture in another light, through another camera."""
        rng = self._rng
        height, width = image.shape[:2]
        lit = image.astype(np.float32)
        slope = rng.normal(0, 0.12, 2)
        x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
        field = 1.0 + slope[0] * x[np.newaxis] + slope[1] * y[:, np.newaxis]
        lit *= (rng.uniform(0.65, 1.35) * field)[..., np.newaxis].astype(np.float32)
        lit *= rng.normal(1.0, 0.05, 3).astype(np.float32)
        curved = 255.0 * (np.clip(lit, 0, 255) / 255.0) ** np.float32(rng.uniform(0.8, 1.25))
        soft = cv2.GaussianBlur(curved, (0, 0), float(rng.uniform(0.3, 1.0)))
        noise = rng.normal(0, rng.uniform(0.5, 4.0), soft.shape)
        seen = np.clip(soft + noise, 0, 255).astype(np.uint8)
        quality = int(rng.integers(70, 95))
        return decode_picture(encode_jpeg(seen, quality), "a composite in memory")


def _painted(plate: Image, placed: Sequence[Placed]) -> Image:
    for thing in placed:
        inner, part = _within(thing, plate.shape[:2])
        cover = part[..., 3:].astype(np.float32) / 255.0
        plate[inner] = (part[..., :3] * cover + plate[inner] * (1.0 - cover)).astype(np.uint8)
    return plate


def owners(shape: tuple[int, ...], placed: Sequence[Placed]) -> NDArray[np.int16]:
    """Tell which unit is seen at each pixel (height, width), the last one in front; -1: none."""
    owner = np.full(shape, -1, np.int16)
    for number, thing in enumerate(placed):
        inner, part = _within(thing, shape)
        owner[inner][part[..., 3] > 127] = number
    return owner


def _within(thing: Placed, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Cutout]:
    """Where a unit lies in the picture, and the part of it that does."""
    rows, columns = thing.unit.shape[:2]
    top, left = thing.bottom - rows, thing.left
    first, last = min(max(0, top), shape[0]), max(0, min(shape[0], thing.bottom))
    begin, end = min(max(0, left), shape[1]), max(0, min(shape[1], left + columns))
    inner = slice(first, max(first, last)), slice(begin, max(begin, end))
    part = thing.unit[first - top : inner[0].stop - top, begin - left : inner[1].stop - left]
    return inner, part


def boxes_of(
    placed: Sequence[Placed], owner: NDArray[np.int16]
) -> tuple[tuple[int, ...], tuple[tuple[int, int, int, int], ...]]:
    """Give classes and boxes of the units of which enough is seen; a box is of what is seen."""
    classes, boxes = [], []
    for number, thing in enumerate(placed):
        if thing.kind == NO_GOODS:
            continue
        rows, columns = np.nonzero(owner == number)
        whole = int((thing.unit[..., 3] > 127).sum())
        if len(rows) < (1.0 - MOST_HIDDEN) * whole or not len(rows):
            continue
        box = int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
        if min(box[2] - box[0], box[3] - box[1]) >= _LEAST_BOX_PX:
            classes.append(thing.kind)
            boxes.append(box)
    return tuple(classes), tuple(boxes)
