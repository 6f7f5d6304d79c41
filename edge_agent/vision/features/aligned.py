"""How well a taught picture, laid over another where its features fit, explains it place by place.

Two flavours of a brand share most of their features; laid over each other, they differ where the
flavour is printed. Structure is compared by the contrast and structure terms of SSIM (Wang et al.,
“Image quality assessment”, IEEE TIP 13(4), 2004), colour by chroma alone: shops are lit unequally.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.features.describing import SMALLER, Description
from edge_agent.vision.features.local import Floats, as_floats

LEAST_POINTS = 6
_WINDOW = (9, 9)
_NOISE = 20.0
"""Variances of lightness (0 to 100) far under this are flat: no structure to compare."""
_CHROMA_APART = 15.0
_CAST = 0.5
"""The share of a common difference in chroma that is put down to the light."""
_LEAST_OVERLAP = 35.0
_FAINTLY = 0.3
_LEAST_TELLING = 18.0
"""Two taught pictures differ a little everywhere, as they are not laid on exactly; and in so many
pixels, of the small picture, by chance."""
_LEAST_AREA, _MOST_AREA = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class Explained:
    """Shares of the thing in a picture, 0 to 1.

    `covered` by the taught picture; `shaped`: there with the same structure; `coloured`: with the
    same chroma; `both` at once.
    """

    covered: float = 0.0
    shaped: float = 0.0
    coloured: float = 0.0
    both: float = 0.0


NOTHING = Explained()


@dataclass(frozen=True, slots=True)
class Laid:
    """A taught picture laid over another: all are of that one's size (h, w).

    `lab` (h, w, 3) CIE L*a*b* in bytes; `over` (h, w): how surely both show their thing there, 0 to
    1; `same` (h, w): whether they look the same there, 0 to 1; `explained`: all of it together.
    """

    lab: Floats
    over: Floats
    same: Floats
    explained: Explained


def lay(query: Description, taught: Description, here: Floats, there: Floats) -> Laid | None:
    """Lay a taught picture over a picture and compare them; `here`, `there` (n, 2) meet.

    None where it does not fit on it.
    """
    if len(here) < LEAST_POINTS:
        return None
    homography, _ = cv2.findHomography(there / SMALLER, here / SMALLER, 0)
    if homography is None or not _plausible(np.asarray(homography, np.float32), taught):
        return None
    asked = query.small.astype(np.float32)
    size = (asked.shape[1], asked.shape[0])
    laid = as_floats(cv2.warpPerspective(taught.small.astype(np.float32), homography, size))
    shares = asked[..., 3] / max(float(asked[..., 3].sum()), 1.0)
    thing = laid[..., 3] / 255
    overlap = as_floats(thing * asked[..., 3] / 255)
    if overlap.sum() < _LEAST_OVERLAP:
        return None
    chroma, shape = _same_chroma(asked, laid, overlap > 0.5), _same_structure(asked, laid)
    shown = Explained(
        covered=float((shares * thing).sum()),
        shaped=float((shares * thing * shape).sum()),
        coloured=float((shares * thing * chroma).sum()),
        both=float((shares * thing * chroma * shape).sum()),
    )
    return Laid(laid[..., :3], overlap, as_floats(chroma * shape), shown)


def told_apart(one: Laid, other: Laid) -> float:
    """How much better `one` looks like the picture where two taught pictures differ, -1 to 1.

    Flavours of a brand differ in a word and a fruit: what is the same on all says nothing here.
    Towards 0 where they differ in little.
    """
    over = np.minimum(one.over, other.over)
    alike = _same_structure(one.lab, other.lab) * _same_chroma(one.lab, other.lab, over > 0.5)
    telling = over * np.maximum(0, 1 - alike - _FAINTLY)
    area = float(telling.sum())
    return float((telling * (one.same - other.same)).sum()) / (area + _LEAST_TELLING)


def _plausible(homography: Floats, taught: Description) -> bool:
    """Whether the middle of the taught picture stays a face: not mirrored, folded nor a speck."""
    height, width = taught.small.shape[:2]
    corners = np.array([[[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]], np.float32)
    corners *= np.array([width, height], np.float32)
    moved = np.asarray(cv2.perspectiveTransform(corners, homography)[0], np.float32)
    if not np.isfinite(moved).all() or not cv2.isContourConvex(moved):
        return False
    grown = float(cv2.contourArea(moved, True) / cv2.contourArea(corners[0], True))
    return _LEAST_AREA < grown < _MOST_AREA


def _same_chroma(one: Floats, other: Floats, surely: NDArray[np.bool_]) -> Floats:
    """1 where the chroma is the same, to 0; (height, width) of L*a*b* (height, width, 3 or more).

    `surely` says where both show the thing: there it is seen how the light differs.
    """
    squares = np.zeros(surely.shape, np.float32)
    # A quarter of the pixels is enough for a median, and takes a quarter.
    seen = surely[::2, ::2]
    for axis in (1, 2):
        apart = one[..., axis] - other[..., axis]
        known = apart[::2, ::2][seen]
        if len(known):
            apart -= np.float32(_CAST * np.median(known))
        squares += apart * apart
    return as_floats(np.exp(squares * np.float32(-1 / _CHROMA_APART**2)))


def _same_structure(picture: Floats, another: Floats) -> Floats:
    """1 where the lightness has the same structure, to 0; (height, width) of L*a*b* pictures."""
    one, other = (np.asarray(of[..., 0] / 2.55, np.float32) for of in (picture, another))
    mean_one, mean_other = cv2.blur(one, _WINDOW), cv2.blur(other, _WINDOW)
    spread_one = np.maximum(cv2.blur(one * one, _WINDOW) - mean_one**2, 0)
    spread_other = np.maximum(cv2.blur(other * other, _WINDOW) - mean_other**2, 0)
    together = cv2.blur(one * other, _WINDOW) - mean_one * mean_other
    same = (2 * together + _NOISE) / (spread_one + spread_other + _NOISE)
    return np.asarray(np.maximum(same, 0), np.float32)
