"""Which product a picture shows, by taught pictures: drawn prints, and real cartons."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.features.recogniser import FeaturesRecogniser
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Recogniser
from tests.vision.drawn_prints import carton, photographed

CARTONS = Path(__file__).resolve().parents[3] / "shared" / "data" / "cartons"
PRINTS = 4


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Four prints, each taught from one photograph."""
    gallery = Gallery(tmp_path_factory.mktemp("state"))
    for number in range(PRINTS):
        gallery.add(f"print-{number}", photographed(carton(number), 100 + number)[0])
    return gallery


def test_each_print_is_told_from_the_others(gallery: Gallery) -> None:
    recogniser: Recogniser = FeaturesRecogniser(gallery)
    for number in range(PRINTS):
        found = recogniser.recognise(photographed(carton(number), 200 + number)[0])
        assert found.answer == f"print-{number}"
        assert found.ranking[0] == (found.answer, found.likelihoods[found.answer])
        assert found.likelihoods[found.answer] > 1.0
        assert all(v < 1.0 for sku, v in found.likelihoods.items() if sku != found.answer)


def test_something_never_taught_is_no_product(gallery: Gallery) -> None:
    found = FeaturesRecogniser(gallery).recognise(photographed(carton(77), 300)[0])
    assert found.answer is None
    assert set(found.likelihoods) == {f"print-{number}" for number in range(PRINTS)}


def test_without_the_true_product_among_them_none_is_the_answer(gallery: Gallery) -> None:
    picture, _ = photographed(carton(0), 201)
    found = FeaturesRecogniser(gallery).recognise(picture, among=["print-1", "print-2"])
    assert found.answer is None
    assert set(found.likelihoods) == {"print-1", "print-2"}


def test_the_same_print_in_another_colour_is_another_product(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    for hue in (20, 100):
        gallery.add(f"hue-{hue}", photographed(carton(5, hue), 400 + hue)[0])
    recogniser = FeaturesRecogniser(gallery)
    for hue in (20, 100):
        ranking = recogniser.recognise(photographed(carton(5, hue), 500 + hue)[0]).ranking
        assert ranking[0][0] == f"hue-{hue}"


def test_the_mask_says_which_of_two_things_is_meant(gallery: Gallery) -> None:
    sides = [photographed(carton(number), 600 + number) for number in (1, 2)]
    picture = np.hstack([side for side, _ in sides])
    nothing = np.zeros_like(sides[0][1])
    recogniser = FeaturesRecogniser(gallery)
    left = recogniser.recognise(picture, np.hstack([sides[0][1], nothing]))
    right = recogniser.recognise(picture, np.hstack([nothing, sides[1][1]]))
    assert (left.answer, right.answer) == ("print-1", "print-2")


def test_a_strip_of_a_product_is_far_from_the_whole_of_it(gallery: Gallery) -> None:
    picture, mask = photographed(carton(1), 250)
    down = np.flatnonzero(mask.any(axis=1))
    below = np.arange(len(mask))[:, None] >= down[0] + len(down) // 4
    hidden = picture.copy()
    hidden[(mask > 0) & below] = (110, 150, 180)
    recogniser = FeaturesRecogniser(gallery)
    whole, strip = (recogniser.recognise(p, mask).likelihoods["print-1"] for p in (picture, hidden))
    assert strip < 0.01 * whole


def test_a_picture_without_any_feature_leaves_it_open(gallery: Gallery) -> None:
    found = FeaturesRecogniser(gallery).recognise(np.full((300, 200, 3), 90, np.uint8))
    assert found.answer is None
    assert len(found.likelihoods) == PRINTS


def test_products_without_pictures_are_absent(gallery: Gallery) -> None:
    recogniser = FeaturesRecogniser(gallery)
    picture, _ = photographed(carton(3), 210)
    assert set(recogniser.recognise(picture, among=["print-3", "new"]).likelihoods) == {"print-3"}
    assert recogniser.recognise(picture, among=["new"]).likelihoods == {}


def test_the_same_picture_gives_the_same_likelihoods(gallery: Gallery) -> None:
    picture, mask = photographed(carton(2), 220)
    first, second = (FeaturesRecogniser(gallery).recognise(picture, mask) for _ in range(2))
    assert first == second


def test_a_small_picture_of_a_thing_is_enough(gallery: Gallery) -> None:
    picture, _ = photographed(carton(1), 230)
    small = np.asarray(cv2.resize(picture, (150, 150), interpolation=cv2.INTER_AREA), np.uint8)
    assert FeaturesRecogniser(gallery).recognise(small).ranking[0][0] == "print-1"


def test_other_light_changes_no_answer(gallery: Gallery) -> None:
    picture, _ = photographed(carton(0), 240)
    recogniser = FeaturesRecogniser(gallery)
    for light in ([0.85, 1.0, 1.0], [1.0, 1.0, 0.85], [0.6, 0.6, 0.6]):
        lit = (picture * np.array(light)).astype(np.uint8)
        assert recogniser.recognise(lit).ranking[0][0] == "print-0"


def test_real_cartons_are_told_apart_from_three_pictures_each(tmp_path: Path) -> None:
    if not CARTONS.is_dir():
        pytest.skip("the real photographs of cartons are not at ../shared/data/cartons")
    chosen = ["Bravo-Apple-Juice", "God-Morgon-Orange-Juice", "Tropicana-Juice-Smooth"]
    gallery = Gallery(tmp_path)
    for sku in chosen:
        for picture in _real(sku)[:9:3]:
            gallery.add(sku, picture)
    recogniser = FeaturesRecogniser(gallery)
    asked = [(sku, picture) for sku in chosen for picture in _real(sku)[1:11:3]]
    found = [recogniser.recognise(picture).ranking[0][0] == sku for sku, picture in asked]
    assert sum(found) >= len(found) - 1


def _real(sku: str) -> list[Image]:
    """Photographs of `train`: those of `test` are for measuring only."""
    files = sorted((CARTONS / "train" / sku).iterdir())
    return [np.asarray(cv2.imread(str(file)), np.uint8) for file in files]
