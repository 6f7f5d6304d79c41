"""`edge-agent model train | export | check | install`, with a detector of three colours."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.detector.manifest import MANIFEST_FILE, describe_file, load_manifest, write_manifest
from edge_agent.detector.places import find_model, model_folders
from edge_agent.recordings import Recording
from edge_agent.training.compositing import Compositor, Labelled
from edge_agent.training.cutouts import cut_out, write_cutouts
from edge_agent.training.dataset import write_part
from edge_agent.training.exporting import halve
from edge_agent.training.recorded import confirmed_cutouts
from edge_agent.vision.frames import encode_jpeg
from tests.cli.command_scene import Shelf, make_shelf
from tests.vision.colour_detector import BGR, SKUS, mask, shelf, write_model

HAS_ULTRALYTICS = importlib.util.find_spec("ultralytics") is not None
SETTINGS = """\
shelf_id = "colours"
currency = "EUR"

[[plate]]
id = "A1"
region = [100, 60, 256, 256]
products = ["red", "green", "blue"]

[[camera]]
id = "front"
source = "recorded"
"""
T0 = 1_772_200_000.0


@pytest.fixture
def site(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "made" / "colours")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("recordings") / "played")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Two pictures with four things, every one where the detector's boxes are."""
    one = Labelled(
        shelf(("red", 0, 0), ("blue", 2, 3)), (0, 2), ((0, 0, 32, 32), (64, 96, 96, 128))
    )
    other = Labelled(
        shelf(("green", 1, 1), ("blue", 3, 0)), (1, 2), ((32, 32, 64, 64), (96, 0, 128, 32))
    )
    write_part(tmp_path / "labelled", "val", [one, other])
    return tmp_path / "labelled"


def recording(folder: Path) -> Path:
    """A shelf of three colours whose red thing is taken, five pictures a second."""
    frames = folder / "frames" / "front"
    frames.mkdir(parents=True)
    products = "".join(f'[[product]]\nsku = "{s}"\nname = "{s}"\nprice = 100\n' for s in SKUS)
    (folder / "shelf.toml").write_text(SETTINGS + products)
    change = {"truth": "change", "time": T0 + 10.0, "plate": "A1"}
    items = {"items": [{"sku": "red", "quantity": -1}]}
    (folder / "truth.jsonl").write_text(json.dumps(change | items) + "\n")
    rng = np.random.default_rng(5)
    room = cv2.GaussianBlur(rng.integers(60, 200, (360, 640, 3), np.uint8), (0, 0), 3)
    for number in range(90):
        things = [("green", 0, 2), ("blue", 3, 2)] + ([("red", 1, 2)] if number < 45 else [])
        image = room.copy()
        image[60:316, 100:356] = cv2.resize(shelf(*things), (256, 256))
        if 40 <= number < 50:
            # A hand: something large that moves.
            image[60 + 8 * (number - 40) : 260, 150 + 4 * (number - 40) : 290] = (120, 150, 200)
        noise = rng.normal(0, 1.5, image.shape)
        picture = np.clip(image + noise, 0, 255).astype(np.uint8)
        name = round(1000 * (T0 + number / 5))
        (frames / f"{name}.jpg").write_bytes(encode_jpeg(picture, 95))
    return folder


def test_a_model_is_installed_and_the_next_step_is_said(site: Shelf, model: Path) -> None:
    done = site.run("model", "install", str(model))
    assert done.status == 0, done.err
    assert "colours, 3 products" in done.out
    assert "edge-agent config set vision.model colours" in done.out
    assert "does not know 2 of the shelf's products" in done.err
    assert find_model("colours", model_folders(site.state)) == site.state / "models" / "colours"


def test_an_altered_model_is_not_installed(site: Shelf, model: Path) -> None:
    (model / "model.onnx").write_bytes(b"something else")
    done = site.run("model", "install", str(model))
    assert done.status == 1
    assert done.err.startswith("error: ")
    assert "model.onnx is not the file that manifest.json describes" in done.err
    assert not (site.state / "models").exists()


def test_a_folder_without_a_manifest_is_no_model(site: Shelf, tmp_path: Path) -> None:
    done = site.run("model", "install", str(tmp_path))
    assert done.status == 1
    assert "is no model" in done.err


def test_a_check_shows_files_runtimes_and_precision(
    site: Shelf, model: Path, labelled: Path
) -> None:
    found = site.run("model", "check", str(model), "--frames", str(labelled), "--json")
    assert found.status == 0, found.err
    told = found.json
    assert told["good"] is True
    assert told["measured"]["map50"] == 1.0
    assert told["measured"]["map50_95"] == 1.0
    assert {each["runtime"] for each in told["speed"]} == {"onnx", "ncnn", "opencv"}
    assert [each["share"] for each in told["agreement"]] == [1.0, 1.0]
    assert set(told["files"]) == {"model.onnx", "model.ncnn.param", "model.ncnn.bin"}


def test_a_check_by_name_finds_the_installed_model(site: Shelf, model: Path) -> None:
    assert site.run("model", "install", str(model)).status == 0
    found = site.run("model", "check", "colours")
    assert found.status == 0, found.err
    assert "3 products at 64 px" in found.out


def test_a_model_that_is_not_there_is_wrong_usage(site: Shelf) -> None:
    found = site.run("model", "check", "nothing-of-that-name")
    assert found.status == 2
    assert "No model 'nothing-of-that-name'" in found.err


def test_runtimes_that_see_different_things_are_found(
    site: Shelf, model: Path, labelled: Path
) -> None:
    weights = model / "model.ncnn.bin"
    content = bytearray(weights.read_bytes())
    numbers = np.frombuffer(content, np.float32, 9, offset=4)
    content[4 : 4 + 36] = np.roll(numbers.reshape(3, 3), 1, axis=0).tobytes()
    weights.write_bytes(content)
    manifest = load_manifest(model)
    files = tuple(describe_file(model / f.name, f.kind) for f in manifest.files)
    write_manifest(model, manifest.model_copy(update={"files": files}))
    found = site.run("model", "check", str(model), "--frames", str(labelled))
    assert found.status == 1
    assert "sees 0 of 4" in found.out
    assert "DIFFERS" in found.out


def test_labels_with_their_own_order_of_classes_are_read(
    site: Shelf, model: Path, labelled: Path
) -> None:
    for path in (labelled / "labels" / "val").iterdir():
        turned = {"0": "2", "1": "1", "2": "0"}
        lines = [f"{turned[line[0]]}{line[1:]}" for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines))
    (labelled / "classes.txt").write_text("blue\ngreen\nred\n")
    found = site.run("model", "check", str(model), "--frames", str(labelled), "--json")
    assert found.json["measured"]["map50"] == 1.0
    (labelled / "classes.txt").write_text("blue\ngreen\nyellow\n")
    refused = site.run("model", "check", str(model), "--frames", str(labelled))
    assert refused.status == 2
    assert "yellow, which the model does not know" in refused.err


def test_a_label_that_cannot_be_read_is_named(site: Shelf, model: Path, labelled: Path) -> None:
    label = labelled / "labels" / "val" / "00001.txt"
    label.write_text("0 0.5 0.5 0.1 0.1\n0 0.5 here\n")
    found = site.run("model", "check", str(model), "--frames", str(labelled))
    assert found.status == 2
    assert "00001.txt, line 2" in found.err


def test_a_recordings_changes_come_out_right(site: Shelf, model: Path, played: Path) -> None:
    found = site.run("model", "check", str(model), "--recording", str(played), "--json")
    assert found.status == 0, found.err
    assert [(c["sku"], c["best"], c["answer"]) for c in found.json["changes"]] == [
        ("red", "red", "red")
    ]


def test_units_that_customers_took_become_pictures_to_learn_from(played: Path) -> None:
    cutouts = confirmed_cutouts(Recording(played))
    assert list(cutouts) == ["red"]
    (unit,) = cutouts["red"]
    seen = unit[unit[..., 3] > 0][:, :3].mean(axis=0)
    assert seen.argmax() == 2
    assert 40 <= unit.shape[0] <= 100


@pytest.mark.skipif(HAS_ULTRALYTICS, reason="ultralytics is installed here")
def test_training_without_the_extra_says_what_to_install(site: Shelf, tmp_path: Path) -> None:
    found = site.run(
        *("model", "train", "--pictures", str(tmp_path), "--frames", str(tmp_path)),
        *("--out", str(tmp_path / "out")),
    )
    assert found.status == 1
    assert "pip install 'edge-agent[train]'" in found.err


def test_a_square_that_no_detector_can_have_is_wrong_usage(site: Shelf, tmp_path: Path) -> None:
    found = site.run(
        *("model", "train", "--pictures", str(tmp_path), "--frames", str(tmp_path)),
        *("--out", str(tmp_path / "out"), "--size", "100"),
    )
    assert found.status == 2
    assert "a multiple of 32; not 100" in found.err


def test_exporting_what_was_never_trained_is_wrong_usage(site: Shelf, tmp_path: Path) -> None:
    found = site.run("model", "export", str(tmp_path), "--name", "x", "--out", str(tmp_path / "x"))
    assert found.status == 2
    assert "holds no trained weights" in found.err


def colour_cutouts() -> dict[str, list[np.ndarray]]:
    return {sku: [cut_out(shelf((sku, 1, 1)), mask((1, 1)))] for sku in SKUS}


def test_composites_have_a_box_around_what_is_seen_of_each_unit() -> None:
    plates = [np.full((160, 200, 3), 128, np.uint8)]
    composer = Compositor(colour_cutouts(), plates, [SKUS], seed=4)
    made = [composer.make() for _ in range(30)]
    boxes = 0
    for picture in made:
        for kind, (left, top, right, bottom) in zip(picture.classes, picture.boxes, strict=True):
            part = picture.image[top:bottom, left:right].reshape(-1, 3).astype(int)
            own = int(np.argmax(BGR[composer.skus[kind]]))
            others = [channel for channel in range(3) if channel != own]
            of_its_colour = (part[:, own] > part[:, others].max(axis=1) + 40).mean()
            assert of_its_colour > 0.25
            boxes += 1
    assert boxes > 60
    assert {kind for picture in made for kind in picture.classes} == {0, 1, 2}


def test_the_same_seed_makes_the_same_pictures() -> None:
    plates = [np.full((160, 200, 3), 128, np.uint8)]
    one, two = (Compositor(colour_cutouts(), plates, (), seed=9) for _ in range(2))
    other = Compositor(colour_cutouts(), plates, (), seed=10)
    first, second, third = one.make(), two.make(), other.make()
    assert np.array_equal(first.image, second.image)
    assert first.boxes == second.boxes
    assert not np.array_equal(first.image, third.image)


def test_halved_weights_give_nearly_the_same_numbers(tmp_path: Path) -> None:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper, save_model

    weights = np.random.default_rng(1).normal(0, 0.1, (16, 3, 5, 5)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[5, 5])],
        "one layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 16, 12, 12])],
        [numpy_helper.from_array(weights, "w")],
    )
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    opset = [helper.make_opsetid("", 13)]
    save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), str(whole))
    halve(whole, half)
    picture = np.random.default_rng(2).random((1, 3, 16, 16), np.float32)
    one, other = (
        onnxruntime.InferenceSession(str(path)).run(None, {"x": picture})[0]
        for path in (whole, half)
    )
    assert half.stat().st_size < 0.65 * whole.stat().st_size
    assert np.abs(one - other).max() < 0.005


@pytest.mark.slow
@pytest.mark.skipif(not HAS_ULTRALYTICS, reason="needs the extra train: ultralytics and torch")
def test_taught_pictures_become_a_model_that_runs_on_the_device(
    site: Shelf, tmp_path: Path
) -> None:
    write_cutouts(tmp_path / "taught", colour_cutouts())
    plates = tmp_path / "plates"
    plates.mkdir()
    cv2.imwrite(str(plates / "one.png"), np.full((160, 200, 3), 128, np.uint8))
    trained = site.run(
        *("model", "train", "--pictures", str(tmp_path / "taught"), "--frames", str(plates)),
        *("--out", str(tmp_path / "made"), "--count", "20", "--epochs", "1", "--size", "64"),
    )
    assert trained.status == 0, trained.err
    exported = site.run(
        *("model", "export", str(tmp_path / "made"), "--name", "tiny"),
        *("--out", str(tmp_path / "tiny")),
    )
    assert exported.status == 0, exported.err
    assert (tmp_path / "tiny" / MANIFEST_FILE).is_file()
    assert "AGPL-3.0" in (tmp_path / "tiny" / "README.md").read_text()
    found = site.run("model", "check", str(tmp_path / "tiny"), "--json")
    assert found.json["classes"] == sorted(SKUS)
    assert {each["runtime"] for each in found.json["speed"]} >= {"onnx", "opencv"}
