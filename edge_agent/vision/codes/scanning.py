"""Frames in, scans out: what customers and technicians hold before a camera.

Two frames have to agree on a code. One that stays in view, in a hand or printed on what stands on
the shelf, is told once, and again only after it was away. A picture in which nothing moves costs a
comparison of two thumbnails; otherwise only the part that moved is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_agent.shelf.scans import Scan
from edge_agent.vision.codes.moved import LINGER_S, MovedParts, around, meet, within
from edge_agent.vision.codes.reading import Code, Effort, read_codes
from edge_agent.vision.frames import Frame
from edge_agent.vision.seen import Box

AGREE_S = 3.0
"""Two frames within this agree on a code."""

AWAY_STILL_S = 5.0
"""A code that is not where it was is away after so long in which nothing moved: then nobody
stands before it."""

AWAY_S = 30.0
"""…or after so long altogether, where somebody moves before the camera all day."""

SEARCH_EVERY_S = LINGER_S / 3
"""How often the slow search for blurred bars may run; twice at least while a hand holds still."""


@dataclass(slots=True)
class _View:
    """What one camera shows."""

    parts: MovedParts = field(default_factory=MovedParts)
    searched_at: float = float("-inf")


@dataclass(slots=True)
class _Known:
    """A code that was read: where and when last, since when it is not there, and whether told."""

    camera: str
    place: Box
    seen_at: float
    missed_at: float | None = None
    told: bool = False


class ScanWatch:
    """Watches the frames of any number of cameras; one thread uses it.

    A product held before two cameras is one scan.
    """

    def __init__(self) -> None:
        self._views: dict[str, _View] = {}
        self._known: dict[str, _Known] = {}

    def see(self, frame: Frame) -> list[Scan]:
        """Look at the next frame of a camera and return what was scanned with it.

        Raises BarcodeReaderMissing where a reader is not installed.
        """
        view = self._views.setdefault(frame.camera, _View())
        moved = view.parts.to_read(frame)
        read = []
        if moved is not None:
            box = self._with_codes_whole(moved, frame.camera)
            read = self._read(view, frame, box)
            self._miss(frame, box, {code.text for code, _ in read})
        self._forget(frame.at)
        return [scan for code, place in read if (scan := self._note(code, place, frame))]

    def _with_codes_whole(self, box: Box, camera: str) -> Box:
        """The box with the known codes that it would cut: half a code cannot be read."""
        cut = [k.place for k in self._known.values() if k.camera == camera and meet(k.place, box)]
        return around([box, *cut])

    def _read(self, view: _View, frame: Frame, box: Box) -> list[tuple[Code, Box]]:
        """The codes in a part of a frame, with where in the frame they are."""
        effort: Effort = "glance"
        # A code that one frame has is soon told when the next one has it too.
        is_pending = any(k.camera == frame.camera and not k.told for k in self._known.values())
        if is_pending or frame.at - view.searched_at >= SEARCH_EVERY_S:
            effort, view.searched_at = "search", frame.at
        left, top, right, bottom = box
        found = []
        for code in read_codes(frame.image[top:bottom, left:right], effort):
            xs, ys = zip(*code.corners, strict=True)
            sides = (left + min(xs), top + min(ys), left + max(xs), top + max(ys))
            found.append((code, within(sides, frame.image)))
        return found

    def _note(self, code: Code, place: Box, frame: Frame) -> Scan | None:
        """Take a code as read; the scan, when it is the second frame that has it."""
        before = self._known.get(code.text)
        known = self._known[code.text] = _Known(frame.camera, place, frame.at)
        if before is None:
            return None
        known.told = True
        if before.told:
            return None
        number = sum(1 for k in self._known.values() if k.told and k.seen_at == frame.at)
        scan_id = f"{frame.camera}-{round(frame.at * 1000)}-{number}"
        return Scan(scan_id, frame.camera, frame.at, code.text, code.format)

    def _miss(self, frame: Frame, box: Box, read: set[str]) -> None:
        """Note which codes are not where they were, in a part that was looked at."""
        for text, known in self._known.items():
            looked_at = known.camera == frame.camera and meet(known.place, box)
            if looked_at and text not in read:
                known.missed_at = frame.at if known.missed_at is None else known.missed_at

    def _forget(self, now: float) -> None:
        """Forget the codes that are away, and those that no second frame had."""
        for text, known in list(self._known.items()):
            is_alone = not known.told and now - known.seen_at > AGREE_S
            if is_alone or (known.told and self._is_away(known, now)):
                del self._known[text]

    def _is_away(self, known: _Known, now: float) -> bool:
        if known.missed_at is None:
            return False
        still_since = max(self._views[known.camera].parts.moved_at, known.missed_at)
        return now - known.missed_at >= AWAY_S or now - still_since >= AWAY_STILL_S
