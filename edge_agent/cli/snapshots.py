"""One picture, from the running agent, else from the camera itself."""

from __future__ import annotations

import base64
import time
from contextlib import closing
from pathlib import Path
from typing import Self

from edge_agent.control_client import ask
from edge_agent.errors import AgentNotRunning, CameraError, UsageError
from edge_agent.settings import CameraSettings, Settings
from edge_agent.vision.cameras.shots import FrameSource
from edge_agent.vision.cameras.sources import open_source
from edge_agent.vision.frames import Image, decode_picture, encode_jpeg

QUALITY = 90
# A camera that has just been opened takes a second to find its exposure.
FRAMES_TO_SETTLE = 5
ANSWER_S = 10.0


def camera_of(settings: Settings, camera_id: str | None, settings_path: Path) -> CameraSettings:
    """The camera of that name, or the first; UsageError where there is none."""
    if not settings.camera:
        raise UsageError(f"{settings_path} has no camera. Add a [[camera]] with id and source.")
    if camera_id is None:
        return settings.camera[0]
    for camera in settings.camera:
        if camera.id == camera_id:
            return camera
    known = ", ".join(c.id for c in settings.camera)
    raise UsageError(f"No camera {camera_id!r} in {settings_path}. Use one of: {known}")


def take_picture(camera: CameraSettings, state: Path) -> bytes:
    """A JPEG of what the camera sees now. Raises CameraError where it gives none."""
    try:
        return agents_picture(camera.id, state)
    except AgentNotRunning:
        return _from_camera(camera)


def agents_picture(camera_id: str, state: Path) -> bytes:
    """A JPEG of what the running agent's camera sees; AgentNotRunning where there is no agent.

    Raises AgentRefused where the agent has no picture of it.
    """
    request = {"ask": "snapshot", "camera": camera_id}
    return base64.b64decode(ask(state, request, timeout_s=ANSWER_S)["jpeg_base64"])


class NewestPictures:
    """The camera's newest picture, again and again; a context that keeps the camera open."""

    def __init__(self, camera: CameraSettings, state: Path) -> None:
        self._camera = camera
        self._state = state
        self._source: FrameSource | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._source is not None:
            self._source.close()

    def newest(self) -> Image:
        """From the running agent, else from the camera. Raises CameraError where there is none."""
        where = f"camera {self._camera.id}"
        if self._source is None:
            try:
                return decode_picture(agents_picture(self._camera.id, self._state), where)
            except AgentNotRunning:
                self._source = open_source(self._camera, time.time)
        shot = self._source.read()
        if shot is None:
            # A folder or a file has ended: what it shows now is at its beginning.
            self._source.close()
            self._source = None
            return decode_picture(_from_camera(self._camera), where)
        return shot.frame.image


def _from_camera(camera: CameraSettings) -> bytes:
    image = None
    with closing(open_source(camera, time.time)) as source:
        for _ in range(FRAMES_TO_SETTLE):
            shot = source.read()
            if shot is None:
                break
            image = shot.frame.image
    if image is None:
        raise CameraError(
            f"Camera {camera.id!r}: {camera.source} holds no pictures. Correct its source."
        )
    return encode_jpeg(image, QUALITY)
