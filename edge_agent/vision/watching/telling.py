"""A change of one region as it is told: pictures side by side, mask, score and direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask, RegionChange
from edge_agent.vision.watching.leaving import leaving_log_odds, probability
from edge_agent.vision.watching.light import Plane
from edge_agent.vision.watching.region_change import changed_mask, score
from edge_agent.vision.watching.watched import Watched

_LEAST_PART = 0.3
"""Of the largest piece of what changed: smaller ones are its shadow, or remains of noise."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two pictures of a region: small ones of the whole camera, aligned, and cuts in full size.

    `different` are the differences of the small ones.
    """

    before_small: Image
    after_small: Image
    different: Plane
    before: Image
    after: Image

    def told(
        self, camera: str, watched: Watched, began_at: float, settled_at: float | None = None
    ) -> tuple[RegionChange, float]:
        """Return the change, and the log odds that the pair alone gives for something having left.

        `settled_at` None: it is found in what was seen since `began_at`.
        """
        mask = np.zeros(self.different.shape, np.uint8)
        mask[watched.box] = changed_mask(self.different[watched.box])
        if settled_at is None:
            settled_at = watched.settled_at(self.before_small, self.after_small, mask)
        odds = leaving_log_odds(self.before_small, self.after_small, mask)
        change = RegionChange(
            plate=watched.plate,
            camera=camera,
            began_at=min(began_at, settled_at),
            settled_at=settled_at,
            before=self.before,
            after=self.after,
            mask=_enlarged(mask[watched.box], self.after),
            score=score(self.different[watched.box]),
            left=probability(odds + watched.returning_log_odds(self.after_small)),
            parts=tuple(self._parts(watched, mask)),
        )
        return change, odds

    def _parts(self, watched: Watched, mask: Mask) -> Iterator[tuple[Mask, float]]:
        """Yield the pieces of a mask, enlarged, and when each settled; none where it is but one."""
        count, pieces, found, _ = cv2.connectedComponentsWithStats(mask)
        sizes = found[1:, cv2.CC_STAT_AREA]
        large = [n for n in range(1, count) if sizes[n - 1] >= _LEAST_PART * sizes.max()]
        if len(large) < 2:
            return
        for n in large:
            piece = np.where(pieces == n, 255, 0).astype(np.uint8)
            settled_at = watched.settled_at(self.before_small, self.after_small, piece)
            yield _enlarged(piece[watched.box], self.after), settled_at


def _enlarged(mask: Mask, cut: Image) -> Mask:
    size = (cut.shape[1], cut.shape[0])
    soft = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    return np.where(soft >= 128, 255, 0).astype(np.uint8)
