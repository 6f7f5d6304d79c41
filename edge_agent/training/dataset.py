"""Labelled pictures on disk, as YOLO has them: `images/PART`, `labels/PART`, `data.yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge_agent.errors import UsageError
from edge_agent.training.compositing import Labelled
from edge_agent.vision.frames import decode_picture, picture_files

Part = Literal["train", "val"]
CLASSES_FILE = "classes.txt"


def write_part(folder: Path, part: Part, pictures: Iterable[Labelled]) -> int:
    """Write pictures with their labels, losslessly; return how many."""
    images, labels = folder / "images" / part, folder / "labels" / part
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(parents=True, exist_ok=True)
    written = 0
    for number, labelled in enumerate(pictures):
        cv2.imwrite(str(images / f"{number:05d}.png"), labelled.image)
        text = "".join(f"{line}\n" for line in label_lines(labelled))
        (labels / f"{number:05d}.txt").write_text(text, encoding="ascii")
        written += 1
    return written


def label_lines(labelled: Labelled) -> list[str]:
    """Each box as YOLO has it: class, centre x and y, width, height, in parts of the picture."""
    height, width = labelled.image.shape[:2]
    return [
        f"{kind} {(left + right) / 2 / width:.6f} {(top + bottom) / 2 / height:.6f} "
        f"{(right - left) / width:.6f} {(bottom - top) / height:.6f}"
        for kind, (left, top, right, bottom) in zip(labelled.classes, labelled.boxes, strict=True)
    ]


def write_data_file(folder: Path, skus: Sequence[str]) -> Path:
    """Write `data.yaml`, which tells ultralytics where the pictures are and what the classes."""
    path = folder / "data.yaml"
    # JSON is YAML: nothing to escape, nothing to import.
    named = dict(enumerate(skus))
    lines = [
        f"path: {json.dumps(str(folder.resolve()))}",
        "train: images/train",
        "val: images/val",
        f"names: {json.dumps(named)}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read_labelled(folder: Path, skus: Sequence[str]) -> list[Labelled]:
    """Read pictures with their labels, classes numbered as in `skus`.

    They are in `images/val` and `labels/val`, `images` and `labels`, or all in `folder`. Where a
    `classes.txt` with a SKU a line is there, as labelling programs write it, the labels' numbers
    are its lines. A picture without a label file shows nothing. Raises UsageError where there are
    no pictures or a label is wrong.
    """
    images, labels = _folders(folder)
    numbers = _numbers(folder, labels, skus)
    found = []
    for picture in picture_files(images) if images.is_dir() else []:
        image = decode_picture(picture.read_bytes(), str(picture))
        kinds, boxes = _read_labels(labels / f"{picture.stem}.txt", numbers, image.shape)
        found.append(Labelled(image, kinds, boxes))
    if not found:
        raise UsageError(
            f"{images} holds no pictures. Name a folder with images/ and labels/ in YOLO's form."
        )
    return found


def _folders(folder: Path) -> tuple[Path, Path]:
    for inner in ("val", ""):
        images, labels = folder / "images" / inner, folder / "labels" / inner
        if images.is_dir() and labels.is_dir():
            return images, labels
    return folder, folder


def _numbers(folder: Path, labels: Path, skus: Sequence[str]) -> list[int]:
    """The model's number of each class of the labels."""
    listed = next((p for p in (folder, labels) if (p / CLASSES_FILE).is_file()), None)
    if listed is None:
        return list(range(len(skus)))
    names = (listed / CLASSES_FILE).read_text(encoding="utf-8").split()
    unknown = sorted(set(names) - set(skus))
    if unknown:
        raise UsageError(
            f"{listed / CLASSES_FILE} names {', '.join(unknown)}, which the model does not know. "
            "Each line is a SKU of the model."
        )
    return [skus.index(name) for name in names]


def _read_labels(
    path: Path, numbers: Sequence[int], shape: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[tuple[int, int, int, int], ...]]:
    if not path.is_file():
        return (), ()
    kinds, boxes = [], []
    scale = np.array([shape[1], shape[0]] * 2, float)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        try:
            kind, (x, y, w, h) = int(words[0]), map(float, words[1:5])
        except (ValueError, IndexError) as error:
            raise UsageError(
                f"{path}, line {number}: {line[:40]!r}; expected a class and four numbers."
            ) from error
        if not 0 <= kind < len(numbers):
            raise UsageError(f"{path}, line {number}: class {kind}; there are {len(numbers)}.")
        corners = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) * scale
        left, top, right, bottom = (round(float(value)) for value in np.nan_to_num(corners))
        kinds.append(numbers[kind])
        boxes.append((left, top, right, bottom))
    return tuple(kinds), tuple(boxes)
