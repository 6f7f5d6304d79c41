"""Whether a camera that gives pictures can be trusted: frozen, dark, covered or moved.

Each is told once at its beginning and once when it is over. People pass and stand before a shelf,
lamps go on and off: nothing is told before it has lasted.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge_agent.vision.frames import Frame, Image

Ailment = Literal["frozen", "dark", "covered", "moved"]

LASTS_S: dict[Ailment, float] = {"frozen": 30.0, "dark": 10.0, "covered": 20.0, "moved": 180.0}
"""So long something must last before it is told. Encoders repeat a still picture for seconds."""

_LOOK_S = 2.0
_RENEW_S = 600.0
_COVERED_SHARE = 0.2
_FEWEST_EDGES = 0.01
_EDGE = 0.08

_SAYS: dict[Ailment, str] = {
    "frozen": "The camera {camera} gives the same picture again and again. It is opened anew; "
    "unplug it for a moment if it stays so.",
    "dark": "The camera {camera} sees nothing but dark. Is the light off, or the lens covered?",
    "covered": "Something covers the lens of the camera {camera}, or it is out of focus. Clean and "
    "free it.",
    "moved": "The camera {camera} looks elsewhere than before, farther than can be aligned. Turn "
    "it back, or run `edge-agent camera aim`.",
}


@dataclass(frozen=True, slots=True)
class CameraAilment:
    """Something is wrong with a camera's pictures since `since`; said at `at` (Unix seconds)."""

    camera_id: str
    at: float
    since: float
    ailment: Ailment
    reason: str


@dataclass(frozen=True, slots=True)
class CameraRecovered:
    """An ailment that was told is over, `after_s` seconds after it began."""

    camera_id: str
    at: float
    ailment: Ailment
    after_s: float


HealthEvent = CameraAilment | CameraRecovered


class CameraHealth:
    """Judges the frames of one camera; give it every frame in the order of time.

    `aimed` is a picture of when the regions were drawn; without it the first good one counts.
    """

    def __init__(self, camera: str, aimed: Image | None = None) -> None:
        self._camera = camera
        self._since: dict[Ailment, float] = {}
        self._told: set[Ailment] = set()
        self._print: int | None = None
        self._looked_at = float("-inf")
        self._known = None if aimed is None else _small(aimed)
        self._known_at = float("-inf")
        self._view: set[Ailment] = set()

    @property
    def ailments(self) -> frozenset[Ailment]:
        """What has been told and is not over."""
        return frozenset(self._told)

    def feed(self, frame: Frame) -> list[HealthEvent]:
        """Take in a frame; return what has begun or is over with it."""
        found: set[Ailment] = set()
        before, self._print = self._print, _fingerprint(frame.image)
        if frame.at - self._looked_at >= _LOOK_S:
            self._looked_at = frame.at
            self._view = self._look(_small(frame.image), frame.at)
        found |= self._view
        # Compared in the dark too, a picture without any noise would always seem frozen.
        if self._print == before and "dark" not in found:
            found.add("frozen")
        return [
            event for ailment in LASTS_S for event in self._edge(ailment, ailment in found, frame)
        ]

    def _edge(self, ailment: Ailment, found: bool, frame: Frame) -> list[HealthEvent]:
        if not found:
            since = self._since.pop(ailment, frame.at)
            if ailment not in self._told:
                return []
            self._told.discard(ailment)
            return [CameraRecovered(self._camera, frame.at, ailment, frame.at - since)]
        since = self._since.setdefault(ailment, frame.at)
        if ailment in self._told or frame.at - since < LASTS_S[ailment]:
            return []
        self._told.add(ailment)
        reason = _SAYS[ailment].format(camera=self._camera)
        return [CameraAilment(self._camera, frame.at, since, ailment, reason)]

    def _look(self, small: Image, at: float) -> set[Ailment]:
        """Compare the view with the known one, which follows the goods and the light."""
        from edge_agent.vision.watching.alignment import align
        from edge_agent.vision.watching.region_change import is_dark

        if is_dark(small):
            return {"dark"}
        edges = _edge_share(small)
        if self._known is None or self._known.shape != small.shape:
            if edges >= _FEWEST_EDGES:
                self._known, self._known_at = small, at
            return set()
        if edges < _COVERED_SHARE * _edge_share(self._known):
            return {"covered"}
        found = align(self._known, small)
        if found is None:
            return {"moved"}
        if at - self._known_at >= _RENEW_S:
            self._known, self._known_at = found.back(small), at
        return set()


def _small(image: Image) -> Image:
    from edge_agent.vision.watching.region_change import shrunk

    return shrunk(image)


def _fingerprint(image: Image) -> int:
    return zlib.crc32(np.ascontiguousarray(image[::8, ::8]).tobytes())


def _edge_share(small: Image) -> float:
    """Return which share of the picture has edges."""
    level = np.log(small.mean(axis=2, dtype=np.float32) + 16)
    across, down = np.diff(level, axis=1)[:-1], np.diff(level, axis=0)[:, :-1]
    return float((np.hypot(across, down) > _EDGE).mean())
