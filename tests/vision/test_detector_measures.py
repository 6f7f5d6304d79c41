"""Average precision, and what scores are worth: known cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.detector.boxes import Boxes
from edge_agent.detector.detector import Detector
from edge_agent.detector.likelihood import ratio
from edge_agent.training.compositing import Labelled
from edge_agent.training.measuring import average_precisions, weigh_scores
from tests.vision.colour_detector import shelf, write_model

PICTURE = np.zeros((100, 100, 3), np.uint8)


def boxes(*found: tuple[int, float, tuple[int, int, int, int]]) -> Boxes:
    """Boxes by class, score and corners, the surest first."""
    scores = np.zeros((len(found), 2), np.float32)
    for row, (kind, score, _) in enumerate(found):
        scores[row, kind] = score
    return Boxes(np.array([b for _, _, b in found], np.float32).reshape(-1, 4), scores)


ONE, TWO = (10, 10, 30, 30), (50, 50, 90, 90)
TRUTH = Labelled(PICTURE, (0, 0), (ONE, TWO))


def test_all_found_and_nothing_else_is_one() -> None:
    found = average_precisions([boxes((0, 0.9, ONE), (0, 0.8, TWO))], [TRUTH], 2)
    assert found[0].tolist() == pytest.approx([1.0] * 10)
    assert np.isnan(found[1]).all()


def test_half_found_is_about_half() -> None:
    found = average_precisions([boxes((0, 0.9, ONE))], [TRUTH], 2)
    # 51 of 101 recalls are reached.
    assert found[0, 0] == pytest.approx(51 / 101)


def test_a_surer_wrong_box_costs_precision_and_a_less_sure_one_does_not() -> None:
    surer = boxes((0, 0.95, (70, 5, 90, 25)), (0, 0.9, ONE), (0, 0.8, TWO))
    less = boxes((0, 0.9, ONE), (0, 0.8, TWO), (0, 0.1, (70, 5, 90, 25)))
    assert average_precisions([surer], [TRUTH], 2)[0, 0] == pytest.approx(2 / 3)
    assert average_precisions([less], [TRUTH], 2)[0, 0] == pytest.approx(1.0)


def test_a_thing_is_found_once() -> None:
    twice = boxes((0, 0.9, ONE), (0, 0.85, ONE), (0, 0.8, TWO))
    found = average_precisions([twice], [TRUTH], 2)
    assert found[0, 0] == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_box_beside_the_thing_counts_at_small_overlaps_only() -> None:
    truth = Labelled(PICTURE, (0,), ((0, 0, 40, 40),))
    found = average_precisions([boxes((0, 0.9, (0, 0, 40, 29)))], [truth], 2)
    assert found[0].tolist() == pytest.approx([1.0] * 5 + [0.0] * 5)


def test_another_class_is_not_found() -> None:
    found = average_precisions([boxes((1, 0.9, ONE), (1, 0.8, TWO))], [TRUTH], 2)
    assert found[0].tolist() == [0.0] * 10


def test_scores_that_part_well_become_strong_likelihoods_within_what_was_seen(
    tmp_path: Path,
) -> None:
    detector = Detector.load(write_model(tmp_path / "colours"))
    pictures = [
        Labelled(shelf((sku, column, 2)), (kind,), ((32 * column, 64, 32 * column + 32, 96),))
        for kind, sku in enumerate(("red", "green", "blue"))
        for column in range(4)
    ]
    weight = weigh_scores(detector, pictures)
    assert weight.samples == 12
    assert ratio(0.99, weight) > 3
    assert ratio(0.001, weight) < 1 / 3
    assert ratio(1.0, weight) <= 14.001


def test_a_detector_that_cannot_tell_gives_likelihoods_near_one(tmp_path: Path) -> None:
    detector = Detector.load(write_model(tmp_path / "colours"))
    wrong = [
        Labelled(shelf((sku, column, 2)), (kind,), ((32 * column, 64, 32 * column + 32, 96),))
        for kind in range(3)
        for sku in ("red", "green", "blue")
        for column in range(4)
    ]
    weight = weigh_scores(detector, wrong)
    assert 0.5 < ratio(0.99, weight) < 2.0
    assert 0.5 < ratio(0.01, weight) < 2.0
