"""How the shelf looked when nothing moved, and what stands before it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image
from edge_agent.vision.watching.light import Plane
from edge_agent.vision.watching.region_change import DIFFERENT, SmallBox
from edge_agent.vision.watching.stillness import Flags

_JOINS = np.ones((9, 9), np.uint8)
"""Parts of a sleeve that lie this near to each other, in pixels of the small picture, are one."""

_SPECK = np.ones((3, 3), np.uint8)
_LIMB = np.ones((7, 7), np.uint8)
"""No arm is thinner at any place: 28 pixels of a picture 1280 wide. What is are remains of one."""

_BORDER = 2
_LIKE_IT_AFTER_S = 2.0
_STANDS_AFTER_S = 20.0
_PERSON_STANDS_S = 150.0
"""Nobody stands for longer without a movement; what does is a thing."""
_HAND_RESTS_S = 1.5
_MOSTLY = 0.85
_BESIDE = 0.15
_SLIGHT = 0.08
_SOMEBODY = 0.005
_FEWEST_PIXELS = 20


@dataclass(frozen=True, slots=True)
class Foreground:
    """What looks other than the backdrop or moves, part by part.

    `parts` (h, w) numbers them from 1, 0 is none; `reaching` are the numbers of those that come in
    over the border of the picture, as people and their arms do and most goods do not; `beside`
    those of them that hardly leave one box at the border: goods of a region that lies there, or a
    hand right in it. `near` is 1 where anything differs, however small, and close by.
    """

    parts: NDArray[np.int32]
    near: Flags
    reaching: frozenset[int]
    beside: frozenset[int]

    def within(self, box: SmallBox) -> frozenset[int]:
        """Tell which parts lie in a box at least in part."""
        return frozenset(np.unique(self.parts[box]).tolist()) - {0}

    def shows_somebody(self) -> bool:
        """Tell whether much comes in over the border of the picture."""
        return float(np.isin(self.parts, list(self.reaching)).mean()) > _SOMEBODY

    def wait_s(self, box: SmallBox) -> float:
        """Tell how long a box must be still before what is in it is goods and no person."""
        reaching = self._reaching(box, slight=False)
        if reaching - self.beside:
            return _PERSON_STANDS_S
        return _HAND_RESTS_S if reaching else 0.0

    def without_people(self, box: SmallBox, rested: Image, seen: Image) -> Image:
        """Return `seen` with what reaches into the box a little as it was in `rested`."""
        inside = np.isin(self.parts[box], list(self._reaching(box, slight=True)))
        if not inside.any():
            return seen
        mended = seen.copy()
        hidden = cv2.dilate(inside.astype(np.uint8), _JOINS) > 0
        mended[box][hidden] = rested[box][hidden]
        return mended

    def _reaching(self, box: SmallBox, *, slight: bool) -> frozenset[int]:
        """Return what reaches into the box: only a little beside what else differs, or more."""
        sizes = np.bincount(self.parts[box].ravel(), minlength=1)
        most = max(_FEWEST_PIXELS, _SLIGHT * int(sizes[1:].sum()))
        return frozenset(n for n in self.within(box) & self.reaching if (sizes[n] < most) == slight)


class Backdrop:
    """The small picture of the shelf at rest, put together from the times its parts were still.

    `boxes` are watched by others. What stays is taken over; what reaches in over the border
    only after minutes.
    """

    def __init__(self, small: Image, boxes: Sequence[SmallBox], at: float) -> None:
        self.picture = small.copy()
        self._watched = np.zeros(small.shape[:2], bool)
        for box in boxes:
            self._watched[box] = True
        self.settled_at = at
        self._moved_at = np.full(small.shape[:2], at)
        self._like_at = np.full(small.shape[:2], at)

    def put(self, box: SmallBox, small: Image) -> None:
        """Take over how a box looks now."""
        self.picture[box] = small[box]

    def put_part(self, part: NDArray[np.bool_], small: Image) -> None:
        """Take over what of a part lies outside of all boxes."""
        outside = part & ~self._watched
        self.picture[outside] = small[outside]

    def note_motion(self, moving: Flags, at: float) -> None:
        """Remember where something moved last."""
        self._moved_at[moving > 0] = at

    def unlike_outside(self, different: Plane) -> float:
        """Return which share of what lies outside of the boxes differs."""
        outside = ~self._watched
        if outside.mean() < 0.1:
            return float((different > DIFFERENT).mean())
        return float((different[outside] > DIFFERENT).mean())

    def foreground(
        self, around: Plane, moving: Flags, changed: Sequence[tuple[SmallBox, Plane]]
    ) -> Foreground:
        """Find what stands before the backdrop.

        `around` are the `differences` to it, `changed` boxes with the differences to how they were
        at rest.
        """
        different = around.copy()
        for box, plane in changed:
            different[box] = np.maximum(different[box], plane[box])
        stands = ((different > DIFFERENT) | (moving > 0)).astype(np.uint8)
        solid = cv2.morphologyEx(stands, cv2.MORPH_OPEN, _SPECK)
        joined = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _JOINS)
        parts = np.asarray(cv2.connectedComponents(joined)[1]).astype(np.int32)
        limbs = cv2.morphologyEx(stands, cv2.MORPH_OPEN, _LIMB) > 0
        inside = frozenset(np.unique(parts[limbs]).tolist())
        reaching = (frozenset(np.unique(parts[_border(parts.shape)]).tolist()) & inside) - {0}
        beside = frozenset(n for n in reaching if self._is_beside(parts == n, changed))
        near = np.asarray(cv2.dilate(stands, _JOINS), np.uint8)
        return Foreground(parts, near, reaching, beside)

    def _is_beside(
        self, part: NDArray[np.bool_], changed: Sequence[tuple[SmallBox, Plane]]
    ) -> bool:
        size = int(part.sum())
        return any(int(part[_widened(box)].sum()) >= _MOSTLY * size for box, _ in changed)

    def settle(self, small: Image, foreground: Foreground, at: float) -> None:
        """Let what is still be backdrop: what looks like it at once, other things after long."""
        self.settled_at = at
        self._like_at[foreground.near == 0] = at
        # A plain jacket's middle is not seen to move: it stands there only since it looks other.
        stood_s = at - np.maximum(self._moved_at, self._like_at)
        reaching = np.isin(foreground.parts, list(foreground.reaching))
        if foreground.shows_somebody():
            # Else what of a person looks like the wall would become the wall.
            stays = stood_s > _PERSON_STANDS_S
        else:
            stays = stood_s > np.where(reaching, _PERSON_STANDS_S, _STANDS_AFTER_S)
            stays |= (foreground.near == 0) & (at - self._moved_at > _LIKE_IT_AFTER_S)
        self.picture[stays] = small[stays]


def _border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    border = np.ones(shape[:2], bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    return border


def _widened(box: SmallBox) -> SmallBox:
    rows, columns = box
    down = round((rows.stop - rows.start) * _BESIDE)
    across = round((columns.stop - columns.start) * _BESIDE)
    return (
        slice(max(0, rows.start - down), rows.stop + down),
        slice(max(0, columns.start - across), columns.stop + across),
    )
