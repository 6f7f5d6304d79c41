"""What changed in the regions of one camera: still pictures before a hand and after it compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge_agent.vision.frames import CLOCK_SET_S, Frame, Image
from edge_agent.vision.seen import Region, RegionChange
from edge_agent.vision.watching.alignment import Alignment, align, cut_out
from edge_agent.vision.watching.backdrop import Backdrop
from edge_agent.vision.watching.light import Plane
from edge_agent.vision.watching.nudging import is_nudged
from edge_agent.vision.watching.region_change import (
    CHANGED,
    SAME,
    SURELY_CHANGED,
    differences,
    is_dark,
    score,
    shrunk,
    small_box,
    working_scale,
)
from edge_agent.vision.watching.stillness import Flags, MotionMap
from edge_agent.vision.watching.telling import SideBySide
from edge_agent.vision.watching.watched import Watched, compared_with_rest

_GAP_S = 2.0
_ANOTHER_VIEW = 0.4
_NEW_VIEW_AFTER_S = 600.0
_DRIFT_S = 10.0
_UNSURE_S = 300.0
_SETTLE_S = 10.0
_BETTER = 0.7
_REALIGN_S = 3.0


class RegionWatch:
    """Watches the regions of one camera, by plate; give it every frame in the order of time."""

    def __init__(self, camera: str, regions: Mapping[str, Region]) -> None:
        self._camera = camera
        self._regions = dict(regions)
        self._watched: dict[str, Watched] = {}
        self._motion = MotionMap()
        self._backdrop: Backdrop | None = None
        self._last: Frame | None = None
        self._alignment: Alignment | None = None
        self._aligned_at = float("-inf")
        self._strange_since: float | None = None
        self.moved_at: float | None = None
        """When something last moved in a region (Unix seconds)."""

    def feed(self, frame: Frame) -> list[RegionChange]:
        """Take in a frame; return what came to rest looking other than before.

        A frame that is not newer than the last one is ignored, and so is one too dark to see.
        """
        if self._last is not None and frame.at <= self._last.at:
            if self._last.at - frame.at < CLOCK_SET_S:
                return []
            # The clock was set back: nothing that is remembered is of this time.
            self._backdrop, self._strange_since = None, None
            self._aligned_at = float("-inf")
        small = shrunk(frame.image)
        if is_dark(small[::4, ::4]):
            self._disturb(frame.at)
            return []
        if self._backdrop is None or self._last is None or not _alike(self._last, frame):
            self._start(frame, small)
            return []
        if frame.at - self._last.at > _GAP_S:
            self._disturb(frame.at)
        self._last = frame
        moving = self._motion.feed(small, frame.at)
        self._backdrop.note_motion(moving, frame.at)
        for watched in self._watched.values():
            pixels = int(np.count_nonzero(moving[watched.box]))
            if watched.note(pixels, small, frame.at):
                self.moved_at = frame.at
        due = [w for w in self._watched.values() if w.is_due(frame.at)]
        return self._look(due, frame, small, moving) if due else []

    def expect(self, plate: str, until: float) -> None:
        """Know from a scale that something moved on a plate: till then less has to be seen of it.

        A picture without the hand is waited for, and may come later.
        """
        if plate in self._watched:
            self._watched[plate].expected_until = until

    def compare(self, plate: str, started_at: float, settled_at: float) -> RegionChange | None:
        """Compare a region before `started_at` with the first still picture after `settled_at`.

        None: it is not still yet, there is no picture of then, or no such region.
        """
        watched = self._watched.get(plate)
        if watched is None or self._last is None:
            return None
        before, after = watched.still_before(started_at), watched.still_after(settled_at)
        if before is None or after is None:
            return None
        if after.since == watched.rests_since():
            # The newest picture of a rest that lasts: the kept one may be of before the change.
            small = self._straight(shrunk(self._last.image))
            cut = self._cut(watched.region, self._last)
        else:
            small, cut = after.small, after.picture()
        pair = SideBySide(
            before.small, small, differences(before.small, small), before.picture(), cut
        )
        settled = max(after.since, settled_at)
        return pair.told(self._camera, watched, before.until, settled)[0]

    def _start(self, frame: Frame, small: Image) -> None:
        scale = working_scale(frame.image)
        self._last, self._alignment = frame, None
        self._watched = {
            plate: Watched(plate, region, small_box(region, scale, small))
            for plate, region in self._regions.items()
            if _overlaps(region, frame.image)
        }
        boxes = [w.box for w in self._watched.values()]
        self._backdrop = Backdrop(small, boxes, frame.at)
        self._motion = MotionMap()
        self._motion.feed(small, frame.at)
        self._disturb(frame.at)

    def _disturb(self, at: float) -> None:
        for watched in self._watched.values():
            watched.disturb(at)

    def _look(
        self, due: list[Watched], frame: Frame, small: Image, moving: Flags
    ) -> list[RegionChange]:
        """Compare what is due with how it looked, aligned anew where it seems to differ."""
        assert self._backdrop is not None
        seen, compared = self._compared(due, small, frame.at)
        changed = self._changed(compared, frame, seen)
        if not changed and frame.at - self._backdrop.settled_at < _SETTLE_S:
            return []
        around = differences(self._backdrop.picture, seen)
        foreground = self._backdrop.foreground(around, moving, [(w.box, d) for w, d in changed])
        if self._is_another_view(around, frame.at):
            return []
        told = []
        unasked = SURELY_CHANGED if foreground.shows_somebody() else CHANGED
        for watched, different in changed:
            least = CHANGED if frame.at <= watched.expected_until else unasked
            if score(different[watched.box]) < least:
                continue
            if watched.small is None or watched.still_s(frame.at) < foreground.wait_s(watched.box):
                continue
            rested = watched.small
            own = foreground.without_people(watched.box, rested, seen)
            if is_nudged(rested, own, watched.box):
                self._take_over(watched, frame, own)
                continue
            told.append(self._tell(watched, frame, own, different))
            self._backdrop.put(watched.box, own)
            for part in foreground.within(watched.box) - foreground.reaching:
                self._backdrop.put_part(foreground.parts == part, seen)
        self._backdrop.settle(seen, foreground, frame.at)
        return told

    def _changed(
        self, compared: list[tuple[Watched, Plane]], frame: Frame, seen: Image
    ) -> list[tuple[Watched, Plane]]:
        """Return what looks other than before; the rest is at rest."""
        changed = []
        for watched, different in compared:
            watched.looked_at = frame.at
            degree = score(different[watched.box])
            if degree < SAME or (degree < CHANGED and frame.at - watched.at > _UNSURE_S):
                self._take_over(watched, frame, seen)
            elif degree < CHANGED:
                watched.rest()
            else:
                changed.append((watched, different))
        return changed

    def _compared(
        self, due: list[Watched], small: Image, at: float
    ) -> tuple[Image, list[tuple[Watched, Plane]]]:
        """Return the picture as if the camera stood where it did, and how each region differs.

        How the camera moved is found anew where something seems changed, and now and then.
        """
        seen = self._straight(small)
        compared = compared_with_rest(due, seen)
        pause_s = _DRIFT_S
        if any(score(different[w.box]) >= SAME for w, different in compared):
            pause_s = _REALIGN_S
        if at - self._aligned_at >= pause_s and self._realign(small, seen, at):
            seen = self._straight(small)
            compared = compared_with_rest(due, seen)
        return seen, compared

    def _take_over(self, watched: Watched, frame: Frame, seen: Image) -> None:
        watched.refresh(self._cut(watched.region, frame), seen, frame.at)

    def _tell(self, watched: Watched, frame: Frame, seen: Image, different: Plane) -> RegionChange:
        assert watched.cut is not None and watched.small is not None
        before = watched.small
        pair = SideBySide(before, seen, different, watched.cut, self._cut(watched.region, frame))
        began_at = watched.at if watched.began_at is None else watched.began_at
        change, log_odds = pair.told(self._camera, watched, began_at)
        watched.remember(before, log_odds)
        self._take_over(watched, frame, seen)
        return change

    def _realign(self, small: Image, seen: Image, at: float) -> bool:
        """Find how the camera stands now; tell whether that is elsewhere than was known."""
        assert self._backdrop is not None
        self._aligned_at = at
        found = align(self._backdrop.picture, small)
        if found is None:
            return False
        was, now = (differences(self._backdrop.picture, p) for p in (seen, found.back(small)))
        if float(now.mean()) > _BETTER * float(was.mean()):
            return False
        self._alignment = found
        return True

    def _straight(self, small: Image) -> Image:
        return self._alignment.back(small) if self._alignment else small

    def _is_another_view(self, different: Plane, at: float) -> bool:
        """Tell whether the whole picture differs; what does so for long is taken as it is."""
        assert self._backdrop is not None
        if self._backdrop.unlike_outside(different) < _ANOTHER_VIEW:
            self._strange_since = None
            return False
        if self._strange_since is None:
            self._strange_since = at
        if at - self._strange_since > _NEW_VIEW_AFTER_S:
            self._strange_since, self._backdrop = None, None
        return True

    def _cut(self, region: Region, frame: Frame) -> Image:
        return cut_out(frame.image, region, self._alignment, working_scale(frame.image))


def _alike(last: Frame, now: Frame) -> bool:
    return last.image.shape == now.image.shape


def _overlaps(region: Region, image: Image) -> bool:
    x, y, width, height = region
    return x < image.shape[1] and y < image.shape[0] and x + width > 0 and y + height > 0
