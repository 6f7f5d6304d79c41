"""What is remembered of a picture of one thing: its local features, its colours, a small copy."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.features.local import Floats, as_floats, features, pixels, unpacked
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask

DESCRIPTION_VERSION = "6"
"""To be raised with whatever changes a description: older ones are then made anew."""

COLOUR_BINS = 20
MOST_FEATURES = 400
LONGEST_SIDE = 264
SHORTEST_SIDE = 240
"""Pictures are looked at between these sizes, pixels of their longer side."""

SMALLER = 3
"""The small picture that is kept, by how much smaller it is than the one looked at."""

_MARGIN = 0.12
"""Around a mask, of its longer side: features at the thing's border need what is beside it."""

_MIDDLE = (0.2, 0.25)
_EDGE_WEIGHT = 0.05
_MOST_CHROMA, _NEUTRAL = 80.0, 128.0
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
        """Coarse RootSIFT and chroma (n, DIMENSIONS), scaled so that distances may be compared."""
        return unpacked(self.packed)

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
    lab = _half_lab(picture)
    thing = _thing(lab, likely) if mask is None else likely
    found = features(picture, lab, likely, mask, most)
    columns, rows = pixels(found.places, thing.shape)
    return Description(
        size=(picture.shape[0], picture.shape[1]),
        places=found.places,
        packed=found.packed,
        weights=thing[rows, columns],
        colours=_colour_shares(lab, likely),
        small=_small(picture, thing),
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
    seen = cv2.resize(cv2.GaussianBlur(lab, (0, 0), 1.0), (96, 96), interpolation=cv2.INTER_AREA)
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
    return as_floats(cv2.resize(likely, (middle.shape[1], middle.shape[0])))


def _colours_of(colour: NDArray[np.int64], weights: Floats) -> Floats:
    counted = np.bincount(colour.ravel(), weights.ravel(), minlength=_LIGHTNESSES * _CHROMAS**2)
    cubes = counted.astype(np.float32).reshape(_LIGHTNESSES, _CHROMAS, _CHROMAS)
    smooth = np.stack([cv2.GaussianBlur(cube, (0, 0), 0.6) for cube in cubes])
    return as_floats((smooth / smooth.sum()).ravel())


def _half_lab(picture: Image) -> Floats:
    """The picture in CIE L*a*b* at half its size: colours need no more, and take a quarter."""
    size = (max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2))
    half = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return as_floats(cv2.cvtColor(as_floats(half) / 255, cv2.COLOR_BGR2Lab))


def _small(picture: Image, thing: Floats) -> NDArray[np.uint8]:
    size = (max(2, picture.shape[1] // SMALLER), max(2, picture.shape[0] // SMALLER))
    smaller = as_floats(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)) / 255
    lab = cv2.cvtColor(smaller, cv2.COLOR_BGR2Lab) * np.array([2.55, 1, 1], np.float32)
    lab += np.array([0, _NEUTRAL, _NEUTRAL], np.float32)
    likely = cv2.resize(thing, size, interpolation=cv2.INTER_AREA)
    return np.clip(np.round(np.dstack([lab, likely * 255])), 0, 255).astype(np.uint8)


def _within(mask: Mask) -> Floats:
    """One in the mask, falling to nothing a few pixels outside: masks are never exact."""
    soft = cv2.GaussianBlur((mask > 0).astype(np.float32), (0, 0), 3.0)
    return np.asarray(np.maximum(soft, (mask > 0).astype(np.float32)), np.float32)


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
