"""People from the hips up, drawn once each: clothes, neck, head with hair and a face."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.pictures.limbs import cloth_of, skin_of
from edge_agent.simulation.pictures.sprites import Sprite

HEIGHT, WIDTH = 620, 420
"""Of a figure's canvas; about 0.9 px a millimetre, the head 200 px high."""

Canvas = NDArray[np.float32]
_HAIRS = ((24, 24, 28), (34, 44, 62), (52, 80, 118), (128, 132, 138), (60, 66, 96))


@lru_cache(maxsize=48)
def figure(person: int, turned: bool) -> Sprite:
    """A person seen from the front, or (`turned`) from behind: premultiplied."""
    rng = np.random.Generator(np.random.PCG64([6, person]))
    skin = skin_of(person)
    hair = np.array(_HAIRS[int(rng.integers(len(_HAIRS)))], np.float32)
    colour = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    cover = np.zeros((HEIGHT, WIDTH), np.uint8)
    _body(colour, cover, person, skin)
    _head(colour, cover, skin, hair, float(rng.uniform(0.1, 0.5)), turned)
    if not turned:
        _face(colour, skin, hair, bool(rng.random() < 0.3))
    both = np.dstack([colour, cover.astype(np.float32)])
    soft = np.asarray(cv2.GaussianBlur(both, (0, 0), 1.6), np.float32)
    soft[..., :3] *= soft[..., 3:] / 255.0
    return np.ascontiguousarray(np.clip(soft, 0, 255).astype(np.uint8))


def _body(colour: Canvas, cover: NDArray[np.uint8], person: int, skin: NDArray[np.float32]) -> None:
    """Neck, shoulders and chest in this person's clothes, lit from the upper left."""
    middle = WIDTH // 2
    outline = [
        (middle - 40, 205),
        (middle + 40, 205),
        (middle + 52, 238),
        (middle + 128, 262),
        (middle + 188, 330),
        (middle + 204, HEIGHT),
        (middle - 204, HEIGHT),
        (middle - 188, 330),
        (middle - 128, 262),
        (middle - 52, 238),
    ]
    body = np.zeros_like(cover)
    cv2.fillPoly(body, [np.array(outline, np.int32)], 255, cv2.LINE_AA)
    body = np.asarray(cv2.GaussianBlur(body, (0, 0), 5.0), np.uint8)
    body = np.where(body > 127, 255, 0).astype(np.uint8)
    inside = cv2.distanceTransform(body, cv2.DIST_L2, 3)
    round_by = cv2.GaussianBlur(np.sqrt(np.minimum(inside, 110.0) * 110.0), (0, 0), 9.0)
    slope = cv2.Sobel(round_by, cv2.CV_32F, 1, 0, ksize=3)
    light = np.clip(0.86 + 0.05 * slope, 0.45, 1.2)[..., None]
    shirt = cloth_of(person, (HEIGHT, WIDTH)) * light
    colour[:] = np.where(body[..., None] > 0, shirt, colour)
    np.maximum(cover, body, out=cover)
    neck = [
        (middle - 40, 190),
        (middle + 40, 190),
        (middle + 46, 244),
        (middle, 268),
        (middle - 46, 244),
    ]
    cv2.fillPoly(colour, [np.array(neck, np.int32)], (skin * 0.78).tolist(), cv2.LINE_AA)
    cv2.fillPoly(cover, [np.array(neck, np.int32)], 255, cv2.LINE_AA)


def _head(
    colour: Canvas,
    cover: NDArray[np.uint8],
    skin: NDArray[np.float32],
    hair: NDArray[np.float32],
    length: float,
    turned: bool,
) -> None:
    """Hair, ears and the skin of the face, round as the light shows it."""
    middle = WIDTH // 2
    both: tuple[tuple[Canvas | NDArray[np.uint8], float], ...] = ((colour, 1.0), (cover, 0.0))
    for canvas, is_colour in both:

        def tone(of: NDArray[np.float32], part: float, on: float = is_colour) -> list[float]:
            return (of * part).tolist() if on else [255.0]

        if length > 0.35:
            # Long hair falls behind the shoulders.
            _oval(canvas, (middle, 160), (92, 140), tone(hair, 0.85))
        _oval(canvas, (middle, 118), (80, 104), tone(hair if turned else skin, 1.0))
        if not turned:
            for side in (-80, 80):
                _oval(canvas, (middle + side, 128), (12, 24), tone(skin, 0.74))
    if turned:
        return
    _round_face(colour)
    _oval(colour, (middle, 82), (86, 76), hair.tolist(), -1, (180, 360))
    _oval(cover, (middle, 82), (86, 76), [255.0], -1, (180, 360))
    fringe = ((-86, 82), (-40, 62), (30, 78), (86, 82), (60, 30), (-60, 30))
    corners = np.array([(middle + x, y) for x, y in fringe], np.int32)
    cv2.fillPoly(colour, [corners], hair.tolist(), cv2.LINE_AA)


def _round_face(colour: Canvas) -> None:
    """Shade a face as the ball that it nearly is, in place."""
    y, x = np.mgrid[0:240, 0:WIDTH].astype(np.float32)
    across, down = (x - WIDTH // 2) / 80.0, (y - 118) / 104.0
    ball = np.clip(1.0 - across**2 - down**2, 0.0, 1.0)
    shade = 0.62 + 0.42 * np.sqrt(ball) - 0.14 * across
    inside = (across**2 + down**2) < 1.0
    colour[:240][inside] *= shade[inside][:, None]


def _face(
    colour: Canvas, skin: NDArray[np.float32], hair: NDArray[np.float32], has_glasses: bool
) -> None:
    """Brows, eyes, nose and mouth, each with its light and shade."""
    for side in (-1, 1):
        _eye(colour, side, skin, hair)
        if has_glasses:
            _oval(colour, (WIDTH // 2 + side * 33, 121), (28, 21), (30, 30, 34), 3)
    middle = WIDTH // 2
    shade, light = (skin * 0.72).tolist(), np.minimum(255, skin * 1.1).tolist()
    cv2.line(colour, (middle - 3, 122), (middle - 10, 156), shade, 4, cv2.LINE_AA)
    cv2.line(colour, (middle + 3, 122), (middle + 3, 150), light, 5, cv2.LINE_AA)
    _oval(colour, (middle, 158), (16, 7), shade, 4, (20, 160))
    lips = skin * np.array([0.62, 0.58, 0.8], np.float32)
    _oval(colour, (middle, 184), (26, 8), lips.tolist())
    cv2.line(colour, (middle - 24, 184), (middle + 24, 184), (lips * 0.6).tolist(), 2, cv2.LINE_AA)
    _oval(colour, (middle, 200), (20, 6), (skin * 0.78).tolist(), 3, (10, 170))


def _eye(colour: Canvas, side: int, skin: NDArray[np.float32], hair: NDArray[np.float32]) -> None:
    """One eye with its brow and the nostril below it; `side` -1 is on the left."""
    x = WIDTH // 2 + side * 33
    _oval(colour, (x, 118), (24, 13), (skin * 0.72).tolist())
    _oval(colour, (x, 120), (17, 8), (226, 230, 232))
    _oval(colour, (x + 2, 120), (8, 8), (40, 52, 70))
    _oval(colour, (x + 2, 120), (4, 4), (12, 12, 14))
    _oval(colour, (x + 4, 117), (2, 2), (250, 250, 250))
    _oval(colour, (x, 115), (19, 8), (40, 40, 46), 3, (190, 350))
    _oval(colour, (x, 104), (24, 9), (hair * 0.8).tolist(), 6, (200, 340))
    _oval(colour, (WIDTH // 2 + 9 * side, 160), (5, 3), (skin * 0.5).tolist())


def _oval(
    canvas: Canvas | NDArray[np.uint8],
    centre: tuple[int, int],
    size: tuple[int, int],
    tone: Sequence[float],
    line: int = -1,
    arc: tuple[int, int] = (0, 360),
) -> None:
    cv2.ellipse(canvas, centre, size, 0, *arc, tone, line, cv2.LINE_AA)
