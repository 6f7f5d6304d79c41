"""The doctor tells of a recogniser that cannot be loaded, and of products that it does not know."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.detector.places import shipped_models
from edge_agent.doctor_recogniser import check_recogniser
from edge_agent.settings import CameraSettings, Settings, VisionSettings
from edge_agent.vision.features.gallery import Gallery
from tests.shelf.scene import settings

MODEL = next(f / "demo-shelf" for f in shipped_models() if (f / "demo-shelf").is_dir())


def seen(vision: VisionSettings) -> Settings:
    """A shelf whose plates a camera sees."""
    told = settings()
    plates = tuple(p.model_copy(update={"region": (0, 0, 90, 90)}) for p in told.plate)
    cameras = (CameraSettings(id="front", source="0"),)
    return told.model_copy(update={"plate": plates, "camera": cameras, "vision": vision})


def told(state: Path, vision: VisionSettings) -> list[tuple[str, str]]:
    """Each finding's verdict and words."""
    return [(f.verdict, f.detail) for f in check_recogniser(seen(vision), state)]


def test_products_that_nobody_taught_are_named(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (120, 90, 3)).astype(np.uint8)
    Gallery(tmp_path).add("cola", picture)
    (_, known), (verdict, unknown) = told(tmp_path, VisionSettings())
    assert "pictures of 1 products" in known
    assert verdict == "warn"
    assert "gum, nuts, zero" in unknown


def test_a_whole_model_is_well_and_an_altered_one_is_not(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    vision = VisionSettings(recogniser="detector", model="demo-shelf", runtime="onnx")
    assert told(tmp_path, vision)[0][0] == "ok"
    copy = tmp_path / "models" / "demo-shelf"
    shutil.copytree(MODEL, copy)
    file = max(copy.iterdir(), key=lambda f: f.stat().st_size)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    ((verdict, words),) = told(tmp_path, vision)
    assert verdict == "fail"
    assert file.name in words


def test_where_no_camera_looks_nothing_is_said(tmp_path: Path) -> None:
    assert list(check_recogniser(settings(), tmp_path)) == []
