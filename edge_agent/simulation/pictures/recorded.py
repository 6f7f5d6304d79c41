"""Pictures beside the weights of a recording: `frames/<camera>/<unix milliseconds>.jpg`."""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path
from typing import Any

from edge_agent.recordings import FRAMES_FOLDER
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.pictures.plan import AFTER_S, BEFORE_S, PicturePlan
from edge_agent.simulation.pictures.scene_state import NEAR_BEFORE_S
from edge_agent.simulation.pictures.sensor import jpeg
from edge_agent.simulation.pictures.shelf_view import ShelfView
from edge_agent.simulation.pictures.stage import Stage
from edge_agent.simulation.pictures.taught import teach
from edge_agent.simulation.profiles import Profile
from edge_agent.vision.features.gallery import Gallery

# Who comes is known this long after at the latest: pictures lag behind the weights.
LAG_S = max(BEFORE_S, NEAR_BEFORE_S) + 1.0


class RecordedPictures:
    """Writes the pictures of a shelf as its time goes on, into `folder` of the recording."""

    def __init__(
        self, shelf: LiveShelf, seed: int, plan: PicturePlan, effects: Profile, folder: Path
    ) -> None:
        self._shelf = shelf
        self._plan = plan
        self._stage = Stage(shelf.settings, seed, plan.size, effects.scans)
        self._view = ShelfView(shelf.settings, seed, plan.size, effects)
        teach(Gallery(folder), shelf.settings, seed, plan.size, shelf.start_at)
        self._folder = folder / FRAMES_FOLDER / plan.camera
        self._folder.mkdir(parents=True, exist_ok=True)
        for left_over in self._folder.glob("*.jpg"):
            left_over.unlink()
        self._done_at = shelf.start_at
        self._shown = 0
        self._busy: deque[tuple[float, float]] = deque()
        self._encoded: tuple[int, bytes] | None = None

    def write_until(self, until: float, *, is_end: bool = False) -> None:
        """Write what is due by now; what may still come into the picture is left for later."""
        end_at = until if is_end else until - LAG_S
        visits = self._shelf.visits_due(until)
        self._stage.add(visits)
        self._busy += ((a.at - a.hand_s, a.at) for visit in visits for a in visit.actions)
        shown = self._stage.shown_until(math.inf)
        self._busy += ((s.since, s.until) for s in shown[self._shown :])
        self._shown = len(shown)
        if end_at <= self._done_at:
            return
        for at in self._plan.times(self._shelf.start_at, self._done_at, end_at, self._busy):
            self._write(at)
        self._done_at = end_at
        self._stage.forget(end_at)
        while self._busy and self._busy[0][1] + AFTER_S < end_at:
            self._busy.popleft()

    def _write(self, at: float) -> None:
        shown_at = self._view.shown_at(at)
        encoded = self._encoded
        if encoded is None or encoded[0] != round(shown_at * 1000.0):
            state = self._stage.state_at(shown_at)
            encoded = round(shown_at * 1000.0), jpeg(self._view.frame(shown_at, state))
        self._encoded = encoded
        (self._folder / f"{round(at * 1000.0)}.jpg").write_bytes(encoded[1])

    def truth(self) -> list[dict[str, Any]]:
        """What was wrong with the camera and what was shown to it, by time."""
        shown = [
            {"time": round(s.since, 3), "kind": "shown", "ended": round(s.until, 3), "sku": s.sku}
            for s in self._stage.shown_until(self._done_at)
        ]
        faults = self._view.faults_until(self._done_at)
        return sorted(faults + shown, key=lambda line: float(line["time"]))
