"""ultralytics as a runtime, on a PC, to compare with. AGPL-3.0, and never on the device."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np

from edge_agent.detector.boxes import Floats
from edge_agent.detector.letterbox import Blob
from edge_agent.errors import ModelError


def keep_ultralytics_quiet() -> None:
    """Raise ModelError where the extra `train` is not installed; else make it mind its own.

    It would install packages at run time and report home.
    """
    if importlib.util.find_spec("ultralytics") is None:
        raise ModelError(
            "ultralytics is not installed. On a PC, not on the shelf, run "
            "`pip install 'edge-agent[train]'`."
        )
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ.setdefault("YOLO_VERBOSE", "false")


class UltralyticsRuntime:
    """The weights as they were trained, by torch."""

    name = "ultralytics"

    def __init__(self, weights: Path, threads: int) -> None:
        keep_ultralytics_quiet()
        import torch
        from ultralytics import YOLO

        torch.set_num_threads(threads)
        self._torch = torch
        self._model = YOLO(str(weights)).model.float().eval()

    def infer(self, blob: Blob) -> Floats:
        """Run the model on one square."""
        with self._torch.inference_mode():
            found = self._model(self._torch.from_numpy(blob))
        return np.asarray(found[0], np.float32)
