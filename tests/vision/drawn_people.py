"""A drawn shelf with printed goods, and people who come before it."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import cv2
import numpy as np

from edge_agent.vision.frames import Image

WIDTH, HEIGHT = 640, 360
PLATES = {"A1": (80, 100, 150, 120), "A2": (250, 100, 150, 120), "A3": (420, 100, 150, 120)}
FACE_PX = 56


def texture(height: int, width: int, seed: int, cell: int = 3) -> Image:
    """A print or a cloth: patches of `cell` pixels in colours of their own."""
    chance = np.random.default_rng(seed)
    patches = chance.integers(30, 225, (-(-height // cell), -(-width // cell), 3), np.uint8)
    whole = cv2.resize(patches, None, fx=cell, fy=cell, interpolation=cv2.INTER_NEAREST)
    return np.asarray(whole[:height, :width], np.uint8)


def shelf(gone: Collection[tuple[str, int]] = ()) -> Image:
    """Three plates with three goods each, but those that are gone (plate, 0 to 2)."""
    image = np.full((HEIGHT, WIDTH, 3), (168, 176, 182), np.uint8)
    image[:75] = (90, 110, 120)
    image[220:235] = (60, 70, 80)
    image[235:] = texture(HEIGHT - 235, WIDTH, 99, 20) // 4 + 90
    for number, plate in enumerate(PLATES):
        for place in range(3):
            left, top, right, bottom = good_box(plate, place)
            image[bottom : bottom + 6, left:right] = (110, 110, 105)
            if (plate, place) not in gone:
                image[top:bottom, left:right] = texture(94, 42, number * 3 + place, 6)
                cv2.putText(image, "TEA", (left + 4, top + 50), 0, 0.5, (255, 255, 255), 2)
    return image


def good_box(plate: str, place: int) -> tuple[int, int, int, int]:
    """Where a good stands: left, top, right, bottom."""
    x, y, _, _ = PLATES[plate]
    left, top = x + 6 + place * 48, y + 20
    return left, top, left + 42, top + 94


def face(image: Image, x: int, y: int, size: int = FACE_PX) -> None:
    """A face about a point: skin, hair, eyes, mouth."""
    half = size // 2
    cv2.ellipse(image, (x, y), (int(half * 0.8), half), 0, 0, 360, (140, 170, 220), -1)
    cv2.ellipse(
        image, (x, y - half // 2), (int(half * 0.8), half // 2), 0, 180, 360, (30, 40, 50), -1
    )
    for side in (-1, 1):
        eye = (x + side * half // 3, y - half // 8)
        cv2.circle(image, eye, max(2, half // 8), (250, 250, 250), -1)
        cv2.circle(image, eye, max(1, half // 16), (20, 20, 20), -1)
    cv2.ellipse(image, (x, y + half // 2), (half // 3, half // 8), 0, 0, 180, (60, 60, 160), 2)


def person(
    image: Image, x: int, head_y: int = 120, *, reach: tuple[int, int] | None = None
) -> Image:
    """A copy with a person in patterned clothes: head, body down to the floor, a reaching arm."""
    drawn = image.copy()
    shoulder = head_y + FACE_PX // 2
    cloth = texture(HEIGHT, WIDTH, 7, 5)
    body = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(body, (x - 45, shoulder), (x + 45, HEIGHT), 255, -1)
    if reach is not None:
        cv2.line(body, (x, shoulder + 20), reach, 255, 22)
    drawn[body > 0] = cloth[body > 0]
    if reach is not None:
        cv2.circle(drawn, reach, 15, (140, 170, 220), -1)
    face(drawn, x, head_y)
    return drawn


@cache
def _noise(number: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.int16]]:
    chance = np.random.default_rng(number)
    noise = chance.normal(0, 3.0, (HEIGHT, WIDTH, 3))
    return noise.round().astype(np.int16)


def seen(image: Image, number: int = 0, gain: float = 1.0) -> Image:
    """What a camera makes of it: its noise, another one for each of 7 numbers, and the light."""
    lit = image if gain == 1.0 else np.minimum(image * gain, 255)
    return np.asarray(np.clip(lit.astype(np.int16) + _noise(number % 7), 0, 255), np.uint8)


def sharpness(image: Image) -> float:
    """How much fine detail a picture holds: the deviation of its Laplacian."""
    return float(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std())
