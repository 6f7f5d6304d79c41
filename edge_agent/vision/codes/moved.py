"""Which part of a camera's picture moved of late, at the price of a thumbnail a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Frame, Image, size_within
from edge_agent.vision.seen import Box

LINGER_S = 2.0
"""A part counts as moved for so long after: a hand that brought something holds it still then."""

_THUMBNAIL = 160
_MOVED = 12
_FEWEST_CELLS = 3
_MARGIN_CELLS = 8


class MovedParts:
    """Follows the frames of one camera."""

    def __init__(self) -> None:
        self.moved_at = float("-inf")
        self._reference: NDArray[np.int16] | None = None
        self._reference_at = float("-inf")
        self._boxes: list[tuple[float, Box]] = []

    def to_read(self, frame: Frame) -> Box | None:
        """The box around what moved in the last `LINGER_S`, with a margin; None: nothing did.

        All of the first picture counts as moved.
        """
        box = self._moved(frame)
        if box is not None:
            self.moved_at = frame.at
            self._boxes.append((frame.at, box))
        self._boxes = [(at, b) for at, b in self._boxes if frame.at - at <= LINGER_S]
        if not self._boxes:
            return None
        return around([box for _, box in self._boxes])

    def _moved(self, frame: Frame) -> Box | None:
        cells = _thumbnail(frame.image)
        before = self._reference
        height, width = frame.image.shape[:2]
        if before is None or before.shape != cells.shape:
            self._reference, self._reference_at = cells, frame.at
            return 0, 0, width, height
        difference = cells - before
        # What the whole picture has in common is the light, or the camera's exposure.
        moved = np.abs(difference - np.int16(np.median(difference))) > _MOVED
        is_moved = int(moved.sum()) >= _FEWEST_CELLS
        if is_moved or frame.at - self._reference_at > LINGER_S:
            self._reference, self._reference_at = cells, frame.at
        if not is_moved:
            return None
        rows, columns = np.nonzero(moved.any(axis=1))[0], np.nonzero(moved.any(axis=0))[0]
        scale_x, scale_y = width / cells.shape[1], height / cells.shape[0]
        sides = (
            (columns[0] - _MARGIN_CELLS) * scale_x,
            (rows[0] - _MARGIN_CELLS) * scale_y,
            (columns[-1] + 1 + _MARGIN_CELLS) * scale_x,
            (rows[-1] + 1 + _MARGIN_CELLS) * scale_y,
        )
        return within(sides, frame.image)


def around(boxes: Sequence[Box]) -> Box:
    """The box around all of them."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes share a part."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def within(sides: tuple[float, float, float, float], image: Image) -> Box:
    """The whole pixels of a picture between these sides: left, top, right, bottom."""
    height, width = image.shape[:2]
    return (
        max(0, math.floor(sides[0])),
        max(0, math.floor(sides[1])),
        min(width, math.ceil(sides[2])),
        min(height, math.ceil(sides[3])),
    )


def _thumbnail(image: Image) -> NDArray[np.int16]:
    import cv2

    height, width = size_within(_THUMBNAIL, *image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.int16)
