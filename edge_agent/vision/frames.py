"""Pictures with their times, and the recent ones in bounded memory."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import CameraError

Image = NDArray[np.uint8]
"""A picture (height, width, 3), blue green red."""

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

CLOCK_SET_S = 2.0
_RING_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera, taken at `at` (Unix seconds)."""

    camera: str
    at: float
    image: Image


@dataclass(frozen=True, slots=True)
class _Packed:
    camera: str
    at: float
    jpeg: bytes


class FrameRing:
    """The last `seconds` of one camera as JPEG, in at most `max_bytes`; safe between threads.

    150 frames of 1280 x 720 are 20 to 40 MB as JPEG and 415 MB raw.
    """

    def __init__(self, seconds: float = 30.0, max_bytes: int = 48_000_000) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._frames: deque[_Packed] = deque()
        self._lock = threading.Lock()
        self.bytes_held = 0

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame) -> None:
        """Keep a frame; older ones leave. A frame not newer than the last one is ignored."""
        packed = _Packed(frame.camera, frame.at, encode_jpeg(frame.image, _RING_QUALITY))
        with self._lock:
            if self._frames and frame.at <= self._frames[-1].at:
                if self._frames[-1].at - frame.at < CLOCK_SET_S:
                    return
                # The clock was set back: what is held is of no time that is still to be asked for.
                self._frames.clear()
                self.bytes_held = 0
            self._frames.append(packed)
            self.bytes_held += len(packed.jpeg)
            while self._frames and (
                self.bytes_held > self._max_bytes or self._frames[0].at < frame.at - self._seconds
            ):
                self.bytes_held -= len(self._frames.popleft().jpeg)

    def before(self, at: float) -> Frame | None:
        """Return the last frame strictly before `at`."""
        with self._lock:
            index = bisect_left(self._frames, at, key=_time)
            packed = self._frames[index - 1] if index else None
        return _unpack(packed)

    def after(self, at: float) -> Frame | None:
        """Return the first frame strictly after `at`."""
        with self._lock:
            index = bisect_right(self._frames, at, key=_time)
            packed = self._frames[index] if index < len(self._frames) else None
        return _unpack(packed)

    def nearest(self, at: float) -> Frame | None:
        """Return the frame whose time is nearest to `at`."""
        with self._lock:
            packed = min(self._frames, key=lambda p: abs(p.at - at), default=None)
        return _unpack(packed)


def _time(packed: _Packed) -> float:
    return packed.at


def _unpack(packed: _Packed | None) -> Frame | None:
    if packed is None:
        return None
    return Frame(packed.camera, packed.at, decode_picture(packed.jpeg, f"camera {packed.camera}"))


def encode_jpeg(image: Image, quality: int) -> bytes:
    """Return `image` as JPEG of `quality` 0 to 100."""
    import cv2

    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise CameraError(f"A picture of shape {image.shape} cannot be encoded as JPEG.")
    return encoded.tobytes()


def decode_picture(encoded: bytes, where: str) -> Image:
    """Return the picture in `encoded`; `where` it is from stands in the `CameraError`."""
    import cv2

    data = np.frombuffer(encoded, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise CameraError(f"{where}: {len(encoded)} bytes that are no picture. Delete the file.")
    return np.asarray(image, dtype=np.uint8)


def size_within(longest: int, height: int, width: int) -> tuple[int, int]:
    """Return height and width of a picture made smaller until its longer side is `longest`."""
    scale = min(1.0, longest / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def picture_files(folder: Path) -> list[Path]:
    """List the pictures of a folder by name; numbers count as numbers."""
    files = [f for f in folder.iterdir() if f.suffix.lower() in PICTURE_SUFFIXES]
    return sorted(files, key=lambda f: (len(f.stem), f.stem) if _is_number(f) else (0, f.stem))


def picture_time(picture: Path) -> float | None:
    """Return the Unix seconds that a name of Unix milliseconds tells, as in recordings."""
    # Twelve digits of milliseconds are before 2001: such a name is a counter.
    return int(picture.stem) / 1000 if _is_number(picture) and len(picture.stem) >= 13 else None


def recorded_frames(folder: Path, camera: str) -> Iterator[Frame]:
    """Yield the frames of a recording's `frames/<camera>` in order of time.

    Pictures without a time in their name are left out. Raises `CameraError` where one is broken.
    """
    for picture in picture_files(folder):
        at = picture_time(picture)
        if at is not None:
            yield Frame(camera, at, decode_picture(picture.read_bytes(), str(picture)))


def _is_number(picture: Path) -> bool:
    return picture.stem.isascii() and picture.stem.isdecimal()
