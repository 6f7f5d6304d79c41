"""What comes out of an open camera: frames with the time they are due, five a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge_agent.vision.frames import Frame

FRAMES_PER_S = 5.0
PERIOD_S = 1 / FRAMES_PER_S


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame, and when it is due in seconds since its source was opened (0: at once)."""

    frame: Frame
    due_s: float


class FrameSource(Protocol):
    """An open source. `read` raises `CameraError` when a camera is lost."""

    def read(self) -> Shot | None:
        """Return the next frame, five a second; None when a file or folder has ended."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...
