"""Pictures of the shelf before and after a change, kept within limits and without people.

What is not near a plate is made unrecognisable before it is written, while `blur_people` is on:
nobody has to find the people first, so nobody can be missed there. Where no plate's region is
known, that is the whole picture. Within the regions goods and hands stay sharp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edge_agent.settings import EvidenceSettings, Settings
from edge_agent.vision.evidence_folder import EvidenceFolder
from edge_agent.vision.frames import Frame, FrameRing, Image, encode_jpeg

Region = tuple[int, int, int, int]
"""x, y, width, height in the camera's picture."""

Side = Literal["before", "after"]

MAX_PICTURE_BYTES = 100_000
_LONGEST_SIDE = 1280
_QUALITIES = (85, 70, 55, 40)
_SHRINK = 0.75

_MARGIN = 0.15
_MIN_MARGIN = 16

_BLUR_CELLS = 24
"""Blurred parts keep one colour for each cell of a 24th of the longer side: 53 pixels of 1280,
larger than a face at the distance of a shelf camera. Averaging cannot be undone as smoothing can.
"""


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """A picture on disk: JPEG of `size` bytes at `path`, taken at `at` (Unix seconds)."""

    evidence_id: str
    change_id: str
    at: float
    path: Path
    size: int


def evidence_id(change_id: str, side: Side, camera: str) -> str:
    """Name a picture by the change that it shows, from which side and by which camera."""
    return f"{change_id}-{side}-{camera}"


def regions_by_camera(settings: Settings) -> dict[str, tuple[Region, ...]]:
    """Tell which plate regions lie in which camera's picture.

    A region does not name its camera: with several cameras it is the first one's, and the pictures
    of the others are blurred all over.
    """
    if not settings.camera:
        return {}
    regions = tuple(plate.region for plate in settings.plate if plate.region is not None)
    return {settings.camera[0].id: regions}


class EvidenceKeeper:
    """Keeps the pictures of changes in `folder`.

    `regions` are the plates' regions by camera id. Writing raises `StoreError`.
    """

    def __init__(
        self,
        folder: Path,
        settings: EvidenceSettings,
        regions: Mapping[str, Sequence[Region]] | None = None,
    ) -> None:
        self._settings = settings
        self._regions = dict(regions or {})
        self._folder = EvidenceFolder(folder)

    def keep_before(
        self, change_id: str, started_at: float, ring: FrameRing
    ) -> EvidencePicture | None:
        """Keep the last frame before the weight moved; None when the ring has none."""
        return self._keep(change_id, "before", ring.before(started_at))

    def keep_after(
        self, change_id: str, settled_at: float, ring: FrameRing
    ) -> EvidencePicture | None:
        """Keep the first frame after the weight settled; None as long as there is none."""
        return self._keep(change_id, "after", ring.after(settled_at))

    def find(self, evidence_id: str) -> bytes | None:
        """Return the JPEG of a picture that is kept, None when its time was up."""
        return self._folder.read(_file_name(evidence_id))

    def enforce_limits(self, now: float, of_open_cases: Set[str] = frozenset()) -> list[str]:
        """Delete what is older than `retention_days`, then the oldest beyond `max_mb`.

        Pictures whose id is in `of_open_cases` leave last when room is needed; retention is a
        promise to the people in front of the shelf and spares none. Returns the deleted files.
        """
        kept_names = {_file_name(name) for name in of_open_cases}
        oldest = now - self._settings.retention_days * 86400
        return self._folder.prune(oldest, round(self._settings.max_mb * 1e6), kept_names)

    def shown(self, frame: Frame) -> bytes:
        """Return a frame as evidence shows it: cropped to the plates, blurred around them."""
        regions = self._regions.get(frame.camera, ())
        return evidence_jpeg(frame.image, regions, blur=self._settings.blur_people)

    def _keep(self, change_id: str, side: Side, frame: Frame | None) -> EvidencePicture | None:
        if frame is None:
            return None
        name = evidence_id(change_id, side, frame.camera)
        jpeg = self.shown(frame)
        path = self._folder.write(_file_name(name), jpeg, frame.at)
        return EvidencePicture(name, change_id, frame.at, path, len(jpeg))


def evidence_jpeg(image: Image, regions: Sequence[Region], *, blur: bool) -> bytes:
    """Return the picture as evidence: cropped to the plates, blurred around them, 100 KB at most.

    `image` is (h, w, 3) BGR, `regions` are in its pixels. Without any region inside the picture all
    of it is kept, and blurred where `blur` is on.
    """
    height, width = image.shape[:2]
    boxes = [box for region in regions if (box := _with_margin(region, width, height))]
    shown = _blurred_outside(image, boxes) if blur else image
    if boxes:
        left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
        right, bottom = max(b[2] for b in boxes), max(b[3] for b in boxes)
        shown = shown[top:bottom, left:right]
    return _small_enough(np.ascontiguousarray(shown))


def _with_margin(region: Region, width: int, height: int) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom inside the picture; None when nothing of it is inside."""
    x, y, w, h = region
    if x >= width or y >= height or x + w <= 0 or y + h <= 0 or w <= 0 or h <= 0:
        return None
    across, down = max(_MIN_MARGIN, round(w * _MARGIN)), max(_MIN_MARGIN, round(h * _MARGIN))
    return (
        max(0, x - across),
        max(0, y - down),
        min(width, x + w + across),
        min(height, y + h + down),
    )


def _blurred_outside(image: Image, boxes: Sequence[tuple[int, int, int, int]]) -> Image:
    import cv2

    height, width = image.shape[:2]
    cell = max(1, -(-max(height, width) // _BLUR_CELLS))
    size = (max(1, width // cell), max(1, height // cell))
    cells = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    for left, top, right, bottom in boxes:
        blurred[top:bottom, left:right] = image[top:bottom, left:right]
    return np.asarray(blurred, dtype=np.uint8)


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


def _file_name(evidence_id: str) -> str:
    # Ids of long names in Chinese would be longer than a file name may be (255 bytes), and one that
    # a person typed must not lead out of the folder.
    if len(evidence_id.encode()) <= 200 and not {"/", "\0"} & set(evidence_id):
        return f"{evidence_id}.jpg"
    return f"{hashlib.sha256(evidence_id.encode()).hexdigest()}.jpg"
