"""What of a picture is shown as evidence, and what is drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_agent.vision.evidence.likeness import Flags
from edge_agent.vision.evidence.people import calm
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Box, Mask, Region

_MARGIN = 0.15
_MIN_MARGIN = 16

_LINE, _EDGE = (60, 220, 255), (20, 20, 20)
"""Yellow with a dark edge is seen on light and dark goods alike."""

_MOST_MARKS = 4
_LEAST_MARK = 0.01
"""Of a region: less than that changed is no thing, but a shadow at its foot."""


def with_margin(region: Region, width: int, height: int) -> Box | None:
    """A region with its margin, inside the picture; None when nothing of it is inside."""
    x, y, w, h = region
    if x >= width or y >= height or x + w <= 0 or y + h <= 0 or w <= 0 or h <= 0:
        return None
    across, down = max(_MIN_MARGIN, round(w * _MARGIN)), max(_MIN_MARGIN, round(h * _MARGIN))
    return (
        max(0, x - across),
        max(0, y - down),
        min(width, x + w + across),
        min(height, y + h + down),
    )


def with_marks(image: Image, marks: Sequence[Box], label: str = "") -> Image:
    """A copy of the picture with a frame around each mark, and a label at the first.

    The label is left out where OpenCV's own letters do not have it.
    """
    import cv2

    if not marks:
        return image
    drawn = image.copy()
    thick = max(1, round(max(image.shape[:2]) / 500))
    for left, top, right, bottom in marks:
        for colour, width in ((_EDGE, 3 * thick), (_LINE, thick)):
            cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), colour, width)
    if label.isascii():
        left, top = marks[0][:2]
        size, font = 0.4 * thick + 0.2, cv2.FONT_HERSHEY_SIMPLEX
        (_, high), _ = cv2.getTextSize(label, font, size, thick)
        # Above the frame where there is room, else inside it.
        foot = top - 3 * thick if top > high + 6 * thick else top + high + 5 * thick
        for colour, width in ((_EDGE, 4 * thick), (_LINE, thick)):
            cv2.putText(drawn, label, (left + thick, foot), font, size, colour, width, cv2.LINE_AA)
    return drawn


def boxes_of_mask(mask: Mask, left: int, top: int) -> tuple[Box, ...]:
    """The boxes around what a mask means, the largest first; `left`, `top`: where the mask lies."""
    import cv2

    height, width = mask.shape
    joined = cv2.morphologyEx(
        (mask > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((max(3, height // 12),) * 2, np.uint8)
    )
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    things = [stats[n] for n in range(1, count)]
    things = [t for t in things if t[cv2.CC_STAT_AREA] >= _LEAST_MARK * height * width]
    things.sort(key=lambda t: -int(t[cv2.CC_STAT_AREA]))
    return tuple(
        (left + int(x), top + int(y), left + int(x + w), top + int(y + h))
        for x, y, w, h, _ in things[:_MOST_MARKS]
    )


def boxes_of_difference(different: Flags, region: Region, width: int) -> tuple[Box, ...]:
    """As `boxes_of_mask`, from a difference at working size, within a region of the picture.

    `width` is the picture's.
    """
    scale = different.shape[1] / width
    x, y, w, h = region
    left, top = max(0, round(x * scale)), max(0, round(y * scale))
    part = calm(different)[top : round((y + h) * scale), left : round((x + w) * scale)]
    if not part.size:
        return ()
    found = boxes_of_mask(np.asarray(part * np.uint8(255), np.uint8), left, top)
    return tuple(
        (round(b[0] / scale), round(b[1] / scale), round(b[2] / scale), round(b[3] / scale))
        for b in found
    )
