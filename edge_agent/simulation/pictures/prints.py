"""The flat print of a package, front and back, before it is wrapped around its shape."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.simulation.pictures.barcode_print import WIDTH_MM, bars, is_ean13
from edge_agent.simulation.pictures.looks import Colour, Look, darker, ink_on
from edge_agent.simulation.pictures.motifs import draw_motif
from edge_agent.vision.frames import Image

_FONTS = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)


def front(look: Look, px_per_mm: float) -> Image:
    """The front: ground with pattern, brand, motif, flavour band, net content; (h, w, 3)."""
    width, height = _size(look, px_per_mm)
    rng = np.random.Generator(np.random.PCG64(look.seed))
    image = _ground(look, width, height)
    _pattern(image, look, rng)
    font = _FONTS[look.seed % 3]
    draw_motif(image, look, (width // 2, round(0.56 * height)), round(0.24 * min(width, height)))
    _words(image, look.brand, (0.06, 0.09, 0.88, 0.2), _plate_ink(image, look), font)
    band_y = round(0.72 * height)
    cv2.rectangle(image, (0, band_y), (width, band_y + round(0.15 * height)), look.band, -1)
    _words(image, look.word, (0.07, 0.735, 0.86, 0.12), ink_on(look.band), font)
    ink = ink_on(look.ground)
    _words(image, look.kind, (0.1, 0.31, 0.8, 0.07), ink, _FONTS[0])
    _words(image, look.size_text, (0.55, 0.9, 0.4, 0.06), ink, _FONTS[0])
    _small_print(image, (0.06, 0.905, 0.36, 0.06), ink, rng)
    return image


def back(look: Look, px_per_mm: float) -> Image:
    """The back: what is in it, and its EAN-13 in nominal size or as large as there is room."""
    width, height = _size(look, px_per_mm)
    rng = np.random.Generator(np.random.PCG64(look.seed + 1))
    image = _ground(look, width, height)
    ink = ink_on(look.ground)
    _words(image, look.brand, (0.2, 0.05, 0.6, 0.09), ink, _FONTS[look.seed % 3])
    cv2.rectangle(
        image,
        (round(0.08 * width), round(0.17 * height)),
        (round(0.92 * width), round(0.5 * height)),
        (244, 246, 246),
        -1,
    )
    for row in range(6):
        _small_print(image, (0.12, 0.19 + 0.05 * row, 0.76, 0.034), (40, 36, 38), rng)
    if is_ean13(look.sku):
        _barcode(image, look.sku, px_per_mm)
    else:
        _words(image, look.sku, (0.1, 0.62, 0.8, 0.2), ink, _FONTS[0])
    return image


def _barcode(image: Image, sku: str, px_per_mm: float) -> None:
    height, width = image.shape[:2]
    wanted = min(WIDTH_MM * px_per_mm, 0.86 * width)
    code = bars(sku, max(1, round(wanted / 113.0)))
    room = round(0.4 * height)
    # Shortening the bars is what printers do on small packages; narrowing them is not.
    code = code[max(0, code.shape[0] - room) :, : round(0.96 * width)]
    top, left = round(0.56 * height), (width - code.shape[1]) // 2
    image[top : top + code.shape[0], left : left + code.shape[1]] = code


def _size(look: Look, px_per_mm: float) -> tuple[int, int]:
    return max(8, round(look.width_mm * px_per_mm)), max(8, round(look.height_mm * px_per_mm))


def _ground(look: Look, width: int, height: int) -> Image:
    fall = np.linspace(1.08, 0.86, height, dtype=np.float32)[:, None, None]
    rows = np.clip(np.array(look.ground, np.float32) * fall, 0, 255)
    return np.ascontiguousarray(np.broadcast_to(rows, (height, width, 3)).astype(np.uint8))


def _plate_ink(image: Image, look: Look) -> Colour:
    """A field behind the brand, or none; the colour of what is written on it."""
    height, width = image.shape[:2]
    kind = look.seed // 7 % 3
    corners = (
        (round(0.04 * width), round(0.06 * height)),
        (round(0.96 * width), round(0.31 * height)),
    )
    if kind == 0:
        cv2.rectangle(image, *corners, look.band, -1)
        return ink_on(look.band)
    if kind == 1:
        centre = (width // 2, round(0.185 * height))
        cv2.ellipse(
            image,
            centre,
            (round(0.48 * width), round(0.125 * height)),
            -4.0,
            0,
            360,
            (250, 250, 250),
            -1,
            cv2.LINE_AA,
        )
        return darker(look.ground)
    return ink_on(look.ground)


def _pattern(image: Image, look: Look, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
    slant = float(rng.uniform(0.2, 1.4))
    if look.pattern == 0:
        mask = np.sin(28.0 * (x + slant * y)) > 0.55
    elif look.pattern == 1:
        mask = np.hypot((7 * x) % 1 - 0.5, (7 * y) % 1 - 0.5) < 0.24
    elif look.pattern == 2:
        mask = np.sin(24.0 * y + 2.5 * np.sin(7.0 * x + slant)) > 0.5
    elif look.pattern == 3:
        angle = np.arctan2(y - 0.56 * height / width, x - 0.5)
        mask = np.sin(14.0 * angle) > 0.2
    elif look.pattern == 4:
        mask = np.abs((6 * y + np.abs(4 * x - 2)) % 1 - 0.5) < 0.16
    else:
        mask = np.zeros((height, width), bool)
        for cx, cy, r in rng.uniform((0, 0, 0.04), (1, height / width, 0.2), (14, 3)):
            mask |= np.hypot(x - cx, y - cy) < r
    tone = np.array(look.accent, np.float32) * 0.42 + np.array(look.ground, np.float32) * 0.58
    image[mask] = tone.astype(np.uint8)


def _words(
    image: Image, text: str, box: tuple[float, float, float, float], ink: Colour, font: int
) -> None:
    """Write into x, y, w, h (parts of the picture), as large as fits."""
    height, width = image.shape[:2]
    room_w, room_h = box[2] * width, box[3] * height
    (w, h), _ = cv2.getTextSize(text, font, 1.0, 2)
    scale = min(room_w / max(1, w), room_h / max(1, h))
    thick = max(1, round(2.2 * scale))
    (w, h), _ = cv2.getTextSize(text, font, scale, thick)
    left = round(box[0] * width + 0.5 * (room_w - w))
    foot = round(box[1] * height + 0.5 * (room_h + h))
    cv2.putText(image, text, (left, foot), font, scale, ink, thick, cv2.LINE_AA)


def _small_print(
    image: Image, box: tuple[float, float, float, float], ink: Colour, rng: np.random.Generator
) -> None:
    """Words too small to read: short dashes of chance lengths."""
    height, width = image.shape[:2]
    x, end = box[0] * width, (box[0] + box[2]) * width
    y, thick = round((box[1] + 0.5 * box[3]) * height), max(1, round(0.35 * box[3] * height))
    while x < end:
        length = float(rng.uniform(0.03, 0.12)) * width
        cv2.line(image, (round(x), y), (round(min(end, x + length)), y), ink, thick)
        x += length + 0.025 * width
