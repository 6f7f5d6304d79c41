"""What differs between two pictures of a shelf, and what light alone does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.vision.frames import Image, decode_picture, encode_jpeg
from edge_agent.vision.seen import Region
from edge_agent.vision.watching.leaving import leaving_log_odds
from edge_agent.vision.watching.region_change import (
    CHANGED,
    SAME,
    changed_mask,
    differences,
    region_scores,
    shrunk,
    small_box,
    working_scale,
)

LEFT: Region = (100, 160, 240, 320)
MIDDLE: Region = (520, 160, 240, 320)
RIGHT: Region = (940, 160, 240, 320)
REGIONS = (LEFT, MIDDLE, RIGHT)


def shelf() -> Image:
    picture = np.full((720, 1280, 3), (150, 160, 165), np.uint8)
    cv2.rectangle(picture, (0, 470), (1280, 500), (70, 80, 90), -1)
    cv2.rectangle(picture, (40, 60), (110, 90), (230, 230, 230), -1)
    cv2.line(picture, (0, 620), (1280, 640), (100, 110, 120), 6)
    return picture


def put_carton(picture: Image, region: Region, colour: tuple[int, int, int], word: str) -> None:
    x, y, width, height = region
    left, top = x + width // 4, y + height // 4
    cv2.rectangle(picture, (left, top), (left + width // 2, y + height - 12), colour, -1)
    cv2.putText(picture, word, (left + 8, top + 60), 0, 1.2, (250, 250, 250), 4)
    cv2.circle(picture, (left + width // 4, top + 140), 36, (20, 40, 60), -1)


def seen(picture: Image, seed: int, quality: int = 85) -> Image:
    noise = np.random.default_rng(seed).normal(0, 3, picture.shape)
    noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return decode_picture(encode_jpeg(noisy, quality), "test")


def full_shelf() -> Image:
    picture = shelf()
    for region, word in zip(REGIONS, ("APPLE", "PEAR", "PLUM"), strict=True):
        put_carton(picture, region, (40, 60, 170), word)
    return picture


def in_other_light(picture: Image, shadow: float = 0.6) -> Image:
    slope = np.linspace(0.55, 1.15, 1280)[np.newaxis, :, np.newaxis]
    cast = np.array([0.85, 1.0, 1.12])
    lit = 255 * (picture / 255) ** 1.2 * slope * cast
    lit[:, 600:900] *= shadow
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)


def test_noise_and_jpeg_change_nothing() -> None:
    scores = region_scores(seen(full_shelf(), 1), seen(full_shelf(), 2, quality=60), REGIONS)
    assert max(scores) < SAME


def test_another_light_with_a_shadow_changes_nothing() -> None:
    scores = region_scores(seen(full_shelf(), 1), seen(in_other_light(full_shelf()), 2), REGIONS)
    assert max(scores) < CHANGED


@pytest.mark.parametrize("taken", range(3))
def test_the_region_something_was_taken_from_is_told_in_another_light(taken: int) -> None:
    after = shelf()
    for n, word in enumerate(("APPLE", "PEAR", "PLUM")):
        if n != taken:
            put_carton(after, REGIONS[n], (40, 60, 170), word)
    scores = region_scores(seen(full_shelf(), 1), seen(in_other_light(after), 2), REGIONS)
    assert scores[taken] > CHANGED
    assert max(s for n, s in enumerate(scores) if n != taken) < CHANGED


def test_the_same_print_in_another_colour_is_another_thing() -> None:
    after = full_shelf()
    put_carton(after, MIDDLE, (150, 90, 40), "PEAR")
    scores = region_scores(seen(full_shelf(), 1), seen(after, 2), REGIONS)
    assert scores[1] > CHANGED
    assert max(scores[0], scores[2]) < SAME


def test_a_picture_that_is_too_dark_to_see_changes_nothing() -> None:
    dark = np.full((720, 1280, 3), 3, np.uint8)
    assert max(region_scores(seen(full_shelf(), 1), seen(dark, 2), REGIONS)) < CHANGED


def test_the_mask_covers_what_was_taken() -> None:
    before, after = seen(full_shelf(), 1), shelf()
    put_carton(after, LEFT, (40, 60, 170), "APPLE")
    put_carton(after, RIGHT, (40, 60, 170), "PLUM")
    different = differences(shrunk(before), shrunk(seen(after, 2)))
    mask = changed_mask(different)
    rows, columns = small_box((580, 240, 120, 228), working_scale(before), different)
    assert (mask[rows, columns] > 0).mean() > 0.8
    assert (mask > 0).sum() < 1.5 * mask[rows, columns].size


def test_a_region_that_leaves_the_picture_is_cut_to_it() -> None:
    plane = np.zeros((180, 320), np.float32)
    rows, columns = small_box((-40, 700, 200, 400), 4, plane)
    assert plane[rows, columns].size > 0
    assert rows.stop <= 180


@pytest.mark.parametrize("colour", [(40, 60, 170), (200, 190, 180), (60, 70, 75)])
def test_what_fits_its_surroundings_is_the_background(colour: tuple[int, int, int]) -> None:
    thing = shelf()
    put_carton(thing, MIDDLE, colour, "PEAR")
    there, gone = shrunk(seen(thing, 1)), shrunk(seen(in_other_light(shelf(), 1.0), 2))
    mask = changed_mask(differences(there, gone))
    assert leaving_log_odds(there, gone, mask) > 1
    assert leaving_log_odds(gone, there, mask) < -1


def test_an_empty_mask_tells_no_direction() -> None:
    small = shrunk(shelf())
    assert leaving_log_odds(small, small, np.zeros(small.shape[:2], np.uint8)) == 0.0
