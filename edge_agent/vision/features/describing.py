"""What is remembered of a picture of one thing: its local features, each with its colours.

Local features are SIFT (Lowe, “Distinctive image features from scale-invariant keypoints”, IJCV
60(2), 2004), compared as RootSIFT (Arandjelović and Zisserman, “Three things everyone should know
to improve object retrieval”, CVPR 2012). Cartons of one brand differ in a colour only, so each
feature brings the colours it stands on, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask

Floats = NDArray[np.float32]

DESCRIPTION_VERSION = "5"
"""To be raised with whatever changes a description: older ones are then made anew."""

DIMENSIONS = 128 + 10
"""RootSIFT, then the chroma (a*, b*) of the feature's middle and of four places around it."""

COLOUR_BINS = 20
MOST_FEATURES = 600
LONGEST_SIDE = 480
SHORTEST_SIDE = 240
"""Pictures are looked at between these sizes, pixels of their longer side."""

SMALLER = 3
"""The small picture that is kept, by how much smaller it is than the one looked at."""

_MARGIN = 0.12
"""Around a mask, of its longer side: features at the thing's border need what is beside it."""

_CONTRAST = 0.02
_CHROMA_WEIGHT = 0.025 / 5**0.5
"""So that a chroma apart by 10 at all places counts as a RootSIFT distance of 0.35."""
_ROOT_STEP = 1 / 400
_NEUTRAL = 128.0
_OFFSET = np.array([0.0] * 128 + [_NEUTRAL] * 10, np.float32)
_STEP = np.array([_ROOT_STEP] * 128 + [_CHROMA_WEIGHT] * 10, np.float32)
_BLURS = (1.0, 2.0, 4.0, 8.0)
_AROUND = ((0, 0), (1, 0), (0, 1), (-1, 0), (0, -1))
_REACH = 0.7
_MIDDLE = (0.2, 0.25)
_EDGE_WEIGHT = 0.05
_MOST_CHROMA = 80.0
_ROUNDS = 3
_LIGHTNESSES, _CHROMAS = 6, 12
_COLOUR_TRUST = 1.5


@dataclass(frozen=True, slots=True)
class Description:
    """What is remembered of a picture.

    `size` (height, width) of the picture as it was looked at, `places` (n, 2): x, y in it;
    `packed` (n, DIMENSIONS): the descriptors in a byte each; `weights` (n,): how likely a feature
    lies on the thing; `colours` (COLOUR_BINS²,): shares of the chroma, sum 1; `small` (height,
    width, 4): the picture SMALLER times smaller, CIE L*a*b* in bytes and how likely the thing is
    there, 255 surely.
    """

    size: tuple[int, int]
    places: Floats
    packed: NDArray[np.uint8]
    weights: Floats
    colours: Floats
    small: NDArray[np.uint8]

    @property
    def descriptors(self) -> Floats:
        """RootSIFT and chroma (n, DIMENSIONS), scaled so that distances may be compared."""
        return (self.packed.astype(np.float32) - _OFFSET) * _STEP

    def __len__(self) -> int:
        return len(self.places)


def describe(picture: Image, mask: Mask | None = None, most: int = MOST_FEATURES) -> Description:
    """Describe the thing in a picture by at most `most` features.

    `mask` (height, width) is 255 where the thing is; without one, the middle counts most: who
    photographs a thing, or cuts it out, has it there.
    """
    if mask is not None and mask.any():
        picture, mask = _around(picture, mask)
    picture, mask = _at_working_size(picture, mask)
    likely = _middle(picture.shape[:2]) if mask is None else _within(mask)
    places, sizes, angles, roots = _features(picture, likely, mask, most)
    lab = as_floats(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2Lab))
    thing = _thing(lab, likely) if mask is None else likely
    chroma = _local_chroma(lab, places, sizes, angles) + _NEUTRAL
    columns, rows = _pixels(places, picture.shape[:2])
    return Description(
        size=(picture.shape[0], picture.shape[1]),
        places=places,
        packed=np.clip(np.round(np.hstack([roots / _ROOT_STEP, chroma])), 0, 255).astype(np.uint8),
        weights=thing[rows, columns],
        colours=_colour_shares(lab, likely),
        small=_small(lab, thing),
    )


def _around(picture: Image, mask: Mask) -> tuple[Image, Mask]:
    """Cut out the thing: small in a large picture, too little of its print would be kept."""
    left, top, width, height = cv2.boundingRect(mask)
    margin = round(_MARGIN * max(width, height))
    rows = slice(max(0, top - margin), top + height + margin)
    columns = slice(max(0, left - margin), left + width + margin)
    return picture[rows, columns], mask[rows, columns]


def _at_working_size(picture: Image, mask: Mask | None) -> tuple[Image, Mask | None]:
    longer = max(picture.shape[:2])
    scale = min(max(longer, SHORTEST_SIDE), LONGEST_SIDE) / longer
    if scale == 1.0:
        return picture, mask
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    height, width = (max(8, round(side * scale)) for side in picture.shape[:2])
    resized = np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)
    if mask is None:
        return resized, None
    nearest = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    return resized, np.asarray(nearest, np.uint8)


def _middle(shape: tuple[int, ...]) -> Floats:
    height, width = shape[:2]
    across = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    down = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    bell = np.exp(-0.5 * ((across / _MIDDLE[0]) ** 2 + ((down / _MIDDLE[1]) ** 2)[:, None]))
    return np.asarray(_EDGE_WEIGHT + (1 - _EDGE_WEIGHT) * bell, np.float32)


def _thing(lab: Floats, middle: Floats) -> Floats:
    """How likely the thing in the middle is at each place: its colours against those around it."""
    seen = cv2.resize(cv2.GaussianBlur(lab, (0, 0), 2.0), (96, 96), interpolation=cv2.INTER_AREA)
    prior = as_floats(np.clip(cv2.resize(middle, (96, 96)), 0.02, 0.92))
    lightness = np.clip(np.round(seen[..., 0] / 100 * _LIGHTNESSES - 0.5), 0, _LIGHTNESSES - 1)
    chroma = np.clip(np.round((seen[..., 1:] + 60) / 120 * _CHROMAS - 0.5), 0, _CHROMAS - 1)
    colour = ((lightness * _CHROMAS + chroma[..., 0]) * _CHROMAS + chroma[..., 1]).astype(np.int64)
    likely = prior
    for _ in range(_ROUNDS):
        inside, outside = _colours_of(colour, likely), _colours_of(colour, as_floats(1 - likely))
        told = np.log((inside + 1e-4) / (outside + 1e-4))[colour].astype(np.float32)
        logit = np.log(prior / (1 - prior)) + _COLOUR_TRUST * cv2.GaussianBlur(told, (0, 0), 2.0)
        likely = as_floats(1 / (1 + np.exp(-logit)))
    return as_floats(cv2.resize(likely, (lab.shape[1], lab.shape[0])))


def _colours_of(colour: NDArray[np.int64], weights: Floats) -> Floats:
    counted = np.bincount(colour.ravel(), weights.ravel(), minlength=_LIGHTNESSES * _CHROMAS**2)
    cubes = counted.astype(np.float32).reshape(_LIGHTNESSES, _CHROMAS, _CHROMAS)
    smooth = np.stack([cv2.GaussianBlur(cube, (0, 0), 0.6) for cube in cubes])
    return as_floats((smooth / smooth.sum()).ravel())


def _small(lab: Floats, thing: Floats) -> NDArray[np.uint8]:
    size = (max(2, lab.shape[1] // SMALLER), max(2, lab.shape[0] // SMALLER))
    bytes_ = lab * np.array([2.55, 1, 1], np.float32) + np.array([0, 128, 128], np.float32)
    smooth = cv2.GaussianBlur(np.dstack([bytes_, thing * 255]), (0, 0), 1.0)
    smaller = cv2.resize(smooth, size, interpolation=cv2.INTER_AREA)
    return np.clip(np.round(smaller), 0, 255).astype(np.uint8)


def _within(mask: Mask) -> Floats:
    """One in the mask, falling to nothing a few pixels outside: masks are never exact."""
    soft = cv2.GaussianBlur((mask > 0).astype(np.float32), (0, 0), 3.0)
    return np.asarray(np.maximum(soft, (mask > 0).astype(np.float32)), np.float32)


def _features(
    picture: Image, likely: Floats, mask: Mask | None, most: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Places (n, 2), sizes (n,), angles (n,) in radians and RootSIFT (n, 128)."""
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    sift = cv2.SIFT.create(contrastThreshold=_CONTRAST)
    found = sift.detect(gray, None if mask is None else (likely > 0.1).astype(np.uint8))
    if not found:
        nothing = np.zeros(0, np.float32)
        return np.zeros((0, 2), np.float32), nothing, nothing, np.zeros((0, 128), np.float32)
    at = np.array([point.pt for point in found], np.float32)
    columns, rows = _pixels(at, picture.shape[:2])
    strength = np.array([point.response for point in found]) * likely[rows, columns]
    best = [found[i] for i in np.argsort(-strength, kind="stable")[:most]]
    kept, described = sift.compute(gray, best)
    sums = described.sum(axis=1, keepdims=True)
    roots = np.sqrt(described / np.maximum(sums, 1e-6))
    return (
        np.array([point.pt for point in kept], np.float32),
        np.array([point.size for point in kept], np.float32),
        np.deg2rad(np.array([point.angle for point in kept], np.float32)),
        np.asarray(roots, np.float32),
    )


def _local_chroma(lab: Floats, places: Floats, sizes: Floats, angles: Floats) -> Floats:
    """The chroma at five places of each feature, turned with it, each blurred by its size."""
    levels = np.stack([cv2.GaussianBlur(lab[..., 1:], (0, 0), blur) for blur in _BLURS])
    level = np.clip(np.round(np.log2(np.maximum(sizes / 4, 1))), 0, len(_BLURS) - 1).astype(int)
    along, aside = np.cos(angles) * sizes * _REACH, np.sin(angles) * sizes * _REACH
    found = []
    for x, y in _AROUND:
        moved = places + np.stack([x * along - y * aside, x * aside + y * along], axis=1)
        columns, rows = _pixels(moved, lab.shape[:2])
        found.append(levels[level, rows, columns])
    return np.concatenate(found, axis=1).astype(np.float32)


def as_floats(of: object) -> Floats:
    """An array of 32 bits, as OpenCV takes it."""
    return np.asarray(of, np.float32)


def _pixels(places: Floats, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    columns = np.clip(np.round(places[:, 0]), 0, shape[1] - 1).astype(np.int64)
    rows = np.clip(np.round(places[:, 1]), 0, shape[0] - 1).astype(np.int64)
    return columns, rows


def _colour_shares(lab: Floats, likely: Floats) -> Floats:
    """How the chroma is spread over the thing; colours beyond ±80 count as that."""
    small = cv2.resize(lab, (96, 96), interpolation=cv2.INTER_AREA)
    weights = cv2.resize(likely, (96, 96), interpolation=cv2.INTER_AREA).ravel()
    chroma = small[..., 1:].reshape(-1, 2)
    bins = (chroma + _MOST_CHROMA) / (2 * _MOST_CHROMA) * COLOUR_BINS
    index = np.clip(bins, 0, COLOUR_BINS - 1).astype(np.int64)
    flat = index[:, 0] * COLOUR_BINS + index[:, 1]
    counted = np.bincount(flat, weights, minlength=COLOUR_BINS**2).reshape(COLOUR_BINS, -1)
    smooth = cv2.GaussianBlur(counted.astype(np.float32), (0, 0), 0.8)
    return as_floats((smooth / max(float(smooth.sum()), 1e-6)).ravel())
