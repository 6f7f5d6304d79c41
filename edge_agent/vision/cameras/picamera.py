"""A camera on the Raspberry Pi's own connector, through picamera2 where that is installed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_agent.errors import CameraError
from edge_agent.settings import CameraSettings
from edge_agent.vision.cameras.shots import PERIOD_S, Shot
from edge_agent.vision.frames import Frame

if TYPE_CHECKING:
    from types import ModuleType

_SIZE = (1280, 720)
# picamera2 names formats as libcamera does, by the order in a word: in memory this is BGR.
_FORMAT = "RGB888"
_FRAMES_PER_S = 10.0
_ANSWER_S = 5.0


class PiCameraSource:
    """A CSI camera. `number` counts from 0 where a Pi has two.

    Raises `CameraError` where picamera2 or the camera is absent or the camera is in use.
    """

    def __init__(
        self, settings: CameraSettings, clock: Callable[[], float], number: int = 0
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._next_s = 0.0
        self._camera = _opened(_picamera2(settings), settings, number)

    def read(self) -> Shot:
        """Return the next picture, five a second."""
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + PERIOD_S
        try:
            picture = self._camera.capture_array("main", wait=_ANSWER_S)
        except (OSError, RuntimeError) as error:
            raise CameraError(
                f"The Pi camera {self._settings.id!r} gives no pictures any more ({error}). Check "
                "its ribbon cable; it is tried again. If it stays away, run `edge-agent doctor`."
            ) from error
        image = np.ascontiguousarray(picture[:, :, :3], dtype=np.uint8)
        return Shot(Frame(self._settings.id, self._clock(), image), 0.0)

    def close(self) -> None:
        """Give the camera back."""
        self._camera.close()


def _picamera2(settings: CameraSettings) -> ModuleType:
    try:
        return importlib.import_module("picamera2")
    except ImportError as error:
        raise CameraError(
            f"Camera {settings.id!r}: source {settings.source!r} needs picamera2, which is not "
            f"installed here ({error}). On Raspberry Pi OS run `sudo apt install "
            "python3-picamera2` and make the environment with `python3 -m venv "
            '--system-site-packages`; a USB camera works without (source = "0").'
        ) from error


def _opened(picamera2: ModuleType, settings: CameraSettings, number: int) -> Any:
    found = len(picamera2.Picamera2.global_camera_info())
    if number >= found:
        raise CameraError(
            f"Camera {settings.id!r}: no camera {number} on the Pi's connectors, found {found}. "
            "Check that its ribbon cable sits in CAM with the contacts the right way round, and "
            "that `rpicam-hello --list-cameras` shows it."
        )
    camera = None
    try:
        camera = picamera2.Picamera2(number)
        wanted = {"size": _SIZE, "format": _FORMAT}
        rate = {"FrameRate": _FRAMES_PER_S}
        camera.configure(camera.create_video_configuration(main=wanted, controls=rate))
        camera.start()
    except (OSError, RuntimeError) as error:
        if camera is not None:
            camera.close()
        raise CameraError(
            f"Camera {settings.id!r}: the Pi camera {number} cannot be opened ({error}). It may be "
            "in use by another program, or the agent's user may not be in the group video. Run "
            "`edge-agent doctor`."
        ) from error
    return camera
