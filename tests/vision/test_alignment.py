"""How far a camera has moved, whatever the light did."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.vision.frames import Image
from edge_agent.vision.watching.alignment import align, cut_out
from edge_agent.vision.watching.region_change import shrunk


def view(seed: int = 3) -> Image:
    rng = np.random.default_rng(seed)
    picture = np.full((720, 1280, 3), 140, np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(0, 1200)), int(rng.integers(0, 660))
        size = (int(rng.integers(20, 120)), int(rng.integers(20, 120)))
        colour = tuple(int(c) for c in rng.integers(20, 240, 3))
        cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), colour, -1)
    return picture


def pushed(picture: Image, turn_deg: float, across: float, down: float) -> Image:
    warp = cv2.getRotationMatrix2D((640, 360), turn_deg, 1)
    warp[0, 2] += across
    warp[1, 2] += down
    moved = cv2.warpAffine(picture, warp, (1280, 720), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, dtype=np.uint8)


def test_a_camera_that_stands_still_has_not_moved() -> None:
    found = align(shrunk(view()), shrunk(view()))
    assert found is not None
    assert found.moved_px < 0.05
    assert found.correlation > 0.99


@pytest.mark.parametrize(("turn_deg", "across", "down"), [(0, 12, -8), (1.0, 0, 0), (-0.5, 20, 10)])
def test_a_pushed_camera_is_aligned_again_in_another_light(
    turn_deg: float, across: float, down: float
) -> None:
    after = pushed((view() * 0.6).astype(np.uint8), turn_deg, across, down)
    found = align(shrunk(view()), shrunk(after))
    assert found is not None
    back = found.back(shrunk(after)).astype(float)[8:-8, 8:-8]
    straight = shrunk((view() * 0.6).astype(np.uint8)).astype(float)[8:-8, 8:-8]
    assert np.abs(back - straight).mean() < 4


def test_a_cut_of_a_pushed_picture_shows_what_it_showed_before() -> None:
    after = pushed(view(), 0.4, 14, -6)
    found = align(shrunk(view()), shrunk(after))
    region = (500, 300, 200, 160)
    straight = cut_out(view(), region, None, 4).astype(float)
    assert np.abs(cut_out(after, region, found, 4).astype(float) - straight).mean() < 6
    assert np.abs(cut_out(after, region, None, 4).astype(float) - straight).mean() > 10


def test_a_region_beyond_the_border_is_cut_to_the_picture() -> None:
    assert cut_out(view(), (-20, 700, 100, 100), None, 4).shape == (20, 80, 3)


def test_another_view_cannot_be_aligned() -> None:
    assert align(shrunk(view(3)), shrunk(view(4))) is None


def test_a_camera_turned_far_is_not_aligned() -> None:
    assert align(shrunk(view()), shrunk(pushed(view(), 12, 0, 0))) is None


def test_a_picture_without_anything_in_it_cannot_be_aligned() -> None:
    assert align(shrunk(view()), np.full((180, 320, 3), 90, np.uint8)) is None
