"""A thread that looks: frames and changes in, what they show out; the loop never waits for it."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.adapter import AdapterThread
from edge_agent.errors import EdgeAgentError
from edge_agent.ledger import Ledger
from edge_agent.seeing import Seeing, Seen, regions_by_plate
from edge_agent.settings import Settings
from edge_agent.shelf.facts import MotionFact
from edge_agent.shelf.scans import Scan
from edge_agent.vision.codes.readers import BarcodeReaderMissing
from edge_agent.vision.codes.scanning import ScanWatch
from edge_agent.vision.frames import Frame
from edge_agent.vision.recognisers import recogniser_for
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.level_log import LevelLog

log = logging.getLogger(__name__)

# Pictures that wait while one is being looked at; the older ones are left out, never the newest.
MOST_WAITING = 8
# Changes that wait for a picture while no camera gives any.
MOST_ASKED = 100
_STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What pictures showed: changes, what moved in them, codes held before the camera, and that
    somebody is there still."""

    seen: Sequence[Seen] = ()
    scans: Sequence[Scan] = ()
    motion: MotionFact | None = None


class Eyes(AdapterThread):
    """Looks at the cameras' frames one after the other, and emits what it finds."""

    def __init__(self, seeing: Seeing, emit: Callable[[Looked], None]) -> None:
        super().__init__("eyes", _STOP_S)
        self._seeing = seeing
        self._scans: ScanWatch | None = ScanWatch()
        self._emit = emit
        self._frames: deque[Frame] = deque(maxlen=MOST_WAITING)
        self._asked: deque[WeightChange] = deque(maxlen=MOST_ASKED)
        self._work = threading.Condition()

    def stop(self) -> None:
        """End, after the picture that is being looked at."""
        self._stopping.set()
        with self._work:
            self._work.notify()
        super().stop()

    def see(self, frame: Frame) -> None:
        """Look at a frame soon; any thread may call it."""
        with self._work:
            self._frames.append(frame)
            self._work.notify()

    def ask(self, change: WeightChange) -> None:
        """Look what moved in a change; any thread may call it."""
        with self._work:
            self._asked.append(change)

    def _run(self) -> None:
        import cv2

        while True:
            with self._work:
                while not self._frames and not self._stopping.is_set():
                    self._work.wait()
                if self._stopping.is_set():
                    return
                asked, frame = list(self._asked), self._frames.popleft()
                self._asked.clear()
            try:
                self._look(asked, frame)
            except (EdgeAgentError, OSError, cv2.error) as error:
                log.error("camera %s: %s", frame.camera, error)

    def _look(self, asked: Sequence[WeightChange], frame: Frame) -> None:
        for change in asked:
            self._seeing.ask(change)
        seen, scans = self._seeing.feed(frame), self._read_codes(frame)
        motion = self._seeing.motion(frame.camera, frame.at)
        if seen or scans or motion is not None:
            self._emit(Looked(seen, scans, motion))

    def _read_codes(self, frame: Frame) -> list[Scan]:
        if self._scans is None:
            return []
        try:
            return self._scans.see(frame)
        except BarcodeReaderMissing as error:
            log.warning("no barcodes are read: %s", error)
            self._scans = None
            return []


def open_eyes(
    settings: Settings,
    state: Path,
    ledger: Ledger,
    emit: Callable[[Looked], None],
    level_log: LevelLog | None = None,
) -> Eyes | None:
    """The eyes that the settings ask for, None without a camera.

    `state` is the folder with the taught products, `level_log` what the plates weigh.
    """
    cameras = [camera.id for camera in settings.camera]
    if not cameras:
        return None
    regions = regions_by_plate(settings, cameras)
    recogniser = recogniser_for(settings, state)
    seeing = Seeing(
        settings, regions, recogniser, lambda: ledger.state.catalogue, level_log=level_log
    )
    return Eyes(seeing, emit)
