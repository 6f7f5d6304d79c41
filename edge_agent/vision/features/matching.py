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

from edge_agent.vision.features.aligned import NOTHING, Explained, explained
from edge_agent.vision.features.describing import Description, Floats

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
    `common`: the same against nothing but chance; `inliers`: features that fit in place, weighted;
    `own`: those of them that no other product has as near; `colours`: 0 to 1, the best picture's;
    `explained`: what the taught picture with most inliers, laid over the picture, explains of it.
    """

    likeness: float
    common: float
    inliers: float
    own: float
    colours: float
    explained: Explained = NOTHING


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
        return {sku: Evidence(0.0, 0.0, 0.0, 0.0, colours[sku]) for sku in skus}
    near, index, mutual = _nearest(query, [d for _, d in references])
    of = np.array([skus.index(sku) for sku, _ in references])
    best = np.stack([near[of == s].min(axis=0) for s in range(len(skus))])
    rival = _rivals(best)
    weights = query.weights / max(float(query.weights.sum()), 1e-6)
    nearer = np.maximum(0.0, rival - best)
    likeness = nearer @ weights
    common = np.maximum(0.0, _FAR - best) @ weights
    found = {}
    for s, sku in enumerate(skus):
        fits, own, shown = 0.0, 0.0, NOTHING
        rows = np.flatnonzero(of == s)
        votes = np.maximum(0.0, rival - near[rows]) @ weights
        for row in rows[np.argsort(-votes, kind="stable")[:_VERIFIED]]:
            reference = references[row][1]
            kept = _in_place(query, reference, near[row], index[row], mutual[row])
            fit = float(query.weights[kept].sum())
            if fit > fits:
                fits = fit
                own = float((query.weights * (nearer[s] > 0.05))[kept].sum())
                there = reference.places[index[row][kept]]
                shown = explained(query, reference, query.places[kept], there)
        found[sku] = Evidence(float(likeness[s]), float(common[s]), fits, own, colours[sku], shown)
    return found


def _nearest(
    query: Description, references: Sequence[Description]
) -> tuple[Floats, Indices, NDArray[np.bool_]]:
    """For each reference and feature of the query (r, n): distance, index, and whether mutual."""
    asked = query.descriptors
    squares = (asked * asked).sum(axis=1)
    rows = np.arange(len(asked))
    near = np.full((len(references), len(asked)), _NEVER, np.float32)
    index = np.zeros((len(references), len(asked)), np.int64)
    mutual = np.zeros((len(references), len(asked)), bool)
    for r, reference in enumerate(references):
        if len(reference) == 0:
            continue
        held = reference.descriptors
        # Half the squared distance, negative: the largest is the nearest, both ways.
        closeness = asked @ held.T
        closeness -= 0.5 * (held * held).sum(axis=1)
        closeness -= 0.5 * squares[:, None]
        index[r] = closeness.argmax(axis=1)
        nearest = closeness[rows, index[r]]
        near[r] = np.sqrt(np.maximum(-2 * nearest, 0.0))
        mutual[r] = nearest >= closeness.max(axis=0)[index[r]]
    return near, index, mutual


def _rivals(best: Floats) -> Floats:
    """What a feature's distance must be under to speak for a product: what others offer."""
    ordered = np.sort(best, axis=0)
    rival: Floats = np.minimum(ordered[min(3, len(ordered) - 1)], np.float32(_FAR))
    return rival


def _in_place(
    query: Description,
    reference: Description,
    near: Floats,
    index: Indices,
    mutual: NDArray[np.bool_],
) -> Indices:
    """The query's features that one flat surface of the reference explains in place, too."""
    tried = np.flatnonzero(mutual & (near < _FAR))
    if len(tried) < _LEAST_INLIERS:
        return tried[:0]
    there, here = reference.places[index[tried]], query.places[tried]
    homography, inlying = cv2.findHomography(
        there, here, cv2.USAC_MAGSAC, _REPROJECTION_PX, maxIters=1000, confidence=0.99
    )
    if homography is None or inlying.sum() < _LEAST_INLIERS:
        return tried[:0]
    return tried[inlying.ravel() > 0]
