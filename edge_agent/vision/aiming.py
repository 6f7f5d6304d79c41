"""Where the plates are in the picture: found by lifting one item of each and putting it back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge_agent.vision.evidence.likeness import Flags, Look, look, small, unlike
from edge_agent.vision.evidence.people import calm
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Box, Region

_BESIDE, _ABOVE = 0.6, 0.15
"""How far a plate goes on beside the items that were lifted, of their width and height."""
_THING_SHARE = 0.25
"""Of the largest thing that changed: what is smaller is a shadow or a reflection of it."""
_LEAST_THING_PX = 36
"""At working size: 24 by 24 pixels of 1280."""
_STILL_SHARE = 0.002


def is_still(first: Image, second: Image) -> bool:
    """Whether nothing moves between two pictures (h, w, 3) taken after each other."""
    return bool(calm(unlike(_look(first), _look(second))).mean() < _STILL_SHARE)


def lifted_box(before: Image, without: Image, restored: Image) -> Box | None:
    """Where the item stood that is in `before`, not in `without` and again in `restored`.

    Three pictures (h, w, 3) of one camera. People who moved meanwhile do not come back as exactly
    as goods do. None where nothing did.
    """
    first, second, third = (_look(picture) for picture in (before, without, restored))
    gone: Flags = unlike(first, second) & unlike(second, third)
    back = ~unlike(first, third)
    # An item is not put back to the pixel: what came back about there belongs to it.
    mask = calm(gone & _around(back))
    things = _things(mask)
    if not things:
        return None
    largest = max(map(_area, things))
    left, top, right, bottom = _around_all(
        [t for t in things if _area(t) >= _THING_SHARE * largest]
    )
    scale = before.shape[1] / mask.shape[1]
    return (round(left * scale), round(top * scale), round(right * scale), round(bottom * scale))


def proposed_regions(lifted: Mapping[str, list[Box]], width: int, height: int) -> dict[str, Region]:
    """The plates' regions in a picture of that size, from where items of each were lifted.

    Each goes on beside its items, but not beyond the middle to the next plate's.
    """
    items = {plate: _around_all(boxes) for plate, boxes in lifted.items() if boxes}
    return {
        plate: _grown(box, [b for p, b in items.items() if p != plate], width, height)
        for plate, box in items.items()
    }


def _look(picture: Image) -> Look:
    return look(small(picture))


def _around(flags: Flags) -> Flags:
    import cv2

    return np.asarray(cv2.dilate(flags.astype(np.uint8), np.ones((5, 5), np.uint8)), np.bool_)


def _things(mask: Flags) -> list[Box]:
    """The boxes around what hangs together, without specks.

    Without what reaches beyond the picture, too: people do, items on a shelf do not.
    """
    import cv2

    joined = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    height, width = mask.shape
    things = []
    for number in range(1, count):
        x, y, w, h = map(int, stats[number, : cv2.CC_STAT_AREA])
        inside = x > 0 and y > 0 and x + w < width and y + h < height
        if inside and w * h >= _LEAST_THING_PX:
            things.append((x + 1, y + 1, x + w - 1, y + h - 1))
    return things


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _around_all(boxes: list[Box]) -> Box:
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def _grown(box: Box, others: list[Box], width: int, height: int) -> Region:
    left, top, right, bottom = box
    across, down = round((right - left) * _BESIDE), round((bottom - top) * _ABOVE)
    new = [left - across, top - down, right + across, bottom + down]
    for other in others:
        if other[1] < bottom and top < other[3]:
            # Beside it.
            if other[0] >= right:
                new[2] = min(new[2], (right + other[0]) // 2)
            elif other[2] <= left:
                new[0] = max(new[0], (left + other[2] + 1) // 2)
        elif other[0] < right and left < other[2]:
            # Above or below it.
            if other[1] >= bottom:
                new[3] = min(new[3], (bottom + other[1]) // 2)
            elif other[3] <= top:
                new[1] = max(new[1], (top + other[3] + 1) // 2)
    x, y = max(0, new[0]), max(0, new[1])
    return x, y, min(width, new[2]) - x, min(height, new[3]) - y
