"""Pictures with a cover: made smaller, turned, and laid over others."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image

Sprite = NDArray[np.uint8]
"""(height, width, 4): blue, green, red, and how much it covers."""

Floats = NDArray[np.float32]


def scaled(sprite: Sprite, factor: float, turn: float = 0.0) -> Sprite:
    """Smaller by `factor` and turned by `turn` degrees about its foot, with soft edges."""
    height, width = sprite.shape[:2]
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    weighted: Floats = sprite.astype(np.float32)
    weighted[..., :3] *= weighted[..., 3:] / 255.0
    small = cv2.resize(
        weighted, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    )
    if turn:
        margin = 1 + round(abs(np.sin(np.radians(turn))) * size[1])
        canvas = (size[0] + 2 * margin, size[1] + 2)
        matrix = cv2.getRotationMatrix2D((size[0] / 2.0, float(size[1])), turn, 1.0)
        matrix[0, 2] += margin
        matrix[1, 2] += 1
        small = cv2.warpAffine(small, matrix, canvas, flags=cv2.INTER_LINEAR)
    cover = np.maximum(small[..., 3:], 1e-3) / 255.0
    small[..., :3] = np.where(small[..., 3:] > 0.5, small[..., :3] / cover, 0.0)
    return np.clip(small, 0, 255).astype(np.uint8)


def blend(image: Image, sprite: Sprite, left: int, top: int) -> None:
    """Lay a sprite over a picture, in place; what lies outside is cut off."""
    height, width = image.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + sprite.shape[1]), min(height, top + sprite.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    cover = part[..., 3:].astype(np.uint16)
    under = image[y0:y1, x0:x1].astype(np.uint16)
    image[y0:y1, x0:x1] = (part[..., :3] * cover + under * (255 - cover) + 127) // 255
