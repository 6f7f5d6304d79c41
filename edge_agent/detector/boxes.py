"""From the numbers that a YOLO model gives to boxes in the picture, each thing once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.detector.letterbox import Fit
from edge_agent.errors import ModelError

Floats = NDArray[np.float32]

MIN_SCORE = 0.1
"""Below it a box says nothing; what is above weighs as much as its score is worth."""

MAX_OVERLAP = 0.5
"""Two boxes of more common area in their union are the same thing."""

_MOST_CANDIDATES = 300
"""More boxes than this are not compared with each other; a plate holds far fewer things."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """What stands in a picture, the surest first.

    `corners` (n, 4): left, top, right, bottom in its pixels; `scores` (n, classes): how sure the
    detector is of each class, 0 to 1.
    """

    corners: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def classes(self) -> NDArray[np.intp]:
        """The class that each box most likely is (n,)."""
        return np.argmax(self.scores, axis=1) if len(self) else np.zeros(0, np.intp)

    @property
    def best(self) -> Floats:
        """The score of that class (n,)."""
        return np.max(self.scores, axis=1) if len(self) else np.zeros(0, np.float32)


def check_shape(shape: tuple[int, ...], classes: int) -> None:
    """Raise ModelError unless an output of this shape is one of a YOLO model of so many classes.

    Read are (1, 4 + classes, n): centre, size and a score for each class, as YOLOv8 to YOLO11
    give; and (1, n, 6): corners, score, class, as models give that suppress doubles themselves.
    """
    grid = len(shape) == 3 and shape[0] == 1 and shape[1] == 4 + classes
    listed = len(shape) == 3 and shape[0] == 1 and shape[2] == 6
    if not (grid or listed):
        raise ModelError(
            f"The model gives numbers of shape {list(shape)}; for its {classes} classes they must "
            f"be [1, {4 + classes}, n] or [1, n, 6]. Export it again with `edge-agent model "
            "export`."
        )


def decode(output: Floats, classes: int, fit: Fit, min_score: float = MIN_SCORE) -> Boxes:
    """Read a model's output into boxes of the picture; see `check_shape` for what it may be."""
    if output.shape[1] == 4 + classes:
        corners, scores = _from_grid(output[0], min_score)
    else:
        corners, scores = _from_list(output[0], classes, min_score)
    order = np.argsort(-scores.max(axis=1), kind="stable")[:_MOST_CANDIDATES]
    corners, scores = corners[order], scores[order]
    kept = suppress(corners)
    return Boxes(fit.to_picture(corners[kept]), scores[kept])


def _from_grid(rows: Floats, min_score: float) -> tuple[Floats, Floats]:
    sure = rows[4:].max(axis=0) >= min_score
    found = rows[:, sure].T
    centres, halves = found[:, :2], found[:, 2:4] / 2
    return np.concatenate([centres - halves, centres + halves], axis=1), found[:, 4:]


def _from_list(rows: Floats, classes: int, min_score: float) -> tuple[Floats, Floats]:
    found = rows[rows[:, 4] >= min_score]
    kinds = found[:, 5].astype(np.intp)
    if len(found) and (kinds.min() < 0 or kinds.max() >= classes):
        raise ModelError(
            f"The model names class {kinds.max()} and has {classes}. Install a model whose file "
            "and manifest belong together."
        )
    scores = np.zeros((len(found), classes), np.float32)
    scores[np.arange(len(found)), kinds] = found[:, 4]
    return found[:, :4].copy(), scores


def suppress(corners: Floats, max_overlap: float = MAX_OVERLAP) -> NDArray[np.intp]:
    """Tell which of the boxes (n, 4), the surest first, are no doubles of a surer one.

    Doubles of another class count, too: where two products are seen in one place, one is meant.
    """
    doubles = overlap(corners, corners) > max_overlap
    free = np.ones(len(corners), bool)
    for box in range(len(corners)):
        if free[box]:
            free[box + 1 :] &= ~doubles[box, box + 1 :]
    return np.flatnonzero(free)


def overlap(one: Floats, others: Floats) -> Floats:
    """Common area in the union of boxes (n, 4) with boxes (m, 4): (n, m), 0 to 1."""
    low = np.maximum(one[:, None, :2], others[None, :, :2])
    sides = np.maximum(np.minimum(one[:, None, 2:], others[None, :, 2:]) - low, 0)
    common = sides[..., 0] * sides[..., 1]
    areas = [np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), axis=1) for b in (one, others)]
    union = areas[0][:, None] + areas[1][None, :] - common
    found: Floats = (common / np.maximum(union, 1e-9)).astype(np.float32)
    return found
