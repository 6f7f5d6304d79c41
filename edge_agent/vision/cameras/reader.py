"""One thread a camera: frames while it works, one word when it goes, is back, or has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from edge_agent.adapter import AdapterThread
from edge_agent.errors import CameraError
from edge_agent.sensing.outage import Outage, RetryPauses
from edge_agent.settings import CameraSettings
from edge_agent.vision.cameras.health import CameraHealth, HealthEvent
from edge_agent.vision.cameras.sources import open_source
from edge_agent.vision.frames import Frame

_STOP_S = 1.5
_REOPEN_S = 60.0


@dataclass(frozen=True, slots=True)
class CameraLost:
    """The camera gives no pictures any more, or never did. Said once until it is found again."""

    camera_id: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class CameraFound:
    """The camera gives pictures again, `after_s` seconds after it was said to be lost."""

    camera_id: str
    at: float
    after_s: float


@dataclass(frozen=True, slots=True)
class CameraEnded:
    """A video file or a folder of pictures was shown to its end, `frames` of them."""

    camera_id: str
    at: float
    frames: int


CameraEvent = Frame | CameraLost | CameraFound | CameraEnded | HealthEvent


class CameraReader(AdapterThread):
    """Reads one camera in a thread of its own, five frames a second, and calls `emit` from there.

    `clock` gives Unix seconds. A camera that is absent or vanishes is retried for ever; a file or
    a folder is shown once. With `health` it also tells what is wrong with the pictures, after the
    frame that showed it, and opens a camera anew that is frozen, once a minute.
    """

    def __init__(
        self,
        settings: CameraSettings,
        clock: Callable[[], float],
        emit: Callable[[CameraEvent], None],
        *,
        health: CameraHealth | None = None,
        retry: RetryPauses | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(f"camera-{settings.id}", _STOP_S)
        self._settings = settings
        self._clock = clock
        self._emit = emit
        self._health = health
        self._monotonic = monotonic
        self._outage = Outage(retry or RetryPauses())
        self._frames = 0

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._show_until_stopped()
            except CameraError as error:
                if self._stopping.is_set():
                    return
                if self._outage.failed(self._monotonic()):
                    self._emit(CameraLost(self._settings.id, self._clock(), str(error)))
                self._stopping.wait(self._outage.pause_s)
            else:
                if not self._is_frozen():
                    return

    def _show_until_stopped(self) -> None:
        """Show pictures until there are no more, or the camera has to be opened anew."""
        with closing(open_source(self._settings, self._clock)) as source:
            opened = self._monotonic()
            while not self._stopping.is_set():
                shot = source.read()
                if shot is None:
                    self._emit(CameraEnded(self._settings.id, self._clock(), self._frames))
                    self._health = None
                    return
                early_s = shot.due_s - (self._monotonic() - opened)
                if early_s > 0 and self._stopping.wait(early_s):
                    return
                self._tell_found()
                self._show(shot.frame)
                is_live = shot.due_s == 0
                if is_live and self._is_frozen() and self._monotonic() - opened >= _REOPEN_S:
                    return

    def _show(self, frame: Frame) -> None:
        self._frames += 1
        self._emit(frame)
        for event in self._health.feed(frame) if self._health is not None else ():
            self._emit(event)

    def _is_frozen(self) -> bool:
        return self._health is not None and "frozen" in self._health.ailments

    def _tell_found(self) -> None:
        away_s = self._outage.worked(self._monotonic())
        if away_s is not None:
            self._emit(CameraFound(self._settings.id, self._clock(), away_s))
