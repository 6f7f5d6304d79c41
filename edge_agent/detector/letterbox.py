"""A picture of any shape in the square that a detector looks at, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image

Blob = NDArray[np.float32]
"""What a detector looks at: (1, 3, size, size), red green blue, 0 to 1."""

PADDING_GREY = 114
"""The grey around the picture that YOLO models are trained with (ultralytics, `LetterBox`)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the picture lies in the square: scaled by `scale`, moved by `left`, `top` pixels."""

    scale: float
    left: int
    top: int
    width: int
    height: int

    def to_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn boxes (n, 4: left, top, right, bottom) of the square into the picture's pixels."""
        shift = np.array([self.left, self.top, self.left, self.top], np.float32)
        limits = np.array([self.width, self.height, self.width, self.height], np.float32)
        found: NDArray[np.float32] = np.clip(
            (boxes - shift) / np.float32(self.scale), 0, limits
        ).astype(np.float32, copy=False)
        return found


def letterbox(image: Image, size: int) -> tuple[Blob, Fit]:
    """Scale a picture (height, width, 3; BGR) into a square of `size` pixels, its shape kept.

    Larger pictures are halved until they are less than twice too large, which takes each pixel's
    mean, so that small print does not turn into noise; an exact mean takes three times as long.
    """
    import cv2

    height, width = image.shape[:2]
    scale = min(size / height, size / width)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size - across) // 2, (size - down) // 2
    square = np.full((size, size, 3), PADDING_GREY, np.uint8)
    while image.shape[0] >= 2 * down and image.shape[1] >= 2 * across:
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5), np.uint8)
    cv2.resize(image, (across, down), dst=square[top : top + down, left : left + across])
    blob = cv2.dnn.blobFromImage(square, 1 / 255.0, swapRB=True)
    return np.asarray(blob, np.float32), Fit(scale, left, top, width, height)
