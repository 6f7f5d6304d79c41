"""Units cut out of their pictures: what taught pictures give to training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError, UsageError
from edge_agent.vision.frames import PICTURE_SUFFIXES, Image
from edge_agent.vision.seen import Mask

Cutout = NDArray[np.uint8]
"""One unit, (height, width, 4): blue, green, red, and how much it covers (255: wholly)."""

_LEAST_PX = 8


def cut_out(picture: Image, mask: Mask | None = None) -> Cutout:
    """Cut the masked part out of a picture; without a mask the whole picture is the unit.

    Raises ModelError where nothing of 8 pixels or more is left.
    """
    cover = np.full(picture.shape[:2], 255, np.uint8) if mask is None else mask
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    if len(rows) < _LEAST_PX or len(columns) < _LEAST_PX:
        raise ModelError(
            f"A picture of {picture.shape[1]} x {picture.shape[0]} pixels shows less than "
            f"{_LEAST_PX} pixels of the unit. Teach the product again, nearer to the camera."
        )
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return np.dstack([picture[box], cover[box]])


def read_cutouts(folder: Path) -> dict[str, list[Cutout]]:
    """Read a folder with a folder of pictures for each SKU, as `features.gallery` keeps them.

    A PNG's transparency says where the unit is; other pictures show nothing but the unit. Raises
    UsageError where there is nothing to read.
    """
    found: dict[str, list[Cutout]] = {}
    for product in sorted(p for p in folder.glob("*") if p.is_dir()):
        files = [f for f in sorted(product.iterdir()) if f.suffix.lower() in PICTURE_SUFFIXES]
        if files:
            found[unquote(product.name)] = [_read(file) for file in files]
    if not found:
        raise UsageError(
            f"{folder} holds no folders with pictures. Name a folder that has one folder for each "
            "SKU, as `edge-agent products learn` keeps them."
        )
    return found


def _read(file: Path) -> Cutout:
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise UsageError(f"{file} is no picture. Delete it, or put a good one there.")
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    image = np.asarray(picture[..., :3], np.uint8)
    mask = np.asarray(picture[..., 3], np.uint8) if picture.shape[2] == 4 else None
    return cut_out(np.ascontiguousarray(image), mask)


def write_cutouts(folder: Path, cutouts: Mapping[str, Iterable[Cutout]]) -> None:
    """Write cut-outs as PNG with transparency, a folder for each SKU."""
    for sku, units in cutouts.items():
        product = folder / quote(sku, safe=" ")
        product.mkdir(parents=True, exist_ok=True)
        for number, unit in enumerate(units):
            cv2.imwrite(str(product / f"{number:03d}.png"), unit)
