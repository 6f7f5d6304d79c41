"""Arms with hands, drawn once for each person: skin, sleeve, fingers, with light on them."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.pictures.sprites import Sprite
from edge_agent.vision.frames import Image

PX_PER_MM = 1.5
_WIDTH, _LENGTH = 300, 1500
_SKINS = (
    (150, 180, 226),
    (128, 164, 214),
    (106, 142, 196),
    (74, 106, 160),
    (54, 78, 120),
    (168, 196, 236),
)


@lru_cache(maxsize=64)
def arm(person: int, is_left: bool) -> Sprite:
    """An arm that reaches up, fingertips at the top edge's middle: premultiplied."""
    right = _right_arm(person)
    return np.ascontiguousarray(right[:, ::-1]) if is_left else right


@lru_cache(maxsize=32)
def _right_arm(person: int) -> Sprite:
    rng, skin = _skin(person)
    shape = np.zeros((_LENGTH, _WIDTH), np.uint8)
    middle = _WIDTH // 2
    _hand(shape, middle)
    wrist, elbow = 265, _LENGTH
    cv2.fillPoly(
        shape,
        [
            np.array(
                [
                    [middle - 42, wrist - 40],
                    [middle + 40, wrist - 40],
                    [middle + 66, elbow],
                    [middle - 70, elbow],
                ],
                np.int32,
            )
        ],
        255,
        cv2.LINE_AA,
    )
    relief = _relief(shape)
    colour = np.broadcast_to(skin, (_LENGTH, _WIDTH, 3)) * _mottled(rng)[..., None]
    _finger_lines(colour, middle, skin)
    cuff = int(rng.integers(290, 760))
    sleeve = cloth_of(person, (_LENGTH, _WIDTH))
    wide = np.asarray(cv2.dilate(shape, np.ones((1, 27), np.uint8)), np.uint8)
    shape[cuff:] = wide[cuff:]
    colour[cuff:] = sleeve[cuff:]
    colour[cuff : cuff + 16] *= 0.8
    relief[cuff:] = _relief(wide)[cuff:]
    lit = np.clip(colour * relief[..., None], 0, 255)
    sprite = np.dstack([lit, shape.astype(np.float32)])
    sprite[..., :3] *= sprite[..., 3:] / 255.0
    return np.ascontiguousarray(sprite.astype(np.uint8))


def _hand(shape: Image, middle: int) -> None:
    """The back of a right hand: four fingers half bent, the thumb to the left."""
    fingers = ((-38, 46, -46, 16), (-13, 40, -14, 0), (12, 42, 17, 6), (36, 52, 46, 34))
    for base_x, base_y, tip_x, tip_y in fingers:
        cv2.line(
            shape,
            (middle + base_x, 110 + base_y // 2),
            (middle + tip_x, tip_y + 14),
            255,
            26,
            cv2.LINE_AA,
        )
    cv2.ellipse(shape, (middle, 172), (54, 68), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.line(shape, (middle - 42, 190), (middle - 88, 112), 255, 30, cv2.LINE_AA)
    cv2.line(shape, (middle - 88, 112), (middle - 84, 74), 255, 25, cv2.LINE_AA)


def _relief(shape: Image) -> NDArray[np.float32]:
    """Light from the upper left on something as round as its outline tells."""
    inside = cv2.distanceTransform(np.asarray(shape > 127, np.uint8), cv2.DIST_L2, 3)
    height = np.sqrt(np.minimum(inside, 46.0) * 46.0)
    height = cv2.GaussianBlur(height, (0, 0), 4.0)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) + 0.5 * cv2.Sobel(
        height, cv2.CV_32F, 0, 1, ksize=3
    )
    return np.clip(0.86 + 0.016 * slope + 0.003 * height, 0.4, 1.25).astype(np.float32)


def _finger_lines(colour: NDArray[np.float32], middle: int, skin: NDArray[np.float32]) -> None:
    """Shadows between the fingers, knuckles, nails."""
    dark = (skin * 0.66).tolist()
    for x, top in ((-26, 52), (0, 46), (25, 52)):
        cv2.line(colour, (middle + x, top), (middle + round(0.7 * x), 128), dark, 4, cv2.LINE_AA)
    for x, y in (
        (-38, 108),
        (-12, 98),
        (13, 100),
        (37, 112),
        (-42, 62),
        (-14, 48),
        (15, 52),
        (41, 78),
    ):
        cv2.ellipse(
            colour, (middle + x, y), (9, 4), 0, 180, 360, (skin * 0.8).tolist(), 2, cv2.LINE_AA
        )
    for x, y in ((-46, 20), (-14, 5), (17, 11), (46, 38)):
        cv2.ellipse(
            colour,
            (middle + x, y + 8),
            (7, 9),
            0,
            0,
            360,
            np.minimum(255, skin * 1.14).tolist(),
            -1,
            cv2.LINE_AA,
        )
    colour[:] = cv2.GaussianBlur(colour, (5, 5), 1.2)


def _mottled(rng: np.random.Generator) -> NDArray[np.float32]:
    size = (_LENGTH, _WIDTH)
    coarse = _uneven(rng, (60, 12), size, cv2.INTER_CUBIC)
    fine = _uneven(rng, (_LENGTH // 3, _WIDTH // 3), size, cv2.INTER_LINEAR)
    return np.asarray(1.0 + 0.025 * coarse + 0.015 * fine, np.float32)


def _uneven(
    rng: np.random.Generator, knots: tuple[int, int], size: tuple[int, int], between: int
) -> NDArray[np.float32]:
    """Chance at (rows, columns) knots, drawn out to (h, w) with this interpolation."""
    drawn = rng.standard_normal(knots).astype(np.float32)
    return np.asarray(cv2.resize(drawn, size[::-1], interpolation=between), np.float32)


def cloth_of(person: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """What this person wears: (h, w, 3)."""
    return _cloth(np.random.Generator(np.random.PCG64([5, person])), size)


def skin_of(person: int) -> NDArray[np.float32]:
    """This person's skin: blue, green, red."""
    return _skin(person)[1]


def _skin(person: int) -> tuple[np.random.Generator, NDArray[np.float32]]:
    """A person's own chance, and the skin that is its first choice."""
    rng = np.random.Generator(np.random.PCG64([4, person]))
    return rng, np.array(_SKINS[int(rng.integers(len(_SKINS)))], np.float32)


def _cloth(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float32]:
    """Plain, striped or checked cloth with folds."""
    height, width = size
    tone = rng.uniform(25, 205, 3).astype(np.float32)
    other = rng.uniform(25, 225, 3).astype(np.float32)
    period = float(rng.uniform(26, 70))
    kind = int(rng.integers(4))
    down, across = (
        (np.sin(2 * np.pi * np.arange(length) / period) > 0.3).astype(np.float32) for length in size
    )
    # Stripes, checks, or plain.
    part = (0.0, 1.0, 0.35, 0.0)[kind] * down[:, None]
    part = part + (0.35 * across[None] if kind == 2 else np.zeros((1, width), np.float32))
    mixed = tone + part[..., None].astype(np.float32) * (other - tone)
    folds = _uneven(rng, (14, 6), size, cv2.INTER_CUBIC)
    weave = _uneven(rng, (height // 2, width // 2), size, cv2.INTER_LINEAR)
    return np.asarray(mixed * (1.0 + 0.12 * folds + 0.04 * weave)[..., None], np.float32)
