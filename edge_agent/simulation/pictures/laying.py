"""Laying what moves over the picture: with its shadow, and smeared as far as it moves."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.pictures.sprites import Sprite
from edge_agent.vision.frames import Image

LONGEST_SMEAR_PX = 48.0
_SHADOW = 0.35


def lay(
    image: Image,
    sprite: Sprite,
    matrix: NDArray[np.float64],
    smear: tuple[float, float],
    *,
    casts: bool = False,
) -> None:
    """Lay a premultiplied sprite over the picture, moved and smeared as it moves."""
    height, width = sprite.shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]]) @ matrix.T
    room = 18 + round(math.hypot(*smear))
    x0, y0 = (max(0, math.floor(v) - room) for v in corners.min(axis=0))
    x1 = min(image.shape[1], math.ceil(corners[:, 0].max()) + room)
    y1 = min(image.shape[0], math.ceil(corners[:, 1].max()) + room)
    if x0 >= x1 or y0 >= y1:
        return
    shifted = matrix.copy()
    shifted[:, 2] -= (x0, y0)
    moved = cv2.warpAffine(sprite, shifted, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    layer = _smeared(np.asarray(moved, np.uint8), smear)
    under = image[y0:y1, x0:x1]
    cover = np.asarray(cv2.extractChannel(layer, 3), np.uint8)
    if casts:
        under[:] = _shadowed(under, cover)
    rest = cv2.cvtColor(cv2.bitwise_not(cover), cv2.COLOR_GRAY2BGR)
    kept = cv2.multiply(under, rest, scale=1 / 255)
    cv2.add(kept, cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR), dst=under)


def _shadowed(under: Image, cover: Image) -> Image:
    """The soft shadow that falls to the right and below."""
    small = cv2.resize(
        cover,
        (max(1, cover.shape[1] // 8), max(1, cover.shape[0] // 8)),
        interpolation=cv2.INTER_AREA,
    )
    soft = cv2.GaussianBlur(small, (5, 5), 1.6)
    moved = cv2.warpAffine(
        soft, np.array([[1, 0, 2.0], [0, 1, 1.5]]), (soft.shape[1], soft.shape[0])
    )
    dark = cv2.resize(moved, (cover.shape[1], cover.shape[0]), interpolation=cv2.INTER_LINEAR)
    keep = cv2.cvtColor(cv2.convertScaleAbs(dark, alpha=-_SHADOW, beta=255), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.multiply(under, keep, scale=1 / 255), np.uint8)


def _smeared(layer: Sprite, smear: tuple[float, float]) -> Sprite:
    """Blurred along a line as long as the movement during the exposure."""
    length = math.hypot(*smear)
    if length < 1.5:
        return layer
    # What is blurred this much is as well blurred at a smaller size, and much sooner.
    coarse = 1 if length < 6 else 2 if length < 16 else 4
    height, width = layer.shape[:2]
    size = (max(1, width // coarse), max(1, height // coarse))
    small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA) if coarse > 1 else layer
    dx, dy = (0.5 * min(LONGEST_SMEAR_PX, length) * part / length / coarse for part in smear)
    half = math.ceil(max(abs(dx), abs(dy), 1.0))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    cv2.line(
        kernel, (round(half - dx), round(half - dy)), (round(half + dx), round(half + dy)), 1.0, 1
    )
    blurred = cv2.filter2D(small, -1, kernel / kernel.sum())
    return np.asarray(
        cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8
    )
