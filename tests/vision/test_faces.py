"""Faces besides: what OpenCV has here to find them with, and what becomes of what it finds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import CameraError
from edge_agent.settings import EvidenceSettings
from edge_agent.vision.evidence.faces import MODEL, CascadeFaces, NoFaces, face_flags, open_faces
from edge_agent.vision.evidence.keeping import EvidenceKeeper
from edge_agent.vision.evidence.view import CameraView
from edge_agent.vision.frames import Frame, Image, decode_picture
from edge_agent.vision.seen import Box
from tests.vision.drawn_people import HEIGHT, PLATES, WIDTH, good_box, seen, sharpness, shelf


class OneFace:
    """Finds a face where it was told there is one."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def boxes(self, image: Image) -> tuple[Box, ...]:
        return (self._box,)


def test_a_face_that_stands_still_from_the_beginning_is_blurred_where_it_is_found(
    tmp_path: Path,
) -> None:
    view = CameraView(PLATES)
    for second in range(15):
        view.see(Frame("front", 1000.0 + second, seen(shelf(), second)))
    box = good_box("A2", 1)
    keeper = EvidenceKeeper(tmp_path, EvidenceSettings(), {"front": view}, OneFace(box))
    frame = view.ring.before(2000.0)
    assert frame is not None
    picture = decode_picture(keeper.shown(frame).jpeg, "test")
    left, top = 80 - 22, 100 - 18
    shown = picture[box[1] - top : box[3] - top, box[0] - left : box[2] - left]
    beside = good_box("A3", 1)
    other = picture[beside[1] - top : beside[3] - top, beside[0] - left : beside[2] - left]
    assert sharpness(shown) < sharpness(other) / 5


def test_flags_cover_the_face() -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    flags = face_flags(((101, 50, 161, 111),), image)
    assert flags.shape == (180, 320)
    assert flags[25:56, 50:81].all()
    assert flags.sum() == 31 * 31


def test_without_a_model_what_opencv_brings_is_used(tmp_path: Path) -> None:
    found = open_faces(tmp_path)
    brings = hasattr(cv2, "CascadeClassifier")
    assert isinstance(found, CascadeFaces if brings else NoFaces)
    assert found.boxes(np.full((100, 200, 3), 128, np.uint8)) == ()


def test_a_model_that_is_none_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_bytes(b"not a model at all")
    with pytest.raises(CameraError, match=r"faces\.onnx is no YuNet model"):
        open_faces(tmp_path)
