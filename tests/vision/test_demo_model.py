"""The model that is shipped for the simulated shelf: whole, small, labelled, and of some use."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.detector.detector import Detector
from edge_agent.detector.manifest import load_manifest, without_products
from edge_agent.detector.places import find_model, shipped_models
from edge_agent.detector.recogniser import DetectorRecogniser
from edge_agent.simulation.flavours import with_flavours
from edge_agent.simulation.shop import demo_settings
from edge_agent.training.drawn import DrawnShelf

MOST_BYTES = 12_000_000


@pytest.fixture(scope="module")
def shipped() -> Path:
    return find_model("demo-shelf", shipped_models())


def test_it_knows_every_product_of_the_simulated_shelf(shipped: Path) -> None:
    manifest = load_manifest(shipped)
    for settings in (demo_settings(), with_flavours(demo_settings())):
        assert without_products(manifest, [product.sku for product in settings.product]) == ()


def test_it_is_small_and_its_card_names_licence_and_files(shipped: Path) -> None:
    assert sum(file.stat().st_size for file in shipped.iterdir()) < MOST_BYTES
    manifest = load_manifest(shipped)
    card = (shipped / "README.md").read_text()
    assert "AGPL-3.0" in card
    assert manifest.measured is not None
    assert f"mAP50 {manifest.measured.map50:.3f}" in card
    for file in manifest.files:
        assert file.sha256 in card


@pytest.mark.parametrize("runtime", ["onnx", "ncnn", "opencv"])
def test_its_files_load_in_every_runtime(shipped: Path, runtime: str) -> None:
    detector = Detector.load(shipped, runtime)
    assert detector.runtime.name == runtime
    cut = next(DrawnShelf(demo_settings(), 77_000).cuts(1)).image
    assert detector.detect(cut).corners.shape[1] == 4


def test_it_says_which_goods_were_taken_from_drawn_plates(shipped: Path) -> None:
    recogniser = DetectorRecogniser(Detector.load(shipped))
    right = asked = 0
    for plate, sku, change in DrawnShelf(demo_settings(), 77_000).takings(1):
        ranking = recogniser.recognise_change(change, plate).ranking
        asked += 1
        right += ranking[0][0] == sku
    assert asked >= 8
    assert right >= 0.75 * asked
