"""The one way for a picture of the shelf to leave the memory: people are unrecognisable in it.

Only `clear` makes a `ClearedPicture`, and only a `ClearedPicture` can be written to the evidence
folder (`folder`) or told to the cloud. `tests/test_no_unblurred_picture.py` holds that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import Final, final

import numpy as np

from edge_agent.vision.evidence.likeness import Flags
from edge_agent.vision.evidence.marking import with_marks
from edge_agent.vision.evidence.people import outlines
from edge_agent.vision.frames import Image, encode_jpeg
from edge_agent.vision.seen import Box

MAX_PICTURE_BYTES = 100_000

_LONGEST_SIDE = 1280
_QUALITIES = (85, 70, 55, 40)
_SHRINK = 0.75

_CELLS = 18
"""What is blurred keeps one colour for each cell of an 18th of the longer side: 72 pixels of 1280,
two or three across a face at the distance of a shelf camera. Averaging cannot be undone as
smoothing can.
"""

_SEAL: Final = object()


@final
@dataclass(frozen=True, slots=True)
class ClearedPicture:
    """A JPEG of at most 100 kB in which nobody can be recognised; made by `clear` alone."""

    jpeg: bytes
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a ClearedPicture is made by edge_agent.vision.evidence.blurring.clear")


def clear(
    image: Image,
    shown: Sequence[Box],
    strangers: Flags | None,
    *,
    blur: bool,
    marks: Sequence[Box] = (),
    label: str = "",
) -> ClearedPicture:
    """Return a picture (h, w, 3) cut to `shown` with everything outside of these boxes blurred.

    Within them, `strangers` are blurred too ((h, w) at working size, None: none can be there).
    Without any box all of the picture is kept and blurred. `blur` is the operator's `blur_people`:
    where it is off, people stay as they are. `marks` are drawn last, the first with its `label`.
    """
    height, width = image.shape[:2]
    result = _blurred(image, _sharp(shown, strangers, height, width)) if blur else image
    result = with_marks(result, marks, label)
    if shown:
        left, top = min(b[0] for b in shown), min(b[1] for b in shown)
        right, bottom = max(b[2] for b in shown), max(b[3] for b in shown)
        result = result[top:bottom, left:right]
    return ClearedPicture(_small_enough(np.ascontiguousarray(result)), _SEAL)


def _sharp(shown: Sequence[Box], strangers: Flags | None, height: int, width: int) -> Flags:
    sharp = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in shown:
        sharp[top:bottom, left:right] = True
    if strangers is not None:
        sharp &= ~outlines(strangers, height, width)
    return sharp


def _blurred(image: Image, sharp: Flags) -> Image:
    import cv2

    height, width = image.shape[:2]
    cell = max(1, -(-max(height, width) // _CELLS))
    size = (max(1, width // cell), max(1, height // cell))
    cells = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.copyTo(image, sharp.astype(np.uint8), blurred), np.uint8)


def _small_enough(image: Image) -> bytes:
    import cv2

    scale = min(1.0, _LONGEST_SIDE / max(image.shape[:2]))
    while True:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        for quality in _QUALITIES:
            jpeg = encode_jpeg(np.asarray(scaled, dtype=np.uint8), quality)
            if len(jpeg) <= MAX_PICTURE_BYTES:
                return jpeg
        scale *= _SHRINK
