"""A camera's frames for a command: the running agent's, which has it open, else its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from edge_agent.cli.snapshots import agents_picture
from edge_agent.errors import AgentNotRunning
from edge_agent.settings import CameraSettings
from edge_agent.vision.cameras.shots import PERIOD_S
from edge_agent.vision.cameras.sources import open_source
from edge_agent.vision.frames import Frame, decode_picture


def live_frames(camera: CameraSettings, state: Path, ends: float) -> Iterator[Frame]:
    """Yield frames, five a second at most, until `ends` (of the monotonic clock).

    A video or a folder of pictures ends by itself. Raises CameraError where the camera gives no
    pictures, AgentRefused where the agent has none of it, AgentNotRunning where it has stopped
    meanwhile.
    """
    try:
        first = agents_picture(camera.id, state)
    except AgentNotRunning:
        yield from _own_frames(camera, ends)
        return
    yield from _agents_frames(camera.id, state, first, ends)


def _agents_frames(camera_id: str, state: Path, first: bytes, ends: float) -> Iterator[Frame]:
    """The agent's newest pictures, each once, until it stops or time is up."""
    jpeg, before = first, b""
    while True:
        # The same picture twice must not agree with itself.
        if jpeg != before:
            yield Frame(camera_id, time.time(), decode_picture(jpeg, f"camera {camera_id}"))
        before = jpeg
        if time.monotonic() >= ends:
            return
        time.sleep(min(PERIOD_S, max(0.0, ends - time.monotonic())))
        jpeg = agents_picture(camera_id, state)


def _own_frames(camera: CameraSettings, ends: float) -> Iterator[Frame]:
    opened = time.monotonic()
    with closing(open_source(camera, time.time)) as source:
        while time.monotonic() < ends:
            shot = source.read()
            if shot is None:
                return
            early_s = min(opened + shot.due_s, ends) - time.monotonic()
            if early_s > 0:
                time.sleep(early_s)
            yield shot.frame
