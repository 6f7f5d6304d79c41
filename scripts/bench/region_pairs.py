"""Pairs of pictures of one shelf in two lights: what changed, and what telling it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Region
from edge_agent.vision.watching.alignment import align, enlarged, warped_back
from edge_agent.vision.watching.region_change import region_scores, shrunk, working_scale
from scripts.bench import region_scenes as scenes
from scripts.bench.row import Row, slowness

FIRST_SEED = 5000


def light_rows(pairs: int) -> Iterator[Row]:
    """Average precision over regions of pairs that differ in light, by its strength."""
    for number, strength in enumerate(scenes.STRENGTHS):
        scores: list[float] = []
        changed: list[bool] = []
        for n in range(pairs):
            before, after, truth = light_pair(FIRST_SEED + 100 * number + n, strength)
            scores += aligned_scores(before, after)
            changed += truth
        value = average_precision(scores, changed)
        yield Row(f"region change, {strength} light: average precision", "0.99", value, "")


def light_pair(seed: int, strength: str, split: str = "test") -> tuple[Image, Image, list[bool]]:
    """Draw a shelf twice, a third of its regions changed, in two lights from a pushed camera."""
    rng = np.random.default_rng(seed)
    before = scenes.empty_shelf(rng)
    after = before.copy()
    changed = [_fill(before, after, region, rng, split) for region in scenes.REGIONS.values()]
    s = scenes.STRENGTHS[strength]
    first = scenes.lit(before, scenes.random_light(rng, "mild"))
    second = scenes.lit(after, scenes.random_light(rng, strength), rng.uniform(0.3, 0.9))
    second = scenes.moved(second, rng.uniform(-0.15, 0.15) * s, *rng.uniform(-4, 4, 2) * s)
    if rng.random() < 0.5 * s:
        second = cv2.GaussianBlur(second, (0, 0), 0.5 + s * rng.random()).astype(np.float32)
    noise, quality = 2 + 6 * s * rng.random(), int(92 - 30 * s * rng.random())
    return scenes.sensed(first, rng, 3), scenes.sensed(second, rng, noise, quality), changed


def _fill(
    before: scenes.Plane,
    after: scenes.Plane,
    region: Region,
    rng: np.random.Generator,
    split: str,
) -> bool:
    """Put things into a region of both pictures; tell whether they differ."""

    def thing() -> scenes.Goods:
        photographed = scenes.CARTONS.is_dir() and rng.random() < 0.6
        return scenes.carton(rng, split) if photographed else scenes.drawn_goods(rng)

    spot, first = scenes.random_spot(rng), thing()
    stands, changes, how = rng.random() < 0.75, rng.random() < 0.33, rng.integers(4)
    if stands:
        scenes.put(before, region, first, spot)
    if not changes:
        if stands:
            scenes.put(after, region, first, spot)
    elif not stands:
        scenes.put(after, region, first, spot)
    elif how > 1:
        scenes.put(after, region, thing() if how == 2 else scenes.other_colour(first, rng), spot)
    return bool(changes)


def aligned_scores(before: Image, after: Image) -> list[float]:
    """Align one picture with the other and score every region: what one pair costs."""
    found = align(shrunk(before), shrunk(after))
    if found is not None:
        after = warped_back(after, enlarged(found.warp, working_scale(after)))
    return region_scores(before, after, scenes.REGIONS.values())


def average_precision(scores: list[float], truth: list[bool]) -> float:
    """Return the mean precision at the rank of each true one, ties by order."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    true = np.asarray(truth)[order]
    precision = np.cumsum(true) / np.arange(1, len(true) + 1)
    return float(precision[true].mean())


def pair_time(rounds: int = 10) -> Row:
    """Take the time of one pair of 1280 x 720 with 18 regions on one thread."""
    before, after, _ = light_pair(FIRST_SEED, "strong")
    taken_ms = _median_ms(lambda: aligned_scores(before, after), rounds)
    return Row("one pair, 18 regions, one thread", "40", taken_ms, "ms", slowness())


def _median_ms(work: Callable[[], object], rounds: int) -> float:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    work()
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(1e3 * (time.process_time() - began))
    cv2.setNumThreads(threads)
    return float(np.median(taken))
