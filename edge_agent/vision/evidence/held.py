"""Pictures of one change that wait in memory until the shelf has been seen without people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge_agent.vision.evidence.likeness import Flags
from edge_agent.vision.evidence.view import CameraView, Sight
from edge_agent.vision.frames import Frame, decode_picture, encode_jpeg
from edge_agent.vision.seen import RegionChange

CLEAR_S = 3.0
"""The shelf must have been free of people for so long, so that it is not a moment between two."""
HOLD_S = 90.0
"""Longer than that nobody waits for people to leave; cases open after three minutes."""

_QUALITY = 92


def evidence_id(change_id: str, side: str, camera: str) -> str:
    """Name a picture by the change that it shows, from which side and by which camera."""
    return f"{change_id}-{side}-{camera}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that pictures are wanted of; `seen`: what the cameras told of it, if anything."""

    change_id: str
    plate: str
    started_at: float
    settled_at: float
    seen: RegionChange | None = None


@dataclass(frozen=True, slots=True)
class _Packed:
    at: float
    jpeg: bytes
    strangers: Flags


@dataclass(slots=True)
class Held:
    """One change's pictures by one camera, as JPEG in memory with who was in them by then.

    `until_at`: from then on (Unix seconds) the plate shows the next change.
    """

    asked: Asked
    camera: str
    since: float
    until_at: float
    _packed: dict[str, _Packed]
    _clear_since: float | None = None

    @classmethod
    def of(cls, asked: Asked, camera: str, sights: Mapping[str, Sight], now: float) -> Held:
        """Hold these frames, from `now` on."""
        packed = {side: _pack(sight) for side, sight in sights.items()}
        return cls(asked, camera, now, float("inf"), packed)

    def evidence_ids(self) -> set[str]:
        """The names of the pictures."""
        return {evidence_id(self.asked.change_id, side, self.camera) for side in self._packed}

    def note(self, seen: RegionChange) -> None:
        """Take what a camera told of the change later."""
        self.asked = replace(self.asked, seen=seen)

    def is_ready(self, now: float, is_clear: bool) -> bool:
        """Whether the pictures can be shown as well as they ever will be."""
        if now - self.since >= HOLD_S:
            return True
        if not is_clear:
            self._clear_since = None
            return False
        if self._clear_since is None or self._clear_since > now:
            self._clear_since = now
        return now - self._clear_since >= CLEAR_S

    def look_again(self, view: CameraView) -> None:
        """Take a later frame for `after` where somebody was still before the plate."""
        after = self._packed.get("after")
        if after is not None and not view.is_free(self.asked.plate, self._sight(after, view)):
            frame = view.ring.before(self.until_at)
            if frame is not None and frame.at > after.at:
                self._packed["after"] = _pack(Sight(frame, view.strangers(frame.image)))

    def sights(self, view: CameraView) -> dict[str, Sight]:
        """The frames by side; whoever turned out to be part of the shelf is nobody."""
        return {side: self._sight(packed, view) for side, packed in self._packed.items()}

    def _sight(self, packed: _Packed, view: CameraView) -> Sight:
        image = decode_picture(packed.jpeg, f"camera {self.camera}")
        strangers = packed.strangers & view.strangers(image)
        return Sight(Frame(self.camera, packed.at, image), strangers)


def _pack(sight: Sight) -> _Packed:
    return _Packed(sight.frame.at, encode_jpeg(sight.frame.image, _QUALITY), sight.strangers)
