"""A real detector of 16 boxes that knows red, green and blue, written by hand for ONNX and ncnn."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from edge_agent.detector.manifest import (
    Manifest,
    ModelClass,
    ModelFile,
    Weight,
    describe_file,
    write_manifest,
)
from edge_agent.vision.frames import Image

SIZE, CELL = 64, 16
SKUS = ("red", "green", "blue")
BGR = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0)}
# One colour without the others makes a score of nearly 1, grey and white one of nearly 0.
COLOURS = np.where(np.eye(3) > 0, 12.0, -12.0).astype(np.float32)
BIAS = np.full(3, -3.0, np.float32)


def cells() -> np.ndarray:
    """Centre x, centre y, width, height of the boxes (4, 16), row by row."""
    centres = np.arange(CELL // 2, SIZE, CELL, dtype=np.float32)
    y, x = np.meshgrid(centres, centres, indexing="ij")
    size = np.full(x.size, CELL, np.float32)
    return np.stack([x.ravel(), y.ravel(), size, size])


def write_onnx(path: Path, colours: np.ndarray = COLOURS) -> Path:
    """The network as ONNX: mean of each cell, one weight a colour, sigmoid; boxes are constant."""
    from onnx import TensorProto, checker, helper, numpy_helper, save_model

    kinds = len(colours)
    constants = {
        "weights": colours.reshape(kinds, 3, 1, 1),
        "bias": BIAS[:kinds],
        "flat": np.array([1, kinds, 16], np.int64),
        "boxes": cells()[np.newaxis],
    }
    graph = helper.make_graph(
        [
            helper.make_node(
                "AveragePool", ["images"], ["mean"], kernel_shape=[CELL] * 2, strides=[CELL] * 2
            ),
            helper.make_node("Conv", ["mean", "weights", "bias"], ["sum"], kernel_shape=[1, 1]),
            helper.make_node("Sigmoid", ["sum"], ["scores"]),
            helper.make_node("Reshape", ["scores", "flat"], ["list"]),
            helper.make_node("Concat", ["boxes", "list"], ["output0"], axis=1),
        ],
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 4 + kinds, 16])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    save_model(model, str(path))
    return path


def write_ncnn(folder: Path) -> tuple[Path, Path]:
    """The same network for ncnn."""
    layers = (
        "Input            in0   0 1 in0",
        f"Pooling          mean  1 1 in0 mean 0=1 1={CELL} 2={CELL}",
        "Convolution      sum   1 1 mean scores 0=3 1=1 5=1 6=9 9=4",
        "Reshape          flat  1 1 scores list 0=16 1=3",
        "MemoryData       boxes 0 1 boxes 0=16 1=4",
        "Concat           all   2 1 boxes list out0 0=0",
    )
    param, weights = folder / "model.ncnn.param", folder / "model.ncnn.bin"
    param.write_text("\n".join(["7767517", f"{len(layers)} 6", *layers]) + "\n")
    full_precision = np.zeros(1, "<u4").tobytes()
    parts = (COLOURS.tobytes(), BIAS.tobytes(), cells().tobytes())
    weights.write_bytes(full_precision + b"".join(parts))
    return param, weights


def write_model(
    folder: Path, name: str = "colours", skus: tuple[str, ...] = SKUS, samples: int = 500
) -> Path:
    """A whole model folder with its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    param, weights = write_ncnn(folder)
    files: tuple[ModelFile, ...] = (
        describe_file(write_onnx(folder / "model.onnx"), "onnx"),
        describe_file(param, "ncnn-param"),
        describe_file(weights, "ncnn-bin"),
    )
    manifest = Manifest(
        name=name,
        made_on=date(2026, 3, 1),
        made_from="nothing: written by hand for tests",
        licence="MIT",
        input_px=SIZE,
        classes=tuple(ModelClass(sku=sku, name=sku.title()) for sku in skus),
        files=files,
        weight=Weight(samples=samples),
    )
    write_manifest(folder, manifest)
    return folder


def shelf(*things: tuple[str, int, int]) -> Image:
    """A grey picture of 128 x 128 pixels with things of 32: colour, column, row (0 to 3)."""
    picture = np.full((128, 128, 3), 120, np.uint8)
    for colour, column, row in things:
        picture[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = BGR[colour]
    return picture


def mask(*places: tuple[int, int]) -> np.ndarray:
    """A mask of that picture: the places by column and row."""
    found = np.zeros((128, 128), np.uint8)
    for column, row in places:
        found[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = 255
    return found
