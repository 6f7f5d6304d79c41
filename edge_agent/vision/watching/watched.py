"""One region between rest and rest: when it moved, how it looked, and what is remembered of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge_agent.vision.frames import Image, decode_picture, encode_jpeg
from edge_agent.vision.seen import Mask, Region
from edge_agent.vision.watching.leaving import SUREST
from edge_agent.vision.watching.light import Plane
from edge_agent.vision.watching.region_change import SAME, SmallBox, differences, score

STILL_S = 0.4
"""So long nothing moves before a picture counts as still, besides the half second looked back."""

CHECK_S = 2.0
"""So often a region at rest is compared with its reference, which then follows the light."""

_LOOK_AGAIN_S = 1.0
"""So often one is looked at that is still and hidden by somebody who stands before it."""

_STILLS = 4
_REMEMBERED = 3
_LONGEST_PASSAGE = 80
_FEWEST_MOVING = 9
_MOVING_SHARE = 0.01
_LIKE_AFTER = 0.6
_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Still:
    """How a region looked while at rest: picture of `at`, small picture of the whole camera.

    `since` and `until` are Unix seconds; `until` is the last picture that was still.
    """

    since: float
    until: float
    at: float
    cut: bytes
    small: Image

    def picture(self) -> Image:
        """Return the cut of the region."""
        return decode_picture(self.cut, "a still picture in memory")


class Watched:
    """What is known of one region. At rest (`began_at` None) it has `cut` and `small` of `at`."""

    def __init__(self, plate: str, region: Region, box: SmallBox) -> None:
        self.plate = plate
        self.region = region
        self.box = box
        self.stills: deque[Still] = deque(maxlen=_STILLS)
        self.began_at: float | None = None
        self.still_since: float | None = None
        self.looked_at = float("-inf")
        self.cut: Image | None = None
        self.small: Image | None = None
        self.at = float("-inf")
        self.expected_until = float("-inf")
        """Till then a scale's word stands that something moved here."""
        self._rest_since = float("-inf")
        self._last_still_at = float("-inf")
        self._remembered: deque[tuple[Image, float]] = deque(maxlen=_REMEMBERED)
        self._passage: deque[tuple[float, Image]] = deque()
        size = (box[0].stop - box[0].start) * (box[1].stop - box[1].start)
        self._most_moving = max(_FEWEST_MOVING, round(size * _MOVING_SHARE))

    def note(self, moving_pixels: int, small: Image, at: float) -> bool:
        """Take in a picture, in which so many pixels of the region move; whether that is any."""
        moves = bool(moving_pixels > self._most_moving)
        if self.began_at is None and moves:
            self._begin(at)
        if self.began_at is None:
            self._last_still_at = at
            return False
        self._keep_passage(small, at)
        if moves:
            self.still_since = None
        elif self.still_since is None:
            self.still_since = at
        return moves

    def is_due(self, at: float) -> bool:
        """Tell whether the region is to be compared with how it looked: at rest, or still again."""
        if self.began_at is None:
            return at - self.looked_at >= CHECK_S
        if self.still_since is None or at - self.still_since < STILL_S:
            return False
        return at - self.looked_at >= _LOOK_AGAIN_S or self.looked_at < self.still_since

    def still_s(self, at: float) -> float:
        """Return for how long nothing has moved."""
        return at - (self._rest_since if self.still_since is None else self.still_since)

    def rests_since(self) -> float | None:
        """Return since when the region is at rest, None while it is not."""
        return self._rest_since if self.began_at is None and self.cut is not None else None

    def refresh(self, cut: Image, small: Image, at: float) -> None:
        """Take a picture as how the region looks; it is at rest."""
        if self.began_at is not None or self.cut is None:
            self._rest_since = self.still_since if self.still_since is not None else at
        self.cut, self.small, self.at = cut.copy(), small, at
        self._last_still_at = at
        self.rest()

    def rest(self) -> None:
        """Be at rest, with the picture that is known."""
        self.began_at = None
        self.still_since = None

    def disturb(self, at: float) -> None:
        """Wait for stillness, whatever was seen."""
        if self.began_at is None:
            self._begin(at)
        self.still_since = None

    def settled_at(self, before: Image, after: Image, mask: Mask) -> float:
        """Return when what changed had come to its place for good; the pictures are small ones.

        From then on most of it looks more like after than like before, though a hand may still rest
        on it: a placed bottle is there before the hand has left.
        """
        where = mask[self.box] > 0
        was, became = (p[self.box][where].astype(np.float32) for p in (before, after))
        apart = np.abs(became - was)
        settled = self.still_since if self.still_since is not None else self.at
        for at, picture in reversed(self._passage):
            looks = picture[where].astype(np.float32)
            like_after = np.abs(looks - became) < np.abs(looks - was)
            if (apart * like_after).sum() < _LIKE_AFTER * apart.sum():
                break
            settled = min(settled, at)
        return settled

    def remember(self, before: Image, log_odds: float) -> None:
        """Remember how it looked (small picture) before a change of such log odds of leaving."""
        self._remembered.append((before, log_odds))

    def returning_log_odds(self, now: Image) -> float:
        """Return what memory says: what looks again as before a change has undone that change."""
        undone = 0.0
        for looked, log_odds in reversed(self._remembered):
            undone -= log_odds
            if score(differences(looked, now)[self.box]) < SAME:
                return max(-SUREST, min(SUREST, undone))
        return 0.0

    def still_before(self, at: float) -> Still | None:
        """Return how the region looked in the last rest that began before a time.

        Its picture may be of after that time: as long as it rests it looks the same.
        """
        stills = [*self.stills, *self._current()]
        return next((s for s in reversed(stills) if s.since < at), None)

    def still_after(self, at: float) -> Still | None:
        """Return how the region looked at rest first after a time."""
        stills = [*self.stills, *self._current()]
        return next((s for s in stills if s.until >= at), None)

    def _current(self) -> list[Still]:
        if self.began_at is not None or self.cut is None or self.small is None:
            return []
        jpeg = encode_jpeg(self.cut, _QUALITY)
        return [Still(self._rest_since, self._last_still_at, self.at, jpeg, self.small)]

    def _begin(self, at: float) -> None:
        self.stills.extend(self._current())
        self.began_at = at
        self.still_since = None
        self._passage.clear()

    def _keep_passage(self, small: Image, at: float) -> None:
        self._passage.append((at, small[self.box].copy()))
        if len(self._passage) > _LONGEST_PASSAGE:
            # Every second one: the whole time stays covered, however long somebody stands there.
            self._passage = deque(list(self._passage)[::2])


def compared_with_rest(due: list[Watched], seen: Image) -> list[tuple[Watched, Plane]]:
    """Return the differences to how each looked at rest; most looked so in one same picture."""
    planes: dict[int, Plane] = {}
    compared = []
    for watched in due:
        rested = watched.small if watched.small is not None else seen
        if id(rested) not in planes:
            planes[id(rested)] = differences(rested, seen)
        compared.append((watched, planes[id(rested)]))
    return compared
