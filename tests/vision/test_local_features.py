"""Local features: what is left of a descriptor, and that comparing them finds the nearest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.vision.features.describing import LONGEST_SIDE, Description, describe
from edge_agent.vision.features.local import DIMENSIONS, Floats, coarse_bytes, unpacked
from edge_agent.vision.features.matching import gather
from edge_agent.vision.frames import Image
from tests.vision.drawn_prints import carton, photographed


def photograph(number: int, seed: int) -> Image:
    return photographed(carton(number), seed)[0]


def whole(picture: Image, places: object) -> Floats:
    """RootSIFT with nothing left out, at features of a size that is the same for all."""
    points = [cv2.KeyPoint(float(x), float(y), 8.0, 0.0) for x, y in np.asarray(places)]
    _, found = cv2.SIFT.create().compute(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), points)
    sums = np.asarray(found, np.float32).sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(found / np.maximum(sums, 1e-6)), np.float32)


def apart(of: Floats) -> NDArray[np.float64]:
    """All distances between rows."""
    wide = of.astype(np.float64)
    return np.asarray(np.linalg.norm(wide[:, None] - wide[None], axis=2))


def test_what_is_left_keeps_the_distances_of_chance() -> None:
    places = np.random.default_rng(3).uniform(40, 220, (80, 2))
    roots = whole(photograph(1, 1), places)
    kept = np.full((len(roots), DIMENSIONS), 128, np.uint8)
    shapes = coarse_bytes(roots)
    kept[:, : shapes.shape[1]] = shapes
    pairs = np.triu_indices(len(roots), 1)
    full, coarse = apart(roots)[pairs], apart(unpacked(kept))[pairs]
    assert np.corrcoef(full, coarse)[0, 1] > 0.95
    assert np.median(coarse / full) == pytest.approx(1.0, abs=0.1)


def test_a_feature_turned_in_the_picture_is_the_same_feature() -> None:
    picture = photograph(2, 5)
    one, other = describe(picture), describe(np.ascontiguousarray(np.rot90(picture)))
    likelihood = gather(other, {"same": [one], "another": [describe(photograph(3, 6))]})
    assert likelihood["same"].own > 5 * max(1.0, likelihood["another"].own)


def test_products_of_pictures_with_and_without_features_are_compared() -> None:
    flat = describe(np.full((260, 200, 3), 90, np.uint8))
    assert len(flat) == 0
    asked, known = describe(photograph(1, 7)), describe(photograph(1, 8))
    # The memory for a product of many features serves one of few after it, and none.
    few = Description(
        size=known.size,
        places=known.places[:20],
        packed=known.packed[:20],
        weights=known.weights[:20],
        colours=known.colours,
        small=known.small,
    )
    found = gather(asked, {"known": [known, few, flat], "flat": [flat]})
    assert found["known"].likeness > found["flat"].likeness == 0.0
    alone = gather(asked, {"known": [known], "flat": [flat]})
    assert found["known"].likeness == pytest.approx(alone["known"].likeness, rel=0.05)


@pytest.mark.parametrize("side", [600, 1200])
def test_however_large_a_picture_it_is_looked_at_in_one_size(side: int) -> None:
    large = np.asarray(cv2.resize(photograph(1, 9), (side, side)), np.uint8)
    assert max(describe(large).size) == LONGEST_SIDE
