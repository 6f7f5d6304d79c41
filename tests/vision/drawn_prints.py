"""Cartons with prints of their own, drawn: the same number, the same print."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask


def carton(number: int, hue: int | None = None, height: int = 300) -> Image:
    """A carton's front (height, height / 2, 3): shapes and words by `number`, colour by `hue`.

    Two cartons of one number and of two hues (0 to 179) differ in their colour only.
    """
    rng = np.random.default_rng(number)
    width = height // 2
    shade = np.full((height, width), 200, np.uint8)
    for _ in range(25):
        middle = (int(rng.integers(width)), int(rng.integers(height)))
        size = int(rng.integers(5, max(6, height // 8)))
        grey = int(rng.integers(40, 255))
        if rng.random() < 0.5:
            cv2.circle(shade, middle, size, grey, -1, cv2.LINE_AA)
        else:
            corner = (middle[0] + size, middle[1] + int(rng.integers(5, 40)))
            cv2.rectangle(shade, middle, corner, grey, -1)
    for line in range(5):
        word = "".join(chr(int(c)) for c in rng.integers(65, 91, 5))
        at = (8, 40 + line * height // 6)
        cv2.putText(shade, word, at, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 10, 3, cv2.LINE_AA)
    tint = number * 37 % 180 if hue is None else hue
    hsv = np.dstack([np.full_like(shade, tint), np.full_like(shade, 170), shade])
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def photographed(
    front: Image, seed: int, turned: float = 20.0, side: int = 300
) -> tuple[Image, Mask]:
    """A photograph (side, side, 3) of a carton held before a shelf of others, and where it is."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(carton(9000 + seed), (side, side)) // 2 + 60
    height, width = front.shape[:2]
    scale = side * float(rng.uniform(0.6, 0.75)) / height
    angle = float(rng.uniform(-turned, turned))
    about = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    moved = np.array([side - width, side - height]) / 2 + rng.uniform(-15, 15, 2)
    turn = np.column_stack([about[:, :2], about[:, 2] + moved])
    held = cv2.warpAffine(front, turn, (side, side), flags=cv2.INTER_AREA)
    mask = cv2.warpAffine(np.full((height, width), 255, np.uint8), turn, (side, side))
    picture = np.where(mask[..., None] > 127, held, picture).astype(np.float32)
    picture = picture * float(rng.uniform(0.75, 1.1)) + rng.normal(0, 3, picture.shape)
    exact = np.where(mask > 127, 255, 0).astype(np.uint8)
    return np.clip(picture, 0, 255).astype(np.uint8), exact
