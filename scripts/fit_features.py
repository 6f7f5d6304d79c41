"""Fit the weights of the recogniser `features` to the `train` half of ../shared/data/cartons.

Prints the bias and weights for edge_agent/vision/features/likelihood.py and, for pictures that took
no part in the fit (four parts by photograph), how often the best candidate is right and what each
SURE would answer. Reads nothing of `test`. Example: python scripts/fit_features.py 300
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from edge_agent.vision.features.describing import Description, describe  # noqa: E402
from edge_agent.vision.features.gallery import REFERENCE_FEATURES  # noqa: E402
from edge_agent.vision.features.likelihood import terms  # noqa: E402
from edge_agent.vision.features.matching import gather  # noqa: E402

TRAIN = ROOT.parent / "shared" / "data" / "cartons" / "train"
SEED = 3
DRAWS = 1500
"""Weights of 1500 draws explain other draws of other photographs better than those of 450."""
NEIGHBOURS = 4
"""Photographs up to this far apart in a folder are nearly the same."""
ABSENT = 0.12
RIDGE = 1e-3
PARTS = 4
NAMES = (
    *("likeness", "own", "less_alike_colours", "colours_apart"),
    *("covered", "shaped", "coloured", "both", "told_apart"),
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph as it is asked for and as it is taught."""

    sku: str
    asked: Description
    taught: Description


@dataclass(frozen=True, slots=True)
class Draw:
    """One query: `terms` (candidates, terms); `true` is the number of candidates for none."""

    query: int
    terms: Array
    true: int


def main() -> None:
    """Draw, fit and print."""
    cv2.setNumThreads(1)
    draws = list(drawn(photos(), int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS))
    rows = np.vstack([draw.terms for draw in draws])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = [Draw(d.query, (d.terms - mean) / spread, d.true) for d in draws]
    weights = fit(scaled)
    raw = weights[:-1] / spread
    print(f"_BIAS = {weights[-1] - raw @ mean:.2f}")
    print("_WEIGHTS =", dict(zip(NAMES, np.round(raw, 3).tolist(), strict=True)))
    report(scaled)


def photos() -> list[Photo]:
    """All photographs of `train`, described."""
    found = []
    for file in sorted(TRAIN.glob("*/*.jpg")):
        image = np.asarray(cv2.imread(str(file)), np.uint8)
        taught = describe(image, most=REFERENCE_FEATURES)
        found.append(Photo(file.parent.name, describe(image), taught))
    return found


def drawn(photos: Sequence[Photo], count: int) -> Iterator[Draw]:
    """Queries with candidates and taught pictures, all drawn at random."""
    rng = np.random.default_rng(SEED)
    skus = sorted({photo.sku for photo in photos})
    for _ in range(count):
        query = int(rng.integers(len(photos)))
        true = photos[query].sku
        pictures, candidates = int(rng.choice([1, 1, 2, 3, 5])), int(rng.choice([3, 8, 8]))
        absent = bool(rng.random() < ABSENT)
        others = rng.permutation([sku for sku in skus if sku != true])
        among = [*(str(sku) for sku in others[: candidates - (not absent)])]
        among += [] if absent else [true]
        taught = {sku: _taught(photos, sku, query, pictures, rng) for sku in among}
        evidence = gather(photos[query].asked, taught)
        best = max(found.colours for found in evidence.values())
        told = [terms(evidence[sku], best) for sku in among]
        rows = np.array([[row[name] for name in NAMES] for row in told])
        yield Draw(query, rows, among.index(true) if true in among else len(among))


def _taught(
    photos: Sequence[Photo], sku: str, query: int, pictures: int, rng: np.random.Generator
) -> list[Description]:
    held = [p.taught for i, p in enumerate(photos) if p.sku == sku and abs(i - query) > NEIGHBOURS]
    return [held[i] for i in rng.choice(len(held), pictures, replace=False)]


def fit(draws: Sequence[Draw], rounds: int = 30) -> Array:
    """Weights and, last, the bias of the logistic model, by Newton's method."""
    size = draws[0].terms.shape[1] + 1
    weights = np.zeros(size)
    ridge = np.diag([2 * RIDGE * len(draws)] * (size - 1) + [1e-6])
    for _ in range(rounds):
        slope, bend = ridge @ weights, ridge.copy()
        for draw in draws:
            rows = _with_bias(draw.terms)
            told = probabilities(draw.terms, weights)
            wrong = told[:-1].copy()
            if draw.true < len(wrong):
                wrong[draw.true] -= 1
            slope += wrong @ rows
            mean = told[:-1] @ rows
            bend += (rows * told[:-1, None]).T @ rows - np.outer(mean, mean)
        step = np.linalg.solve(bend, slope)
        # Newton's steps overshoot far from the optimum; short ones do not.
        weights = weights - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
    return weights


def probabilities(rows: Array, weights: Array) -> Array:
    """Of each candidate and, last, of something else."""
    logits = np.append(_with_bias(rows) @ weights, 0.0)
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float64)


def report(draws: Sequence[Draw]) -> None:
    """What weights fitted to the other parts say of each part."""
    told: list[tuple[float, bool, int]] = []
    for part in range(PARTS):
        weights = fit([draw for draw in draws if draw.query % PARTS != part])
        for draw in (draw for draw in draws if draw.query % PARTS == part):
            found = probabilities(draw.terms, weights)[:-1]
            told.append((float(found.max()), int(found.argmax()) == draw.true, len(found)))
            if draw.true == len(found):
                told[-1] = (told[-1][0], False, 0)
    best, right, among = (np.array(column) for column in zip(*told, strict=True))
    for candidates in (3, 8):
        print(f"right of {candidates}: {right[among == candidates].mean():.3f}")
    for sure in (0.7, 0.75, 0.8, 0.85, 0.9):
        answered = (best >= sure) & (among == 8)
        share = answered.sum() / (among == 8).sum()
        print(f"SURE {sure}: of 8 answered {share:.3f}, right {right[answered].mean():.3f}")


def _with_bias(rows: Array) -> Array:
    return np.hstack([rows, np.ones((len(rows), 1))])


if __name__ == "__main__":
    main()
