"""A verified model at work: a picture in, boxes with products out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_agent.detector.boxes import MIN_SCORE, Boxes, check_shape, decode
from edge_agent.detector.letterbox import letterbox
from edge_agent.detector.manifest import Manifest, load_manifest
from edge_agent.detector.runtimes import THREADS, Runtime, open_runtime
from edge_agent.vision.frames import Image


class Detector:
    """Finds products in pictures. Same picture, same boxes; one thread may use it at a time."""

    def __init__(self, manifest: Manifest, runtime: Runtime) -> None:
        """Take a model that runs. Raises ModelError where it gives other numbers than it should."""
        self.manifest = manifest
        self.runtime = runtime
        size = manifest.input_px
        # What the model gives is known for sure only once it ran; the first run is slow besides.
        first = runtime.infer(np.zeros((1, 3, size, size), np.float32))
        check_shape(first.shape, len(manifest.classes))

    @classmethod
    def load(cls, folder: Path, runtime: str = "auto", threads: int = THREADS) -> Detector:
        """Load the model in `folder`, everything verified. Raises ModelError."""
        manifest = load_manifest(folder)
        return cls(manifest, open_runtime(folder, manifest, runtime, threads))

    def detect(self, picture: Image, min_score: float = MIN_SCORE) -> Boxes:
        """Find the products in a picture (height, width, 3), the surest first."""
        blob, fit = letterbox(picture, self.manifest.input_px)
        return decode(self.runtime.infer(blob), len(self.manifest.classes), fit, min_score)
