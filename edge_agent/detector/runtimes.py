"""What runs a model: onnxruntime, ncnn or OpenCV. Each is imported only where it is chosen."""

from __future__ import annotations

import importlib.util
import logging
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from edge_agent.detector.boxes import Floats
from edge_agent.detector.letterbox import Blob
from edge_agent.detector.manifest import FileKind, Manifest, read_verified
from edge_agent.errors import ModelError

_log = logging.getLogger(__name__)

RuntimeName = Literal["ncnn", "onnx", "opencv"]
THREADS = 2
"""Of a board's four cores: the scales, MQTT and the camera keep theirs."""

_NEEDS: dict[RuntimeName, tuple[FileKind, ...]] = {
    "onnx": ("onnx",),
    "ncnn": ("ncnn-param", "ncnn-bin"),
    "opencv": ("onnx",),
}
_MODULES: dict[RuntimeName, str] = {"onnx": "onnxruntime", "ncnn": "ncnn", "opencv": "cv2"}
_INSTALL: dict[RuntimeName, str] = {
    "onnx": "pip install 'edge-agent[detector]'",
    "ncnn": "pip install 'edge-agent[ncnn]'",
    "opencv": "pip install opencv-python",
}


class Runtime(Protocol):
    """Runs one model."""

    @property
    def name(self) -> str:
        """What it is called in the settings."""
        ...

    def infer(self, blob: Blob) -> Floats:
        """Run the model on one square; the result belongs to the caller."""
        ...


def preferred_order() -> tuple[RuntimeName, ...]:
    """Which runtime `auto` takes, the fastest first.

    On ARM that is ncnn (a Pi 5 at 640 px: 88 ms, onnxruntime 168), elsewhere onnxruntime (7.4 ms
    at 320 px, ncnn 7.8, OpenCV 17 to 27).
    """
    arm = platform.machine().lower() in ("aarch64", "arm64", "armv7l")
    return ("ncnn", "onnx", "opencv") if arm else ("onnx", "ncnn", "opencv")


def usable_runtimes(manifest: Manifest) -> tuple[RuntimeName, ...]:
    """Tell which runtimes are installed here and have their files in the model, best first."""
    return tuple(
        name
        for name in preferred_order()
        if not _missing_files(manifest, name) and importlib.util.find_spec(_MODULES[name])
    )


def open_runtime(
    folder: Path, manifest: Manifest, wanted: str = "auto", threads: int = THREADS
) -> Runtime:
    """Load the model in `folder`, its files verified, into a runtime.

    `wanted` is `auto`, `onnx`, `ncnn`, `opencv` or (on a PC) `ultralytics`. Raises ModelError where
    a file is not what the manifest says, or where the runtime is not there or refuses the model.
    """
    if wanted == "ultralytics":
        return _on_a_pc(folder, manifest, threads)
    name = _chosen(manifest, wanted)
    files = [file for kind in _NEEDS[name] if (file := manifest.file(kind)) is not None]
    contents = [read_verified(folder, file) for file in files]
    if name == "onnx":
        return OnnxRuntime(contents[0], folder, threads)
    if name == "opencv":
        return OpencvRuntime(contents[0], folder, threads)
    return NcnnRuntime([folder / file.name for file in files], manifest.input_px, threads)


def _chosen(manifest: Manifest, wanted: str) -> RuntimeName:
    if wanted == "auto":
        usable = usable_runtimes(manifest)
        if not usable:
            raise ModelError(
                f"Nothing installed here can run the model {manifest.name!r}, which has "
                f"{', '.join(file.kind for file in manifest.files)}. Run `{_INSTALL['onnx']}`."
            )
        _log.info("The model %s is run by %s.", manifest.name, usable[0])
        return usable[0]
    name = next((known for known in _NEEDS if known == wanted), None)
    if name is None:
        raise ModelError(f"No runtime is called {wanted!r}. Use auto, ncnn, onnx or opencv.")
    missing = _missing_files(manifest, name)
    if missing:
        raise ModelError(
            f"The model {manifest.name!r} has no {' and '.join(missing)} file, which {name} needs. "
            'Set vision.runtime = "auto", or export the model for it with `edge-agent model '
            "export`."
        )
    if importlib.util.find_spec(_MODULES[name]) is None:
        raise ModelError(f"The runtime {name} is not installed. Run `{_INSTALL[name]}`.")
    return name


def _missing_files(manifest: Manifest, name: RuntimeName) -> list[str]:
    return [kind for kind in _NEEDS[name] if manifest.file(kind) is None]


def _on_a_pc(folder: Path, manifest: Manifest, threads: int) -> Runtime:
    # ultralytics is AGPL-3.0 and brings torch: only who asks for it by name gets it.
    from edge_agent.detector.ultralytics_runtime import UltralyticsRuntime

    file = manifest.file("pytorch")
    if file is None:
        raise ModelError(
            f"The model {manifest.name!r} has no pytorch file, which ultralytics needs. Set "
            'vision.runtime = "auto".'
        )
    # Weights are a pickle: loading an altered file would run whatever is in it.
    read_verified(folder, file)
    return UltralyticsRuntime(folder / file.name, threads)


class OnnxRuntime:
    """onnxruntime on the processor; one thread of ours may call it at a time."""

    name = "onnx"

    def __init__(self, model: bytes, folder: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin while they wait would take a core from the scales for nothing.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except _onnx_errors() as error:
            raise _refused(folder, self.name, error) from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def infer(self, blob: Blob) -> Floats:
        """Run the model on one square."""
        try:
            found = self._session.run([self._output], {self._input: blob})[0]
        except _onnx_errors() as error:
            raise ModelError(f"onnxruntime cannot run the model: {error}") from error
        return np.asarray(found, np.float32)


def _onnx_errors() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented")
    return (*(getattr(state, name) for name in names), RuntimeError)


class OpencvRuntime:
    """OpenCV's own networks: slower, but always there."""

    name = "opencv"

    def __init__(self, model: bytes, folder: Path, threads: int) -> None:
        import cv2

        del threads  # OpenCV has one number of threads for all it does
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
        except cv2.error as error:
            raise _refused(folder, self.name, error) from error

    def infer(self, blob: Blob) -> Floats:
        """Run the model on one square."""
        import cv2

        self._net.setInput(blob)
        try:
            found = self._net.forward()
        except cv2.error as error:
            raise ModelError(f"OpenCV cannot run the model: {error}") from error
        return np.array(found, np.float32)


class NcnnRuntime:
    """ncnn, made for ARM boards."""

    name = "ncnn"

    def __init__(self, files: Sequence[Path], input_px: int, threads: int) -> None:
        import ncnn

        param, weights = files
        self._ncnn: Any = ncnn
        self._net: Any = ncnn.Net()
        self._net.opt.num_threads = threads
        self._net.opt.use_vulkan_compute = False
        self._size = input_px
        # ncnn says what is wrong by a number, and the reason on standard error.
        if self._net.load_param(str(param)) != 0 or self._net.load_model(str(weights)) != 0:
            raise _refused(param.parent, self.name, "its files are no ncnn network")
        self._input = self._net.input_names()[0]
        self._output = self._net.output_names()[0]

    def infer(self, blob: Blob) -> Floats:
        """Run the model on one square."""
        extractor = self._net.create_extractor()
        # A Mat over an array that Python then frees crashes: the clone owns its numbers.
        extractor.input(self._input, self._ncnn.Mat(blob[0]).clone())
        status, found = extractor.extract(self._output)
        if status != 0:
            raise ModelError(f"ncnn cannot run the model: status {status}.")
        return np.array(found, np.float32)[np.newaxis]


def _refused(folder: Path, runtime: str, reason: object) -> ModelError:
    return ModelError(
        f"{runtime} refuses the model in {folder}: {str(reason).splitlines()[0]}. Export it again "
        'with `edge-agent model export`, or set vision.runtime = "auto".'
    )
