"""What a camera's `source` in `shelf.toml` may be, and how pictures come out of each."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge_agent.errors import CameraError
from edge_agent.settings import CameraSettings
from edge_agent.vision.cameras.picamera import PiCameraSource
from edge_agent.vision.cameras.shots import PERIOD_S, FrameSource, Shot
from edge_agent.vision.frames import Frame, Image, decode_picture, picture_files, picture_time

if TYPE_CHECKING:
    import cv2

_log = logging.getLogger(__name__)

_URL_SCHEMES = ("http://", "https://", "rtsp://", "rtsps://")
_STREAM_TIMEOUT_MS = 5000
_WIDTH, _HEIGHT = 1280, 720


def open_source(settings: CameraSettings, clock: Callable[[], float]) -> FrameSource:
    """Open what `settings.source` names; raise `CameraError` saying what to do when it fails."""
    source = settings.source
    if source.startswith(_URL_SCHEMES):
        return _network_source(settings, clock)
    if source.isdecimal():
        return LiveSource(settings, clock, int(source))
    kind = re.fullmatch(r"(picamera|simulated)(?::([0-9]+))?", source)
    if kind is not None:
        return _source_of_kind(settings, clock, kind[1], kind[2])
    path = Path(source)
    device = re.fullmatch(r"/dev/video([0-9]+)", os.path.realpath(path))
    if device is not None and path.exists():
        return LiveSource(settings, clock, int(device[1]))
    if path.is_dir():
        return FolderSource(settings, clock, path)
    if path.is_file():
        return VideoSource(settings, clock, path)
    raise CameraError(f"No camera at {source}. {found_sentence()} Run `edge-agent doctor`.")


def _source_of_kind(
    settings: CameraSettings, clock: Callable[[], float], kind: str, number: str | None
) -> FrameSource:
    """A Raspberry Pi camera of this number, or the simulated shelf of this seed."""
    if kind == "picamera":
        return PiCameraSource(settings, clock, int(number or 0))
    # Only a simulated shelf needs the simulation, and it is heavy.
    from edge_agent.simulation.pictures.camera_source import SimulatedSource

    return SimulatedSource(settings, clock, int(number or 1))


def _network_source(settings: CameraSettings, clock: Callable[[], float]) -> FrameSource:
    if settings.source.startswith("http"):
        # Here, since it loads all of http.
        from edge_agent.vision.cameras.picture_url import PictureUrlSource, gives_single_pictures

        if gives_single_pictures(settings.source):
            return PictureUrlSource(settings, clock)
    return LiveSource(settings, clock, settings.source)


def found_cameras() -> list[str]:
    """List the V4L2 devices that are present, as `source` may name them."""
    return [str(device) for device in sorted(Path("/dev").glob("video*"))]


def found_sentence() -> str:
    """Say in one sentence which cameras were found, for the end of an error message."""
    found = ", ".join(found_cameras())
    return f"Found {found}." if found else "Found no /dev/video* at all."


class LiveSource:
    """A V4L2 device or a network stream through OpenCV."""

    def __init__(
        self, settings: CameraSettings, clock: Callable[[], float], source: int | str
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._next_s = 0.0
        self._capture = _open_capture(source)
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(_why_not_open(source))

    def read(self) -> Shot:
        """Take every picture off the driver's queue, so that the one kept is not an old one."""
        while True:
            if not self._capture.grab():
                raise self._lost()
            now_s = time.monotonic()
            if now_s >= self._next_s:
                break
        at = self._clock()
        self._next_s = now_s + PERIOD_S
        done, image = self._capture.retrieve()
        if not done or image is None:
            raise self._lost()
        return Shot(Frame(self._settings.id, at, _bgr(image)), 0.0)

    def close(self) -> None:
        """Give the device back."""
        self._capture.release()

    def _lost(self) -> CameraError:
        return CameraError(
            f"The camera at {without_password(self._settings.source)} gives no pictures any more. "
            "Check its cable and power; it is tried again. If it stays away, run "
            "`edge-agent doctor`."
        )


class VideoSource:
    """A video file, played at its own pace."""

    def __init__(self, settings: CameraSettings, clock: Callable[[], float], video: Path) -> None:
        self._settings = settings
        self._opened_at = clock()
        self._capture = _open_capture(str(video))
        import cv2

        self._file_fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._position = 0
        self._due_s = 0.0
        if not self._capture.isOpened() or not self._file_fps > 0:
            self._capture.release()
            raise CameraError(f"{video} cannot be read as a video. Convert it to MP4 (H.264).")

    def read(self) -> Shot | None:
        """Return the next frame that is a fifth of a second on; None at the end."""
        while True:
            if not self._capture.grab():
                return None
            at_s = self._position / self._file_fps
            self._position += 1
            if at_s >= self._due_s - 0.5 / self._file_fps:
                break
        self._due_s += PERIOD_S
        done, image = self._capture.retrieve()
        if not done or image is None:
            return None
        return Shot(Frame(self._settings.id, self._opened_at + at_s, _bgr(image)), at_s)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class FolderSource:
    """A folder of pictures, five a second; names of Unix milliseconds give the frames' times."""

    def __init__(self, settings: CameraSettings, clock: Callable[[], float], folder: Path) -> None:
        self._settings = settings
        self._opened_at = clock()
        self._count = 0
        try:
            self._pictures = iter(picture_files(folder))
        except OSError as error:
            raise CameraError(f"The folder {folder} cannot be listed: {error}.") from error

    def read(self) -> Shot | None:
        """Return the next picture that can be read; None after the last."""
        for picture in self._pictures:
            try:
                image = decode_picture(picture.read_bytes(), str(picture))
            except OSError as error:
                # One broken file is no reason to stop looking at the others.
                _log.warning("%s", error)
                continue
            due_s = self._count * PERIOD_S
            self._count += 1
            at = picture_time(picture)
            frame = Frame(self._settings.id, self._opened_at + due_s if at is None else at, image)
            return Shot(frame, due_s)
        return None

    def close(self) -> None:
        """Nothing to give back."""


def _open_capture(source: int | str) -> cv2.VideoCapture:
    # What OpenCV and FFmpeg print at each failed attempt would fill the journal, and FFmpeg's
    # addresses come with their passwords.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if isinstance(source, int):
        capture = cv2.VideoCapture(source, cv2.CAP_V4L2)
        # Compressed, else USB 2 does not carry this size; cameras that cannot give the nearest.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, _WIDTH)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, _HEIGHT)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture
    if source.startswith(_URL_SCHEMES):
        timeouts = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _STREAM_TIMEOUT_MS),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, _STREAM_TIMEOUT_MS),
        ]
        return cv2.VideoCapture(source, cv2.CAP_FFMPEG, timeouts)
    return cv2.VideoCapture(source)


def without_password(source: str) -> str:
    """Return the source as it may be logged: without user and password."""
    return re.sub(r"(?<=://)[^/@]*@", "***@", source)


def _bgr(image: object) -> Image:
    """Some drivers give grey pictures: (h, w) becomes (h, w, 3)."""
    picture = np.asarray(image, dtype=np.uint8)
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, np.newaxis], 3, axis=2)


def _why_not_open(source: int | str) -> str:
    if isinstance(source, str) and source.startswith(_URL_SCHEMES):
        return (
            f"The camera at {without_password(source)} does not answer. Check its address, user "
            "and password with another viewer, then run `edge-agent doctor`."
        )
    return (
        f"The camera {source} cannot be opened. {found_sentence()} It may be in use by another "
        "program, or the agent's user may not be in the group video. Run `edge-agent doctor`."
    )
