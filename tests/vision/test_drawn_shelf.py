"""Drawings with labels: what the demo model learns from and is measured on."""

from __future__ import annotations

import numpy as np

from edge_agent.simulation.shop import demo_settings
from edge_agent.training.drawn import DrawnShelf


def test_every_plate_is_cut_out_with_boxes_around_its_goods() -> None:
    cuts = list(DrawnShelf(demo_settings(), 3).cuts(1))
    assert len(cuts) == 12
    boxes = [(cut, box) for cut in cuts for box in cut.boxes]
    assert len(boxes) > 12
    for cut, (left, top, right, bottom) in boxes:
        height, width = cut.image.shape[:2]
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    # Goods have prints, the shelf behind them is plain.
    inside = [float(cut.image[t:b, le:r].std()) for cut, (le, t, r, b) in boxes]
    assert np.median(inside) > 25


def test_the_same_seed_draws_the_same() -> None:
    one, two = (next(DrawnShelf(demo_settings(), 3).cuts(1)) for _ in range(2))
    assert np.array_equal(one.image, two.image)
    assert one.boxes == two.boxes


def test_a_taking_changes_the_picture_where_the_unit_stood() -> None:
    shelf = DrawnShelf(demo_settings(), 4)
    takings = list(shelf.takings(1))
    assert len(takings) >= 8
    for plate, sku, change in takings:
        assert sku in shelf.skus
        assert plate
        assert change.before.shape == change.after.shape
        assert change.mask.shape == change.before.shape[:2]
    changed = [change.score for _, _, change in takings]
    assert np.median(changed) > 0.5
