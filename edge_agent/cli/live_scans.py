"""Scans through a camera: the running agent's, which has it open, else the device itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from edge_agent.cli.live_frames import live_frames
from edge_agent.settings import CameraSettings
from edge_agent.shelf.scans import Scan
from edge_agent.vision.codes.scanning import ScanWatch


def live_scans(camera: CameraSettings, state: Path, seconds: float | None) -> Iterator[Scan]:
    """What is held before the camera, for so many seconds or without an end.

    A video or a folder of pictures ends by itself. Raises CameraError where the camera gives no
    pictures, AgentRefused where the agent has none of it.
    """
    ends = float("inf") if seconds is None else time.monotonic() + seconds
    watch = ScanWatch()
    for frame in live_frames(camera, state, ends):
        yield from watch.see(frame)
