"""How good a detector is on labelled pictures: average precision, and what its scores are worth.

Average precision as COCO reckons it (Lin et al. 2014; pycocotools): matched greedily from the
surest box down, precision made to fall, read at 101 recalls, for each class; ten overlaps from .5
to .95.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.detector.boxes import Boxes, Floats, overlap
from edge_agent.detector.detector import Detector
from edge_agent.detector.likelihood import evidence
from edge_agent.detector.manifest import Measured, Weight
from edge_agent.training.compositing import Labelled

OVERLAPS = np.arange(0.5, 1.0, 0.05)
_RECALLS = np.linspace(0.0, 1.0, 101)
_LEAST_SCORE = 0.001
_ROUNDS = 50
_USUAL = np.array([0.0, 1.0])


def average_precisions(
    found: Sequence[Boxes], labelled: Sequence[Labelled], classes: int
) -> NDArray[np.float64]:
    """Average precision of each class at each of `OVERLAPS`; NaN where a class has no label."""
    result = np.full((classes, len(OVERLAPS)), np.nan)
    for kind in range(classes):
        scores, hits, expected = [], [], 0
        for boxes, truth in zip(found, labelled, strict=True):
            true = np.array(
                [b for c, b in zip(truth.classes, truth.boxes, strict=True) if c == kind]
            )
            expected += len(true)
            mine = boxes.classes == kind
            scores.append(boxes.best[mine])
            hits.append(_hits(boxes.corners[mine], true.reshape(-1, 4).astype(np.float32)))
        if expected:
            result[kind] = _from_hits(np.concatenate(scores), np.concatenate(hits), expected)
    return result


def _hits(corners: Floats, true: Floats) -> NDArray[np.bool_]:
    """Which boxes, the surest first, are right at each overlap: (n, overlaps)."""
    hits = np.zeros((len(corners), len(OVERLAPS)), bool)
    if not len(true):
        return hits
    shared = overlap(corners, true)
    for place, least in enumerate(OVERLAPS):
        free = np.ones(len(true), bool)
        for box in range(len(corners)):
            candidates = np.where(free, shared[box], -1.0)
            best = int(np.argmax(candidates))
            if candidates[best] >= least:
                free[best] = False
                hits[box, place] = True
    return hits


def _from_hits(scores: Floats, hits: NDArray[np.bool_], expected: int) -> NDArray[np.float64]:
    order = np.argsort(-scores, kind="stable")
    right = hits[order].cumsum(axis=0)
    if not len(order):
        return np.zeros(len(OVERLAPS))
    recall = right / expected
    precision = right / np.arange(1, len(order) + 1)[:, None]
    falling = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    areas = []
    for place in range(len(OVERLAPS)):
        at = np.searchsorted(recall[:, place], _RECALLS, side="left")
        reached = np.append(falling[:, place], 0.0)
        areas.append(reached[at].mean())
    return np.array(areas)


def measure(detector: Detector, labelled: Sequence[Labelled], on: str) -> Measured:
    """Measure mAP on labelled pictures; `on` says which."""
    found = [detector.detect(picture.image, _LEAST_SCORE) for picture in labelled]
    precisions = average_precisions(found, labelled, len(detector.manifest.classes))
    seen = precisions[~np.isnan(precisions).any(axis=1)]
    if not len(seen):
        return Measured(on=on, pictures=len(labelled), map50=0.0, map50_95=0.0)
    return Measured(
        on=on,
        pictures=len(labelled),
        map50=round(float(seen[:, 0].mean()), 4),
        map50_95=round(float(seen.mean()), 4),
    )


def weigh_scores(detector: Detector, labelled: Sequence[Labelled]) -> Weight:
    """Fit what a score is worth, on things in held-back pictures whose place is known.

    Each labelled box is asked about as if it were what changed: the evidence for its own class is
    a positive, for each other class a negative; both sides weigh alike, so that the odds are a
    likelihood ratio. Targets are smoothed as Platt (1999) does.
    """
    own, others = [], []
    for picture in labelled:
        boxes = detector.detect(picture.image)
        for kind, (left, top, right, bottom) in zip(picture.classes, picture.boxes, strict=True):
            mask = np.zeros(picture.image.shape[:2], np.uint8)
            mask[max(0, top) : bottom, max(0, left) : right] = 255
            seen = evidence(boxes, mask, len(detector.manifest.classes))
            own.append(float(seen[kind]))
            others += np.delete(seen, kind).tolist()
    if not own or not others:
        return Weight()
    return _fitted(np.array(own), np.array(others))


def _fitted(own: NDArray[np.float64], others: NDArray[np.float64]) -> Weight:
    scores = np.clip(np.concatenate([own, others]), 1e-4, 1 - 1e-4)
    x = np.column_stack([np.ones(len(scores)), np.log(scores / (1 - scores))])
    positive, negative = len(own), len(others)
    target = np.concatenate(
        [
            np.full(positive, (positive + 1) / (positive + 2)),
            np.full(negative, 1 / (negative + 2)),
        ]
    )
    share = np.concatenate([np.full(positive, 0.5 / positive), np.full(negative, 0.5 / negative)])
    share = share * positive
    parts = _USUAL
    loss = _loss(parts, x, target, share)
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(x @ parts, -30, 30)))
        gradient = x.T @ (share * (p - target)) + parts - _USUAL
        curve = (x * (share * p * (1 - p))[:, None]).T @ x + np.eye(2)
        step = np.linalg.solve(curve, gradient)
        # Where scores are sure the curve is flat and Newton's step too long.
        while (tried := _loss(parts - step, x, target, share)) > loss and np.abs(step).max() > 1e-9:
            step = step / 2
        parts, gain, loss = parts - step, loss - tried, tried
        if gain < 1e-12:
            break
    intercept, slope = float(np.clip(parts[0], -20, 20)), float(np.clip(parts[1], 0.05, 20))
    return Weight(slope=round(slope, 4), intercept=round(intercept, 4), samples=positive)


def _loss(
    parts: NDArray[np.float64],
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    share: NDArray[np.float64],
) -> float:
    """Cross entropy; one made-up observation keeps it finite where the scores part cleanly."""
    z = x @ parts
    entropy = np.logaddexp(0.0, z) - target * z
    return float((share * entropy).sum() + 0.5 * ((parts - _USUAL) ** 2).sum())
