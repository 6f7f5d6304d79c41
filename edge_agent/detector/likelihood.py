"""From scores of boxes to likelihoods of products, and from boxes to counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edge_agent.detector.boxes import Boxes, Floats
from edge_agent.detector.manifest import Weight
from edge_agent.vision.seen import Mask

SURE = 0.95
"""So probable among the candidates and “something else”, each alike likely before, is an answer."""

COUNTED = 0.5
"""A box of at least this score is counted as a thing."""

ENOUGH = 0.25
"""So much of a box or more is masked where its thing moved; of plain things only edges change."""

_NEVER = 1e-4


def ratio(score: float, weight: Weight) -> float:
    """Return p(score | this product) / p(score | something else).

    Bounded by the number of things that the fit was made from: what never happened in n things may
    still happen once in n + 2 (Laplace's rule of succession).
    """
    s = min(max(score, _NEVER), 1 - _NEVER)
    bound = float(np.log(weight.samples + 2))
    ln = weight.intercept + weight.slope * float(np.log(s / (1 - s)))
    return float(np.exp(np.clip(ln, -bound, bound)))


def overlaps(boxes: Boxes, mask: Mask) -> tuple[Floats, Floats]:
    """Tell of each box how well it is the masked part, and how much of it is masked (n,), 0 to 1.

    The first is the Dice coefficient: 1 where box and mask are the same.
    """
    # The sum over any box at once, from an integral image.
    summed = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    summed[1:, 1:] = (mask > 0).cumsum(axis=0).cumsum(axis=1)
    left, top, right, bottom = np.rint(boxes.corners).astype(np.intp).T
    inside = summed[bottom, right] - summed[top, right] - summed[bottom, left] + summed[top, left]
    areas = np.maximum((right - left) * (bottom - top), 1)
    dice: Floats = (2.0 * inside / (areas + summed[-1, -1])).astype(np.float32)
    return dice, (inside / areas).astype(np.float32)


def evidence(boxes: Boxes, mask: Mask | None, classes: int) -> Floats:
    """Tell how strongly each class is seen where the mask is (classes,), 0 to 1.

    The box that is most like the mask speaks fully, a neighbour as much less as it is less like it.
    """
    if not len(boxes):
        return np.zeros(classes, np.float32)
    if mask is None:
        strongest: Floats = boxes.scores.max(axis=0)
        return strongest
    dice, _ = overlaps(boxes, mask)
    like = dice / max(float(dice.max()), ENOUGH)
    seen: Floats = (boxes.scores * like[:, np.newaxis]).max(axis=0)
    return seen


def soft_counts(boxes: Boxes, mask: Mask | None, classes: int) -> Floats:
    """Count the things that the mask touches (classes,), each as far as it is sure and masked."""
    if not len(boxes):
        return np.zeros(classes, np.float32)
    if mask is None:
        every: Floats = boxes.scores.sum(axis=0)
        return every
    _, masked = overlaps(boxes, mask)
    part = np.minimum(np.float32(1.0), masked / np.float32(ENOUGH))
    counted: Floats = (boxes.scores * part[:, np.newaxis]).sum(axis=0)
    return counted


def departure(before: Boxes, after: Boxes, mask: Mask | None, classes: int) -> Floats:
    """Tell how strongly it looks as if one of each class left (classes,), 0 to 1.

    What is fewer afterwards left. Where nothing is fewer, for behind the unit that was taken stands
    the next one, that left which stood where the picture changed.
    """
    fewer = soft_counts(before, mask, classes) - soft_counts(after, mask, classes)
    fewer = np.clip(fewer, 0.0, 1.0)
    there = evidence(before, mask, classes)
    gone: Floats = np.maximum(fewer, (1.0 - fewer.max()) * there)
    return gone


def answer_of(ratios: Mapping[str, float]) -> str | None:
    """Name the product that is sure against the others and against something else."""
    if not ratios:
        return None
    best = max(sorted(ratios), key=lambda sku: ratios[sku])
    return best if ratios[best] >= SURE * (1.0 + sum(ratios.values())) else None


def counts(boxes: Boxes, skus: Sequence[str]) -> dict[str, int]:
    """Count the things in a picture by SKU."""
    found: dict[str, int] = {}
    for kind, score in zip(boxes.classes, boxes.best, strict=True):
        if score >= COUNTED:
            found[skus[kind]] = found.get(skus[kind], 0) + 1
    return found
