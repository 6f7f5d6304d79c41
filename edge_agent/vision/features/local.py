"""Local features of a picture: where they lie, what they look like, and the colours they stand on.

They are SIFT (Lowe, “Distinctive image features from scale-invariant keypoints”, IJCV 60(2), 2004),
compared as RootSIFT (Arandjelović and Zisserman, “Three things everyone should know to improve
object retrieval”, CVPR 2012). Of its 4 × 4 cells of 8 orientations only the coarse part is kept, by
a cosine transform over the cells and a Fourier transform over the orientations: the fine part is
mostly noise, and comparing takes a time in proportion. Cartons of one brand differ in a colour
only, so each feature brings the colours it stands on, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask

Floats = NDArray[np.float32]

_CELLS, _ORIENTATIONS = 4, 8
_FINEST = 4
"""Cycles across the cells, down them and around, together: what is finer is left out."""


def _coarse() -> Floats:
    """The coarse part of a descriptor: (SHAPES, 128), rows of length 1 and at right angles."""
    cell, turn = np.arange(_CELLS), np.arange(_ORIENTATIONS)
    cosines = np.cos(np.pi * np.outer(cell, cell + 0.5) / _CELLS)
    cycles = (turn + 1) // 2
    # Odd rows are cosines, even ones sines: of no cycle and of the most, there is a cosine only.
    around = 2 * np.pi * np.outer(cycles, turn) / _ORIENTATIONS - np.pi / 2 * (
        turn[:, None] % 2 == 0
    )
    waves = np.cos(around)
    waves[0] = 1.0
    cosines /= np.linalg.norm(cosines, axis=1, keepdims=True)
    waves /= np.linalg.norm(waves, axis=1, keepdims=True)
    whole = np.einsum("au,bv,cw->abcuvw", cosines, cosines, waves)
    fineness = cell[:, None, None] + cell[:, None] + cycles
    return as_floats(whole[fineness <= _FINEST].reshape(-1, _CELLS * _CELLS * _ORIENTATIONS))


def as_floats(of: object) -> Floats:
    """An array of 32 bits, as OpenCV takes it."""
    return np.asarray(of, np.float32)


_COARSE = _coarse()
SHAPES = len(_COARSE)
CHROMAS = 10
DIMENSIONS = SHAPES + CHROMAS
"""The coarse RootSIFT, then the chroma (a*, b*) of the feature's middle and of four places around
it."""

_CONTRAST = 0.02
_KEPT = 0.86**0.5
"""Two features by chance are so much nearer in the coarse part than in all of it."""
_CHROMA_WEIGHT = 0.025 / 5**0.5
"""So that a chroma apart by 10 at all places counts as a RootSIFT distance of 0.35."""
_SHAPE_STEP = 1 / 250
_USUAL = 0.74
"""The mean over a RootSIFT, the first of its coarse part, is about this for all."""
_NEUTRAL = 128.0
_OFFSET = np.array(
    [_NEUTRAL - _USUAL / _SHAPE_STEP] + [_NEUTRAL] * (DIMENSIONS - 1),
    np.float32,
)
_STEP = np.array([_SHAPE_STEP / _KEPT] * SHAPES + [_CHROMA_WEIGHT] * CHROMAS, np.float32)
_BLURS = (1.0, 2.0, 4.0, 8.0)
_AROUND = ((0, 0), (1, 0), (0, 1), (-1, 0), (0, -1))
_REACH = 0.7
_LEAST_LIKELY = 0.1


@dataclass(frozen=True, slots=True)
class Features:
    """`places` (n, 2): x, y in the picture; `packed` (n, DIMENSIONS): the descriptors in bytes."""

    places: Floats
    packed: NDArray[np.uint8]


def unpacked(packed: NDArray[np.uint8]) -> Floats:
    """Descriptors (n, DIMENSIONS) from their bytes, scaled so that distances may be compared."""
    scaled: Floats = packed - _OFFSET
    scaled *= _STEP
    return scaled


def features(
    picture: Image, half: Floats, likely: Floats, mask: Mask | None, most: int
) -> Features:
    """Find the `most` strongest features where the thing is.

    `half` (h, w, 3): the picture in CIE L*a*b*, of half its size; `likely` (height, width): how
    likely the thing is there; with a `mask` features are taken from nowhere else.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    sift = cv2.SIFT.create(contrastThreshold=_CONTRAST)
    where = None if mask is None else (likely > _LEAST_LIKELY).astype(np.uint8)
    found = sift.detect(gray, where)
    if not found:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, DIMENSIONS), np.uint8))
    columns, rows = pixels(cv2.KeyPoint.convert(found), likely.shape)
    strength = np.array([point.response for point in found]) * likely[rows, columns]
    # Describing takes twice as long as finding: only those that are kept.
    best = [found[i] for i in np.argsort(-strength, kind="stable")[:most]]
    kept, described = sift.compute(gray, best)
    places = as_floats(cv2.KeyPoint.convert(kept))
    sums = described.sum(axis=1, keepdims=True)
    shapes = coarse_bytes(as_floats(np.sqrt(described / np.maximum(sums, 1e-6))))
    chroma = _as_bytes(_local_chroma(half, places, kept) + _NEUTRAL)
    return Features(places, np.hstack([shapes, chroma]))


def coarse_bytes(roots: Floats) -> NDArray[np.uint8]:
    """The coarse part (n, SHAPES) of RootSIFT descriptors (n, 128), in bytes."""
    return _as_bytes(roots @ _COARSE.T / _SHAPE_STEP + _OFFSET[:SHAPES])


def _as_bytes(of: Floats) -> NDArray[np.uint8]:
    return np.clip(np.round(of), 0, 255).astype(np.uint8)


def pixels(places: object, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns and rows of places (n, 2), the nearest inside a picture of this shape."""
    nearest = np.round(as_floats(places))
    columns = np.clip(nearest[:, 0], 0, shape[1] - 1).astype(np.int64)
    rows = np.clip(nearest[:, 1], 0, shape[0] - 1).astype(np.int64)
    return columns, rows


def _local_chroma(half: Floats, places: Floats, points: Sequence[cv2.KeyPoint]) -> Floats:
    """The chroma at five places of each feature, turned with it, each blurred by its size."""
    sizes = np.array([point.size for point in points], np.float32)
    angles = np.deg2rad(np.array([point.angle for point in points], np.float32))
    chroma = half[..., 1:]
    levels = np.stack([cv2.GaussianBlur(chroma, (0, 0), blur / 2) for blur in _BLURS])
    level = np.clip(np.round(np.log2(np.maximum(sizes / 4, 1))), 0, len(_BLURS) - 1).astype(int)
    along, aside = np.cos(angles) * sizes * _REACH, np.sin(angles) * sizes * _REACH
    found = []
    for x, y in _AROUND:
        moved = places + np.stack([x * along - y * aside, x * aside + y * along], axis=1)
        columns, rows = pixels(moved / 2 - 0.25, half.shape)
        found.append(levels[level, rows, columns])
    return as_floats(np.concatenate(found, axis=1))
