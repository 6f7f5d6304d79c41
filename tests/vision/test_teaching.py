"""Which taught products look alike."""

from __future__ import annotations

from pathlib import Path

from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.features.teaching import MISTAKEN, hard_to_tell
from tests.vision.drawn_prints import carton, photographed


def taught(state: Path, prints: dict[str, int], pictures: int) -> Gallery:
    gallery = Gallery(state)
    for place, (sku, number) in enumerate(prints.items()):
        for picture in range(pictures):
            gallery.add(sku, photographed(carton(number), 10 * place + picture)[0])
    return gallery


def test_the_same_print_under_two_skus_cannot_be_told_apart(tmp_path: Path) -> None:
    gallery = taught(tmp_path, {"one": 1, "twin": 1, "other": 2}, pictures=2)
    alike = hard_to_tell(gallery, "one", ["twin", "other"])
    assert [found.sku for found in alike] == ["twin"]
    assert alike[0].mistaken > MISTAKEN


def test_one_picture_each_is_enough_to_notice(tmp_path: Path) -> None:
    gallery = taught(tmp_path, {"one": 1, "twin": 1, "other": 2}, pictures=1)
    assert [found.sku for found in hard_to_tell(gallery, "one", ["twin", "other"])] == ["twin"]


def test_those_that_their_weight_tells_apart_are_not_compared(tmp_path: Path) -> None:
    gallery = taught(tmp_path, {"one": 1, "twin": 1}, pictures=1)
    assert hard_to_tell(gallery, "one", []) == []


def test_products_without_pictures_are_like_none(tmp_path: Path) -> None:
    gallery = taught(tmp_path, {"one": 1}, pictures=1)
    assert hard_to_tell(gallery, "one", ["new"]) == []
    assert hard_to_tell(gallery, "new", ["one"]) == []
