"""Faces, wherever this machine has something to find them with; on top of `people`, not instead.

OpenCV 4 brings a cascade of its own (Viola and Jones, CVPR 2001). OpenCV 5 does not. A YuNet model
(`face_detection_yunet_2023mar.onnx` of OpenCV's model zoo, MIT) is used where a technician has put
one into the agent's state folder as `faces.onnx`. Without either, `people` stands alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from edge_agent.errors import CameraError
from edge_agent.vision.evidence.likeness import Flags, work_size
from edge_agent.vision.frames import Image, size_within
from edge_agent.vision.seen import Box

MODEL = "faces.onnx"

_SEARCHED_SIDE = 640
_YUNET_SCORE = 0.6
_CASCADE = "haarcascade_frontalface_default.xml"
_CASCADE_NEIGHBOURS = 8
"""With 3, prints on 14 of 39 photographed cartons were taken for faces; with 8, on one."""
_MARGIN = 0.25
"""Of a face's size, on each side: detectors box eyes to mouth, and hair tells people apart, too."""


class Faces(Protocol):
    """Finds faces in a picture (h, w, 3)."""

    def boxes(self, image: Image) -> tuple[Box, ...]:
        """The faces with a margin around each, in the picture's pixels."""
        ...


class NoFaces:
    """For machines without a face detector."""

    def boxes(self, image: Image) -> tuple[Box, ...]:
        """None."""
        return ()


class YunetFaces:
    """A YuNet model; CameraError where the file is none."""

    def __init__(self, model: Path) -> None:
        import cv2

        try:
            self._detector = cv2.FaceDetectorYN.create(str(model), "", (320, 320), _YUNET_SCORE)
        except cv2.error as error:
            raise CameraError(
                f"{model} is no YuNet model that OpenCV {cv2.__version__} can read. Put "
                "face_detection_yunet_2023mar.onnx of OpenCV's model zoo there, or remove the file."
            ) from error

    def boxes(self, image: Image) -> tuple[Box, ...]:
        """See `Faces`."""
        searched, scale = _searched(image)
        height, width = searched.shape[:2]
        self._detector.setInputSize((width, height))
        _, found = self._detector.detect(searched)
        # One row a face: x, y, width, height, five landmarks, score; None for no face at all.
        rows = [] if found is None else found
        return tuple(_with_margin(row[:4], scale, image) for row in rows)


class CascadeFaces:
    """The cascade that OpenCV 4 brings."""

    def __init__(self, cascade: Path) -> None:
        import cv2

        # The types of OpenCV 5 do not know it.
        make: Any = getattr(cv2, "CascadeClassifier", None)
        self._cascade = make(str(cascade))

    def boxes(self, image: Image) -> tuple[Box, ...]:
        """See `Faces`."""
        import cv2

        searched, scale = _searched(image)
        gray = cv2.cvtColor(searched, cv2.COLOR_BGR2GRAY)
        found = self._cascade.detectMultiScale(gray, 1.1, _CASCADE_NEIGHBOURS)
        return tuple(_with_margin(np.asarray(row, np.float32), scale, image) for row in found)


def open_faces(state: Path | None = None) -> Faces:
    """The best face detector here; `state` is the agent's folder, which may hold a model.

    Raises CameraError where it holds one that cannot be used.
    """
    import cv2

    model = state / MODEL if state is not None else None
    if model is not None and model.exists():
        return YunetFaces(model)
    cascades: Any = getattr(cv2, "data", None)
    if hasattr(cv2, "CascadeClassifier") and cascades is not None:
        cascade = Path(cascades.haarcascades) / _CASCADE
        if cascade.exists():
            return CascadeFaces(cascade)
    return NoFaces()


def face_flags(boxes: tuple[Box, ...], image: Image) -> Flags:
    """The faces as a part of a picture, (h, w) at working size."""
    height, width = work_size(*image.shape[:2])
    scale = width / image.shape[1]
    flags = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in boxes:
        flags[
            int(top * scale) : int(bottom * scale) + 1, int(left * scale) : int(right * scale) + 1
        ] = True
    return flags


def _searched(image: Image) -> tuple[Image, float]:
    """The picture at the size at which faces are searched, and its scale."""
    import cv2

    scale = min(1.0, _SEARCHED_SIDE / max(image.shape[:2]))
    height, width = size_within(_SEARCHED_SIDE, *image.shape[:2])
    searched = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(searched, np.uint8), scale


def _with_margin(row: np.ndarray[tuple[int], np.dtype[np.float32]], scale: float, of: Image) -> Box:
    x, y, w, h = (float(value) / scale for value in row)
    height, width = of.shape[:2]
    return (
        max(0, int(x - _MARGIN * w)),
        max(0, int(y - _MARGIN * h)),
        min(width, int(x + (1 + _MARGIN) * w) + 1),
        min(height, int(y + (1 + _MARGIN) * h) + 1),
    )
