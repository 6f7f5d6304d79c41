"""What the agent remembers of one camera: the last seconds, and the shelf when nobody is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.vision.evidence.likeness import Flags
from edge_agent.vision.evidence.marking import with_margin
from edge_agent.vision.evidence.people import EmptyScene
from edge_agent.vision.frames import Frame, FrameRing, Image
from edge_agent.vision.seen import Box, Region

_BEFORE_STEPS, _BEFORE_STEP_S = 5, 1.0
"""A hand is before the goods for seconds before it lifts them."""
_DURING_STEPS = 6
_FREE_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Sight:
    """A frame, and who is in it as far as was known when it was looked at (`strangers`)."""

    frame: Frame
    strangers: Flags


class CameraView:
    """One camera's recent frames and its empty scene. `regions` are the plates' in its picture."""

    def __init__(self, regions: Mapping[str, Region], *, ring: FrameRing | None = None) -> None:
        self.regions = dict(regions)
        self.ring = ring if ring is not None else FrameRing()
        self._scene: EmptyScene | None = None
        self._size = (0, 0)

    def see(self, frame: Frame) -> None:
        """Remember a frame; called in the camera's own thread."""
        self.ring.add(frame)
        if not self.regions:
            # All of its picture is blurred: nothing needs to be known.
            return
        size = (frame.image.shape[0], frame.image.shape[1])
        if self._scene is None or size != self._size:
            self._scene = EmptyScene(self.boxes(frame.image))
            self._size = size
        self._scene.learn(frame)

    def boxes(self, image: Image) -> tuple[Box, ...]:
        """The plates' regions with their margins, as far as they lie in the picture."""
        height, width = image.shape[:2]
        found = (with_margin(region, width, height) for region in self.regions.values())
        return tuple(box for box in found if box is not None)

    def box(self, plate: str) -> Box | None:
        """A plate's region with its margin in the newest picture's size; None where it has none."""
        height, width = self._size
        region = self.regions.get(plate)
        return None if region is None or not height else with_margin(region, width, height)

    def explain(self, plate: str) -> None:
        """Goods left or came on this plate."""
        box = self.box(plate)
        if box is not None and self._scene is not None:
            self._scene.explain(box)

    def is_clear(self, plate: str) -> bool:
        """Whether nothing but the shelf was before a plate when it was last looked at."""
        box = self.box(plate)
        return box is None or (self._scene is not None and self._scene.is_clear(box))

    def strangers(self, image: Image) -> Flags:
        """Who is in a picture of this camera, (h, w) at working size; all of it where unknown."""
        if self._scene is not None:
            return self._scene.strangers(image)
        return EmptyScene().strangers(image)

    def sights(self, plate: str, started_at: float, settled_at: float) -> dict[str, Sight]:
        """The best frames `before`, `during` and `after` a change, as far as there are any."""
        found = {
            "before": self._before(plate, started_at),
            "during": self._during(plate, started_at, settled_at),
            "after": self._sight(self.ring.after(settled_at)),
        }
        return {side: sight for side, sight in found.items() if sight is not None}

    def is_free(self, plate: str, sight: Sight) -> bool:
        """Whether nobody is before a plate in a picture."""
        return self._crowd(sight, plate) <= _FREE_SHARE

    def _before(self, plate: str, at: float) -> Sight | None:
        """The last frame before `at`, or an earlier one where somebody is before the plate."""
        best: Sight | None = None
        for step in range(_BEFORE_STEPS):
            sight = self._sight(self.ring.before(at - step * _BEFORE_STEP_S))
            if sight is None:
                break
            if best is None or self._crowd(sight, plate) < self._crowd(best, plate):
                best = sight
            if self.is_free(plate, best):
                break
        return best

    def _during(self, plate: str, started_at: float, settled_at: float) -> Sight | None:
        """The frame in which most of a hand is before the plate."""
        frames: dict[float, Frame] = {}
        for at in np.linspace(started_at, settled_at, _DURING_STEPS):
            frame = self.ring.nearest(float(at))
            if frame is not None and started_at <= frame.at <= settled_at:
                frames[frame.at] = frame
        sights = [s for frame in frames.values() if (s := self._sight(frame)) is not None]
        middle = (started_at + settled_at) / 2

        def worth(sight: Sight) -> tuple[float, float]:
            return self._crowd(sight, plate), -abs(sight.frame.at - middle)

        return max(sights, key=worth, default=None)

    def _sight(self, frame: Frame | None) -> Sight | None:
        return None if frame is None else Sight(frame, self.strangers(frame.image))

    def _crowd(self, sight: Sight, plate: str) -> float:
        """Which share of a plate's box strangers take; 0 for a plate that is not in the picture."""
        box = self.box(plate)
        if box is None:
            return 0.0
        scale = sight.strangers.shape[1] / sight.frame.image.shape[1]
        left, top, right, bottom = (round(edge * scale) for edge in box)
        part = sight.strangers[top:bottom, left:right]
        return float(part.mean()) if part.size else 0.0


def views_of(
    cameras: Sequence[str], regions: Mapping[str, Mapping[str, Region]]
) -> dict[str, CameraView]:
    """A view for each camera; `regions` by camera and plate.

    The pictures of a camera that no region is in are blurred all over.
    """
    return {camera: CameraView(regions.get(camera, {})) for camera in cameras}
