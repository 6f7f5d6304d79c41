"""From trained weights to the files that a device runs, with their manifest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from edge_agent.detector.manifest import (
    FileKind,
    Manifest,
    ModelClass,
    ModelFile,
    describe_file,
    write_manifest,
)
from edge_agent.detector.ultralytics_runtime import keep_ultralytics_quiet
from edge_agent.errors import ModelError, UsageError

LICENCE = "AGPL-3.0"
"""Of ultralytics, which stamps its exports so."""

FORMATS = ("onnx", "ncnn", "pytorch")
# Numbers below this many in a tensor are too few to be worth halving.
_WORTH_HALVING = 256
_OPSET = 13


@dataclass(frozen=True, slots=True)
class About:
    """What a manifest says besides what is in the weights; `names` of products by SKU."""

    name: str
    made_from: str
    made_on: date
    input_px: int = 320
    names: Mapping[str, str] = field(default_factory=dict)


def export(weights: Path, out: Path, about: About, formats: Collection[str]) -> Manifest:
    """Write a model folder: `model.onnx`, `model.ncnn.*`, `weights.pt`, as asked, and the manifest.

    Raises UsageError for other formats, ModelError where ultralytics or its exporters fail.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise UsageError(f"Cannot export to {', '.join(unknown) or 'nothing'}. Use onnx or ncnn.")
    keep_ultralytics_quiet()
    from ultralytics import YOLO

    out.mkdir(parents=True, exist_ok=True)
    skus = _skus(YOLO(str(weights)))
    files: list[ModelFile] = []
    # The exporters write beside the weights, wherever these are.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.pt"
        shutil.copyfile(weights, copy)
        if "onnx" in formats:
            files.append(_onnx(YOLO(str(copy)), out, about.input_px))
        if "ncnn" in formats:
            files += _ncnn(YOLO(str(copy)), out, about.input_px)
    if "pytorch" in formats:
        shutil.copyfile(weights, out / "weights.pt")
        files.append(describe_file(out / "weights.pt", "pytorch"))
    manifest = Manifest(
        name=about.name,
        made_on=about.made_on,
        made_from=about.made_from,
        licence=LICENCE,
        input_px=about.input_px,
        classes=tuple(ModelClass(sku=sku, name=about.names.get(sku, "")) for sku in skus),
        files=tuple(files),
    )
    write_manifest(out, manifest)
    return manifest


def _skus(model: Any) -> list[str]:
    names: dict[int, str] = model.names
    return [names[number] for number in sorted(names)]


def _onnx(model: Any, out: Path, size: int) -> ModelFile:
    made = Path(model.export(format="onnx", imgsz=size, opset=_OPSET, simplify=True, dynamic=False))
    target = out / "model.onnx"
    halve(made, target)
    return describe_file(target, "onnx")


def _ncnn(model: Any, out: Path, size: int) -> list[ModelFile]:
    made = Path(model.export(format="ncnn", imgsz=size, half=True))
    kinds: dict[str, FileKind] = {"model.ncnn.param": "ncnn-param", "model.ncnn.bin": "ncnn-bin"}
    files = []
    for name, kind in kinds.items():
        if not (made / name).is_file():
            raise ModelError(f"The export to ncnn left no {name}. Read what pnnx printed above.")
        shutil.copyfile(made / name, out / name)
        files.append(describe_file(out / name, kind))
    return files


def halve(source: Path, target: Path) -> None:
    """Store an ONNX model's weights in half precision; they are made whole again when loaded.

    Half the file, the same speed and nearly the same numbers in every runtime: each reckons in
    single precision as before.
    """
    import numpy as np
    from onnx import TensorProto, checker, helper, load_model, numpy_helper, save_model

    model = load_model(str(source))
    graph = model.graph
    stored, casts = [], []
    for tensor in graph.initializer:
        numbers = numpy_helper.to_array(tensor)
        if numbers.dtype != np.float32 or numbers.size < _WORTH_HALVING:
            stored.append(tensor)
            continue
        half = f"{tensor.name}_half"
        stored.append(numpy_helper.from_array(numbers.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(stored)
    graph.node.extend(nodes)
    checker.check_model(model)
    save_model(model, str(target))
