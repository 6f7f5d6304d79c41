"""How one plate looks to the camera while a command asks for units to be put there."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Self

import numpy as np

from edge_agent.cli.live_frames import live_frames
from edge_agent.errors import EdgeAgentError
from edge_agent.settings import CameraSettings
from edge_agent.vision.picture_files import LEAST_SIDE_PX
from edge_agent.vision.seen import Mask, Region, RegionChange
from edge_agent.vision.watching.region_change import CHANGED
from edge_agent.vision.watching.region_watch import RegionWatch

# Until then a camera has opened, found its exposure and seen the plate at rest.
FIRST_STILL_S = 15.0
# The hand is away by then, or there is no picture of what it put down.
HAND_AWAY_S = 8.0
# Pictures show what the scale felt this much later, at most: the camera's and the agent's delay.
LAG_S = 1.0
_STOP_S = 1.5


class PlateView:
    """Watches a plate's region in a thread of its own; a context.

    `trouble` says why no more pictures come, or is None.
    """

    def __init__(self, camera: CameraSettings, state: Path, plate: str, region: Region) -> None:
        self.camera = camera.id
        self.trouble: str | None = None
        self._settings = camera
        self._state = state
        self._plate = plate
        self._watch = RegionWatch(camera.id, {plate: region})
        self._fed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._look, name=f"view-{camera.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join(_STOP_S)

    def wait_for_rest(self) -> bool:
        """Wait until there is a still picture of the plate; False where none comes."""
        return self._wait(-math.inf, math.inf, -math.inf, FIRST_STILL_S) is not None

    def change(self, started_at: float, settled_at: float) -> RegionChange | None:
        """Return what came to the plate between two times, as soon as all is still again.

        None: the pictures show no change, or too little of one, or there are no pictures.
        """
        change = self._wait(CHANGED, started_at, settled_at + LAG_S, HAND_AWAY_S)
        return change if change is not None and _is_large(change.mask) else None

    def _wait(
        self, least: float, started_at: float, settled_at: float, wait_s: float
    ) -> RegionChange | None:
        """The two still pictures about these times, once they differ by `least`."""
        deadline = time.monotonic() + wait_s
        with self._fed:
            while True:
                found = self._watch.compare(self._plate, started_at, settled_at)
                if found is not None and found.score >= least:
                    return found
                left_s = deadline - time.monotonic()
                if left_s <= 0 or self.trouble is not None:
                    return None
                self._fed.wait(left_s)

    def _look(self) -> None:
        trouble = "it gives no more pictures"
        try:
            for frame in live_frames(self._settings, self._state, math.inf):
                if self._stopping:
                    break
                with self._fed:
                    self._watch.feed(frame)
                    self._fed.notify_all()
        except EdgeAgentError as error:
            trouble = str(error)
        with self._fed:
            self.trouble = trouble
            self._fed.notify_all()


def _is_large(mask: Mask) -> bool:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return False
    return bool(min(np.ptp(rows), np.ptp(columns)) + 1 >= LEAST_SIDE_PX)
