"""Training the weights with ultralytics (AGPL-3.0), on a PC."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.detector.ultralytics_runtime import keep_ultralytics_quiet
from edge_agent.errors import ModelError


@dataclass(frozen=True, slots=True)
class Course:
    """How to train. The defaults learn 24 products from 400 pictures on two cores in minutes.

    Measured: ultralytics' own settings learn nothing in three epochs from so few pictures; small
    batches and AdamW reach mAP50 .98 in ten.
    """

    architecture: str = "yolo11n"
    size_px: int = 320
    epochs: int = 10
    batch: int = 8
    threads: int = 2
    seed: int = 0


def train(data: Path, out: Path, course: Course, start: Path | None = None) -> Path:
    """Train on a dataset and return the weights, `out/weights.pt`.

    `start` names weights to go on from; without any it begins from nothing, for nothing may be
    downloaded. Raises ModelError where ultralytics is not installed or leaves no weights.
    """
    keep_ultralytics_quiet()
    import torch
    from ultralytics import YOLO, settings

    settings.update({"sync": False})
    torch.set_num_threads(course.threads)
    model = YOLO(str(start) if start else f"{course.architecture}.yaml")
    runs = out / "runs"
    os.environ["OMP_NUM_THREADS"] = str(course.threads)
    model.train(data=str(data), project=str(runs.resolve()), name="train", **_arguments(course))
    best = runs / "train" / "weights" / "best.pt"
    if not best.is_file():
        raise ModelError(f"ultralytics left no {best}. Read what it printed above.")
    weights = out / "weights.pt"
    shutil.copyfile(best, weights)
    return weights


def _arguments(course: Course) -> dict[str, Any]:
    return {
        "imgsz": course.size_px,
        "epochs": course.epochs,
        "batch": course.batch,
        "nbs": course.batch,
        "optimizer": "AdamW",
        "lr0": 0.001,
        "warmup_epochs": 1,
        # Prints read one way round only, and colour is what tells flavours apart.
        "fliplr": 0.0,
        "hsv_h": 0.005,
        "hsv_s": 0.3,
        "close_mosaic": max(1, course.epochs // 4),
        # Measured once, at the end: a round of measuring takes a tenth of a round of learning.
        "val": False,
        "seed": course.seed,
        "deterministic": True,
        "device": "cpu",
        "workers": 0,
        "plots": False,
        "pretrained": False,
        "amp": False,
        "exist_ok": True,
        "verbose": False,
    }
