"""How a picture's features meet those of taught pictures: likeness, and one place for all.

Likeness is gathered as by local naive Bayes (McCann and Lowe, “Local naive Bayes nearest neighbor
for image classification”, CVPR 2012): each feature speaks for a product by how much nearer the
product's nearest feature is than what others offer. What several products share, as a brand's
name, so speaks for none of them, and the flavour's word does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.features.aligned import NOTHING, Explained, Laid, lay, told_apart
from edge_agent.vision.features.describing import Description
from edge_agent.vision.features.local import DIMENSIONS, Floats

Indices = NDArray[np.int64]

_FAR = 0.9
"""RootSIFT distances from here on say nothing: chance meets as near."""
_NEVER = 2.0
_VERIFIED = 2
"""Taught pictures a product whose features must also fit in place: those most alike."""
_REPROJECTION_PX = 6.0
_LEAST_INLIERS = 6


@dataclass(frozen=True, slots=True)
class Evidence:
    """How one product fits a picture.

    `likeness`: mean over the picture's features, weighted, of how much nearer this product is;
    `own`: features that fit in place and that no other product has as near, weighted; `colours`: 0
    to 1, the best picture's; `explained`: what the taught picture of which most fits in place, laid
    over the picture, explains of it; `told_apart`: how much better it looks like the picture
    where it differs from the product that it is told apart from worst, -1 to 1.
    """

    likeness: float
    own: float
    colours: float
    explained: Explained = NOTHING
    told_apart: float = 0.0


@dataclass(frozen=True, slots=True)
class _Met:
    """For each taught picture and feature of the query (r, n): how near its nearest feature is,
    which it is, and whether that one has none nearer itself.
    """

    near: Floats
    index: Indices
    mutual: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A taught picture in one place: the query's features that fit, and it laid over the query."""

    features: Indices
    laid: Laid | None


def gather(query: Description, taught: Mapping[str, Sequence[Description]]) -> dict[str, Evidence]:
    """Compare a picture with the taught pictures of each product."""
    references = [(sku, d) for sku, pictures in taught.items() for d in pictures]
    if not references:
        return {}
    colours = {
        sku: max(float(np.sqrt(d.colours * query.colours).sum()) for d in pictures)
        for sku, pictures in taught.items()
    }
    skus = list(taught)
    if len(query) == 0:
        return {sku: Evidence(0.0, 0.0, colours[sku]) for sku in skus}
    met = _nearest(query, [d for _, d in references])
    rows = [np.flatnonzero([of == sku for of, _ in references]) for sku in skus]
    best = np.stack([met.near[own].min(axis=0) for own in rows])
    rival = _rivals(best)
    weights = query.weights / max(float(query.weights.sum()), 1e-6)
    nearer = np.maximum(0.0, rival - best)
    likeness = nearer @ weights
    fits = []
    for own in rows:
        votes = np.maximum(0.0, rival - met.near[own]) @ weights
        tried = own[np.argsort(-votes, kind="stable")[:_VERIFIED]]
        fits.append(_best_fit(query, {int(row): references[row][1] for row in tried}, met))
    apart = _apart([fit.laid for fit in fits])
    return {
        sku: Evidence(
            likeness=float(likeness[s]),
            own=float((query.weights * (nearer[s] > 0.05))[fit.features].sum()),
            colours=colours[sku],
            explained=NOTHING if fit.laid is None else fit.laid.explained,
            told_apart=apart[s],
        )
        for s, (sku, fit) in enumerate(zip(skus, fits, strict=True))
    }


def _best_fit(query: Description, references: Mapping[int, Description], met: _Met) -> _Fit:
    """Of taught pictures of one product, by their row: that of which most fits in place."""
    best, most, held = np.zeros(0, np.int64), 0.0, None
    for row, reference in references.items():
        kept = _in_place(query, reference, met, row)
        fits = float(query.weights[kept].sum())
        if fits > most:
            best, most, held = kept, fits, row
    if held is None:
        return _Fit(best, None)
    there = references[held].places[met.index[held][best]]
    return _Fit(best, lay(query, references[held], query.places[best], there))


def _apart(laid: Sequence[Laid | None]) -> list[float]:
    """How each is told apart from the other that it is told apart from worst; 0 from none."""
    apart: list[list[float]] = [[] for _ in laid]
    for a, one in enumerate(laid):
        for b, other in enumerate(laid[:a]):
            if one is not None and other is not None:
                better = told_apart(one, other)
                apart[a].append(better)
                apart[b].append(-better)
    return [min(each, default=0.0) for each in apart]


def _nearest(query: Description, references: Sequence[Description]) -> _Met:
    asked = _completed(query, swapped=False)
    rows = np.arange(len(asked))
    near = np.full((len(references), len(asked)), _NEVER, np.float32)
    index = np.zeros((len(references), len(asked)), np.int64)
    mutual = np.zeros((len(references), len(asked)), bool)
    # Memory anew for each product would take longer than the product itself.
    room = np.empty(len(asked) * max(map(len, references)), np.float32)
    for r, reference in enumerate(references):
        if len(reference) == 0:
            continue
        closeness = room[: len(asked) * len(reference)].reshape(len(asked), -1)
        np.matmul(asked, _completed(reference, swapped=True).T, out=closeness)
        index[r] = closeness.argmax(axis=1)
        nearest = closeness[rows, index[r]]
        near[r] = np.sqrt(np.maximum(-2 * nearest, 0.0))
        mutual[r] = nearest >= closeness.max(axis=0)[index[r]]
    return _Met(near, index, mutual)


def _completed(of: Description, *, swapped: bool) -> Floats:
    """Descriptors with two columns more, the second time the other way round.

    The product of two such rows is half the squared distance of the descriptors, negative: the
    largest is the nearest, both ways.
    """
    completed = np.ones((len(of), DIMENSIONS + 2), np.float32)
    completed[:, :DIMENSIONS] = held = of.descriptors
    completed[:, DIMENSIONS + swapped] = -0.5 * np.einsum("nd,nd->n", held, held)
    return completed


def _rivals(best: Floats) -> Floats:
    """What a feature's distance must be under to speak for a product: what others offer."""
    ordered = np.sort(best, axis=0)
    rival: Floats = np.minimum(ordered[min(3, len(ordered) - 1)], np.float32(_FAR))
    return rival


def _in_place(query: Description, reference: Description, met: _Met, row: int) -> Indices:
    """The query's features that one flat surface of the reference explains in place, too."""
    tried = np.flatnonzero(met.mutual[row] & (met.near[row] < _FAR))
    if len(tried) < _LEAST_INLIERS:
        return tried[:0]
    there, here = reference.places[met.index[row][tried]], query.places[tried]
    homography, inlying = cv2.findHomography(
        there, here, cv2.USAC_MAGSAC, _REPROJECTION_PX, maxIters=1000, confidence=0.99
    )
    if homography is None or inlying.sum() < _LEAST_INLIERS:
        return tried[:0]
    return tried[inlying.ravel() > 0]
