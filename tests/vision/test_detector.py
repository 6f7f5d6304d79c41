"""The detector on the device: files that are believed, boxes, products, what left and what came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.detector.boxes import Boxes, decode
from edge_agent.detector.detector import Detector
from edge_agent.detector.letterbox import Fit, letterbox
from edge_agent.detector.likelihood import ratio
from edge_agent.detector.manifest import (
    MANIFEST_FILE,
    Weight,
    describe_file,
    load_manifest,
    write_manifest,
)
from edge_agent.detector.places import find_model, install_model, model_folders
from edge_agent.detector.recogniser import DetectorRecogniser
from edge_agent.detector.runtimes import usable_runtimes
from edge_agent.errors import ModelError, UsageError
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask, RegionChange
from tests.vision.colour_detector import mask, shelf, write_model, write_onnx

RUNTIMES = ("onnx", "ncnn", "opencv")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "colours")


@pytest.fixture(scope="module")
def recogniser(model: Path) -> DetectorRecogniser:
    return DetectorRecogniser(Detector.load(model))


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def change(before: Image, after: Image, where: Mask, left: float = 1.0) -> RegionChange:
    return RegionChange("A1", "front", 10.0, 12.0, before, after, where, 0.9, left)


def found(boxes: Boxes) -> set[tuple[int, ...]]:
    """Class and rounded corners of what is surely there."""
    return {
        (int(kind), *(round(float(value)) for value in corners))
        for kind, corners, score in zip(boxes.classes, boxes.corners, boxes.best, strict=True)
        if score > 0.5
    }


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_runtime_finds_the_same_things_at_the_same_places(model: Path, runtime: str) -> None:
    boxes = Detector.load(model, runtime).detect(shelf(("red", 0, 0), ("blue", 2, 3)))
    assert found(boxes) == {(0, 0, 0, 32, 32), (2, 64, 96, 96, 128)}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_same_picture_gives_the_same_numbers(model: Path, runtime: str) -> None:
    detector = Detector.load(model, runtime)
    picture = np.random.default_rng(3).integers(0, 255, (90, 160, 3), np.uint8)
    first, other = detector.detect(picture), detector.detect(shelf())
    again = detector.detect(picture)
    assert np.array_equal(first.scores, again.scores)
    assert np.array_equal(first.corners, again.corners)
    assert not found(other)


def test_auto_takes_a_runtime_that_is_here_and_has_its_file(model: Path, tmp_path: Path) -> None:
    assert Detector.load(model).runtime.name == usable_runtimes(load_manifest(model))[0]
    whole = load_manifest(write_model(tmp_path))
    write_manifest(
        tmp_path,
        whole.model_copy(update={"files": tuple(f for f in whole.files if "ncnn" in f.kind)}),
    )
    assert Detector.load(tmp_path).runtime.name == "ncnn"


def test_a_runtime_whose_file_is_not_there_says_so(tmp_path: Path) -> None:
    whole = load_manifest(write_model(tmp_path))
    write_manifest(tmp_path, whole.model_copy(update={"files": whole.files[:1]}))
    with pytest.raises(ModelError, match="has no ncnn-param and ncnn-bin file"):
        Detector.load(tmp_path, "ncnn")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_altered_file_is_refused(tmp_path: Path, runtime: str) -> None:
    write_model(tmp_path)
    name = "model.ncnn.bin" if runtime == "ncnn" else "model.onnx"
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"is not the file that manifest\.json describes"):
        Detector.load(tmp_path, runtime)


@pytest.mark.parametrize("runtime", ["onnx", "opencv", "ncnn"])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, runtime: str) -> None:
    whole = load_manifest(write_model(tmp_path))
    for file in whole.files:
        (tmp_path / file.name).write_bytes(b"this is no network\n")
    files = tuple(describe_file(tmp_path / file.name, file.kind) for file in whole.files)
    write_manifest(tmp_path, whole.model_copy(update={"files": files}))
    with pytest.raises(ModelError, match="refuses the model"):
        Detector.load(tmp_path, runtime)


def test_a_model_with_fewer_classes_than_its_manifest_is_refused(tmp_path: Path) -> None:
    whole = load_manifest(write_model(tmp_path))
    other = write_onnx(tmp_path / "other.onnx", np.eye(2, 3, dtype=np.float32))
    write_manifest(tmp_path, whole.model_copy(update={"files": (describe_file(other, "onnx"),)}))
    with pytest.raises(ModelError, match=r"shape \[1, 6, 16\]; for its 3 classes"):
        Detector.load(tmp_path, "onnx")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        Detector.load(tmp_path, "onnx")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("classes", [{"sku": "a"}, {"sku": "a"}], "the class 'a' stands there twice"),
        ("classes", [], "at least 1 item"),
        ("licence", "", "licence"),
        ("input_px", 100, "multiple of 32"),
        ("name", "../evil", "name"),
        ("format", 2, "format"),
    ],
)
def test_a_manifest_that_says_nonsense_is_refused(
    tmp_path: Path, key: str, value: Any, said: str
) -> None:
    write_model(tmp_path)
    path = tmp_path / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelError, match=said):
        load_manifest(tmp_path)


def test_a_file_outside_the_models_folder_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path)
    path = tmp_path / MANIFEST_FILE
    manifest = json.loads(path.read_text())
    manifest["files"][0]["name"] = "../model.onnx"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"files\.0\.name"):
        load_manifest(tmp_path)


@given(
    st.text()
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(json.dumps)
)
def test_any_other_text_is_no_manifest(anywhere: Path, text: str) -> None:
    (anywhere / MANIFEST_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError):
        load_manifest(anywhere)


@given(
    width=st.integers(8, 900),
    height=st.integers(8, 900),
    size=st.sampled_from([64, 320]),
)
def test_a_box_finds_its_way_back_from_the_square(width: int, height: int, size: int) -> None:
    blob, fit = letterbox(np.zeros((height, width, 3), np.uint8), size)
    assert blob.shape == (1, 3, size, size)
    whole = np.array([[0, 0, width, height]], np.float32)
    shift = np.array([fit.left, fit.top] * 2, np.float32)
    there = whole * fit.scale + shift
    assert there.min() >= -1
    assert there.max() <= size + 1
    assert np.allclose(fit.to_picture(there.astype(np.float32)), whole, atol=2.0)


def test_the_square_keeps_shape_and_colours() -> None:
    blob, fit = letterbox(np.full((100, 200, 3), (255, 0, 0), np.uint8), 64)
    assert (fit.left, fit.top) == (0, 16)
    assert blob[0, :, 32, 32].tolist() == [0.0, 0.0, 1.0]
    assert np.allclose(blob[0, :, 2, 2], 114 / 255)


def test_doubles_are_one_thing_and_neighbours_two() -> None:
    rows = np.array(
        [[50, 54, 80], [50, 50, 50], [20, 20, 20], [20, 20, 20], [0.9, 0.8, 0.7], [0.1, 0.85, 0.0]],
        np.float32,
    )
    boxes = decode(rows[np.newaxis], 2, Fit(1.0, 0, 0, 100, 100))
    assert boxes.classes.tolist() == [0, 0]
    assert boxes.best.tolist() == pytest.approx([0.9, 0.7])
    assert boxes.corners[0].tolist() == [40, 40, 60, 60]


def test_a_model_that_lists_its_boxes_is_read_too() -> None:
    listed = np.array([[[10, 10, 30, 30, 0.9, 1], [10, 10, 30, 30, 0.05, 0]]], np.float32)
    boxes = decode(listed, 2, Fit(0.5, 0, 0, 100, 100))
    assert boxes.classes.tolist() == [1]
    assert boxes.corners.tolist() == [[20, 20, 60, 60]]


def test_a_listed_class_that_does_not_exist_is_an_error() -> None:
    listed = np.array([[[10, 10, 30, 30, 0.9, 7]]], np.float32)
    with pytest.raises(ModelError, match="names class 7 and has 2"):
        decode(listed, 2, Fit(1.0, 0, 0, 100, 100))


@given(
    st.lists(st.tuples(st.integers(20, 80), st.integers(20, 80), st.integers(0, 100)), max_size=40)
)
def test_no_two_boxes_left_are_doubles(things: list[tuple[int, int, int]]) -> None:
    rows = np.array([[x, y, 20, 20, s / 100] for x, y, s in things], np.float32).reshape(-1, 5).T
    boxes = decode(rows[np.newaxis], 1, Fit(1.0, 0, 0, 100, 100))
    again = decode(
        np.concatenate([centres(boxes), boxes.scores], axis=1).T[np.newaxis],
        1,
        Fit(1.0, 0, 0, 100, 100),
    )
    assert len(again) == len(boxes)
    assert list(boxes.best) == sorted(boxes.best, reverse=True)


def centres(boxes: Boxes) -> np.ndarray:
    low, high = boxes.corners[:, :2], boxes.corners[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def test_what_stands_where_the_mask_is_is_recognised(recogniser: DetectorRecogniser) -> None:
    picture = shelf(("red", 0, 0), ("blue", 3, 3))
    assert recogniser.recognise(picture, mask((0, 0))).answer == "red"
    assert recogniser.recognise(picture, mask((3, 3))).answer == "blue"
    assert recogniser.recognise(picture, mask((3, 3))).ranking[0][0] == "blue"


def test_where_nothing_stands_that_it_knows_it_does_not_answer(
    recogniser: DetectorRecogniser,
) -> None:
    seen = recogniser.recognise(shelf(("red", 0, 0)), mask((2, 2)))
    assert seen.answer is None
    assert max(seen.likelihoods.values()) < 1


def test_only_the_products_asked_for_are_thought_of(recogniser: DetectorRecogniser) -> None:
    seen = recogniser.recognise(shelf(("red", 1, 1)), mask((1, 1)), among=["blue", "green"])
    assert sorted(seen.likelihoods) == ["blue", "green"]
    assert seen.answer is None


def test_products_that_the_model_does_not_know_are_absent(recogniser: DetectorRecogniser) -> None:
    seen = recogniser.recognise(shelf(("red", 1, 1)), None, among=["red", "yellow"])
    assert list(seen.likelihoods) == ["red"]


def test_what_is_fewer_afterwards_left(recogniser: DetectorRecogniser) -> None:
    before = shelf(("red", 0, 3), ("red", 1, 3), ("blue", 2, 3))
    gone = change(before, shelf(("red", 0, 3), ("blue", 2, 3)), mask((1, 3)))
    assert recogniser.recognise_change(gone).answer == "red"
    assert recogniser.count(gone).differences == {"red": -1}


def test_what_is_more_afterwards_came(recogniser: DetectorRecogniser) -> None:
    came = change(shelf(("red", 0, 3)), shelf(("red", 0, 3), ("green", 1, 3)), mask((1, 3)), 0.0)
    assert recogniser.recognise_change(came).answer == "green"
    assert recogniser.count(came).differences == {"green": 1}


def test_goods_that_only_moved_aside_did_not_leave(recogniser: DetectorRecogniser) -> None:
    before = shelf(("red", 0, 3), ("blue", 1, 3), ("blue", 2, 3))
    after = shelf(("blue", 0, 3), ("blue", 1, 3))
    gone = change(before, after, mask((0, 3), (1, 3), (2, 3)))
    assert recogniser.recognise_change(gone).answer == "red"


def test_what_is_seen_behind_does_not_hide_what_left(recogniser: DetectorRecogniser) -> None:
    before, after = shelf(("red", 1, 2)), shelf(("blue", 1, 2))
    assert recogniser.recognise_change(change(before, after, mask((1, 2)))).answer == "red"
    same_behind = change(before, shelf(("red", 1, 2)), mask((1, 2)))
    assert recogniser.recognise_change(same_behind).answer == "red"


def test_where_nothing_known_left_nothing_is_answered(recogniser: DetectorRecogniser) -> None:
    away = change(shelf(("red", 0, 0)), shelf(("red", 0, 0)), mask((2, 2)))
    seen = recogniser.recognise_change(away)
    assert seen.answer is None
    assert max(seen.likelihoods.values()) < 1


@given(score=st.floats(0, 1), other=st.floats(0, 1), samples=st.integers(1, 10_000))
def test_more_evidence_is_never_worth_less_and_never_more_than_was_seen(
    score: float, other: float, samples: int
) -> None:
    weight = Weight(slope=1.5, intercept=-0.4, samples=samples)
    low, high = sorted((score, other))
    assert ratio(low, weight) <= ratio(high, weight)
    assert 1 / (samples + 2.001) <= ratio(low, weight) <= samples + 2.001


def test_a_model_is_installed_whole_and_found_by_name(model: Path, tmp_path: Path) -> None:
    source = write_model(tmp_path / "made", name="office")
    (source / "notes.txt").write_text("not part of it")
    (source / "README.md").write_text("# Office\n")
    installed, manifest = install_model(source, tmp_path / "state")
    assert find_model("office", model_folders(tmp_path / "state")) == installed
    assert sorted(p.name for p in installed.iterdir()) == sorted(
        [MANIFEST_FILE, "README.md", *(f.name for f in manifest.files)]
    )
    again, _ = install_model(source, tmp_path / "state")
    assert Detector.load(again).manifest.name == "office"


def test_a_model_with_an_altered_file_is_not_installed(tmp_path: Path) -> None:
    source = write_model(tmp_path / "made", name="office")
    with (source / "model.ncnn.bin").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=r"model\.ncnn\.bin is not the file"):
        install_model(source, tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_a_model_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    write_model(tmp_path / "models" / "colours")
    with pytest.raises(UsageError, match=r"No model 'colour'\. Found .*colours"):
        find_model("colour", model_folders(tmp_path))
