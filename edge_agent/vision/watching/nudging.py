"""Whether a thing only stands a little elsewhere, as after a hand that touched it."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.vision.frames import Image
from edge_agent.vision.watching.region_change import CHANGED, SmallBox, differences, score

_FARTHEST = 4.0
"""Pixels of the small picture: more is putting it somewhere else."""
_MARGIN = 8
_DARK = 16.0


def is_nudged(before: Image, after: Image, box: SmallBox) -> bool:
    """Tell whether `box` of two small pictures differs by nothing but a small shift."""
    rows = slice(max(0, box[0].start - _MARGIN), box[0].stop + _MARGIN)
    columns = slice(max(0, box[1].start - _MARGIN), box[1].stop + _MARGIN)
    one, other = before[rows, columns], after[rows, columns]
    (across, down), _ = cv2.phaseCorrelate(_relief(one), _relief(other), _window(one))
    if not 0.25 <= max(abs(across), abs(down)) <= _FARTHEST:
        return False
    shift = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = (before.shape[1], before.shape[0])
    there = cv2.warpAffine(before, shift, size, borderMode=cv2.BORDER_REPLICATE)
    # Over the whole picture: the light of the box alone would take the colour of a thing for its
    # own. What stands beside the thing has not moved, so each place may be as it was or shifted.
    moved = differences(np.asarray(there, dtype=np.uint8), after)
    return score(np.minimum(moved, differences(before, after))[box]) < CHANGED


def _relief(image: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    light = np.log(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) + _DARK)
    return np.asarray(light - cv2.blur(light, (15, 15)), dtype=np.float32)


def _window(image: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), dtype=np.float32)
