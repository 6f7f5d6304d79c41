"""Runtimes beside each other: whether they see the same, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.detector.boxes import Boxes, overlap
from edge_agent.detector.detector import Detector
from edge_agent.detector.letterbox import letterbox
from edge_agent.vision.frames import Image

SURE = 0.5
"""Boxes below it are not asked to agree: what is half seen may be seen or not."""

SAME_PLACE = 0.9
SAME_SCORE = 0.05


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `boxes` sure ones that the first runtime finds, how many the other finds as well."""

    runtime: str
    other: str
    boxes: int
    found: int

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where there was nothing to find."""
        return self.found / self.boxes if self.boxes else 1.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Median milliseconds of the whole way from picture to boxes, and of the model alone."""

    runtime: str
    whole_ms: float
    model_ms: float


def agreement(one: Detector, other: Detector, pictures: Sequence[Image]) -> Agreement:
    """Compare what two runtimes of one model see: same class, same place, same score."""
    boxes, found = 0, 0
    for picture in pictures:
        mine, theirs = one.detect(picture), other.detect(picture)
        sure = mine.best >= SURE
        boxes += int(sure.sum())
        found += _found(mine, theirs, sure)
    return Agreement(one.runtime.name, other.runtime.name, boxes, found)


def _found(
    mine: Boxes, theirs: Boxes, sure: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> int:
    if not len(theirs) or not sure.any():
        return 0
    same = overlap(mine.corners[sure], theirs.corners) >= SAME_PLACE
    same &= mine.classes[sure][:, None] == theirs.classes[None, :]
    same &= np.abs(mine.best[sure][:, None] - theirs.best[None, :]) <= SAME_SCORE
    return int(same.any(axis=1).sum())


def speed(detector: Detector, pictures: Sequence[Image], runs: int = 20) -> Speed:
    """Measure how long a picture takes, the two ways in turn, so that a busy machine slows both."""
    size = detector.manifest.input_px
    whole, alone = [], []
    for run in range(runs):
        picture = pictures[run % len(pictures)]
        blob, _ = letterbox(picture, size)
        begin = time.perf_counter()
        detector.detect(picture)
        middle = time.perf_counter()
        detector.runtime.infer(blob)
        whole.append(middle - begin)
        alone.append(time.perf_counter() - middle)
    return Speed(
        detector.runtime.name,
        round(1000 * float(np.median(whole)), 2),
        round(1000 * float(np.median(alone)), 2),
    )
