"""A change of one region as it is told: pictures side by side, mask, score and direction."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask, RegionChange
from edge_agent.vision.watching.leaving import leaving_log_odds, probability
from edge_agent.vision.watching.region_change import Plane, changed_mask, score
from edge_agent.vision.watching.watched import Watched


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
        )
        return change, odds


def _enlarged(mask: Mask, cut: Image) -> Mask:
    size = (cut.shape[1], cut.shape[0])
    soft = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    return np.where(soft >= 128, 255, 0).astype(np.uint8)
