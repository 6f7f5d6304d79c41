"""Taught pictures on the disk: whole, bounded, and safe when a file is damaged."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import CameraError, StoreError
from edge_agent.vision.features.describing import Description
from edge_agent.vision.features.gallery import MOST_PICTURES, Gallery
from edge_agent.vision.picture_files import decode_cut_out
from tests.vision.drawn_prints import carton, photographed

COLA = "6901028075831"


def alike(one: Description, other: Description) -> bool:
    return bool(np.array_equal(one.packed, other.packed)) and one.size == other.size


def test_what_was_taught_is_there_in_another_process(tmp_path: Path) -> None:
    added = Gallery(tmp_path).add(COLA, carton(1))
    assert added == tmp_path / "products" / COLA / "1.jpg"
    other = Gallery(tmp_path)
    assert other.skus() == [COLA]
    assert other.pictures(COLA) == [added]
    assert len(other.descriptions(COLA)) == 1


def test_an_empty_state_folder_has_no_products(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "none")
    assert gallery.skus() == []
    assert gallery.descriptions(COLA) == []


def test_a_cut_out_keeps_its_mask(tmp_path: Path) -> None:
    picture, mask = photographed(carton(1), 1)
    added = Gallery(tmp_path).add(COLA, picture, mask)
    assert added is not None
    assert added.suffix == ".png"
    kept, kept_mask = decode_cut_out(added.read_bytes(), str(added))
    assert kept_mask is not None
    assert kept_mask.shape == kept.shape[:2] < picture.shape[:2]
    assert np.count_nonzero(kept_mask) == np.count_nonzero(mask)


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="mask is empty"):
        Gallery(tmp_path).add(COLA, carton(1), np.zeros((300, 150), np.uint8))


def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    assert gallery.add(COLA, carton(1)) is not None
    assert gallery.add(COLA, carton(1)) is None
    assert len(gallery.pictures(COLA)) == 1


def test_a_product_keeps_its_latest_pictures(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    for number in range(MOST_PICTURES + 2):
        gallery.add(COLA, carton(number, height=40))
    kept = [int(file.stem) for file in gallery.pictures(COLA)]
    assert kept == list(range(3, MOST_PICTURES + 3))
    assert len(gallery.descriptions(COLA)) == MOST_PICTURES


def test_what_is_remembered_is_as_if_made_anew(tmp_path: Path) -> None:
    Gallery(tmp_path).add(COLA, carton(1))
    made = Gallery(tmp_path).descriptions(COLA)[0]
    memory = tmp_path / "products" / COLA / "1.npz"
    assert memory.is_file()
    assert alike(Gallery(tmp_path).descriptions(COLA)[0], made)


@pytest.mark.parametrize("damage", [b"", b"not a memory", None])
def test_a_damaged_memory_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    Gallery(tmp_path).add(COLA, carton(1))
    made = Gallery(tmp_path).descriptions(COLA)[0]
    memory = tmp_path / "products" / COLA / "1.npz"
    memory.write_bytes(memory.read_bytes()[:-500] if damage is None else damage)
    assert alike(Gallery(tmp_path).descriptions(COLA)[0], made)


def test_another_picture_in_the_place_of_one_is_not_mistaken_for_it(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.add(COLA, carton(1))
    first = gallery.descriptions(COLA)[0]
    other = Gallery(tmp_path / "other")
    added = other.add(COLA, carton(2))
    assert added is not None
    (tmp_path / "products" / COLA / "1.jpg").write_bytes(added.read_bytes())
    assert not alike(Gallery(tmp_path).descriptions(COLA)[0], first)


def test_a_damaged_picture_is_named_and_the_others_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gallery = Gallery(tmp_path)
    for number in (1, 2):
        gallery.add(COLA, carton(number))
    broken = gallery.pictures(COLA)[0]
    broken.write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        assert len(gallery.descriptions(COLA)) == 1
        assert len(gallery.descriptions(COLA)) == 1
    assert list(gallery.damaged) == [broken]
    assert [str(broken) in record.message for record in caplog.records] == [True]


def test_pictures_taught_meanwhile_are_seen(tmp_path: Path) -> None:
    running, teaching = Gallery(tmp_path), Gallery(tmp_path)
    teaching.add(COLA, carton(1))
    assert len(running.descriptions(COLA)) == 1
    teaching.add(COLA, carton(2))
    assert len(running.descriptions(COLA)) == 2
    assert teaching.forget(COLA) == 2
    assert running.descriptions(COLA) == []
    assert running.skus() == []


def test_what_a_crash_left_unfinished_is_no_picture(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.add(COLA, carton(1))
    (tmp_path / "products" / COLA / "2.jpg.part").write_bytes(b"half")
    assert [file.name for file in gallery.pictures(COLA)] == ["1.jpg"]


@pytest.mark.parametrize("sku", ["../../etc", "..", ".", "a/b", "50%", "果汁", "a:b"])
def test_no_sku_leaves_the_folder(tmp_path: Path, sku: str) -> None:
    gallery = Gallery(tmp_path / "state")
    added = gallery.add(sku, carton(1, height=60))
    assert added is not None
    assert added.parent.parent == tmp_path / "state" / "products"
    assert gallery.skus() == [sku]
    assert len(gallery.descriptions(sku)) == 1


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "products").write_text("a file in its place")
    with pytest.raises(StoreError, match="products"):
        Gallery(tmp_path).add(COLA, carton(1))
