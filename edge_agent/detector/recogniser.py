"""The detector as a `Recogniser`: which product a picture shows, or what left between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.detector.boxes import Boxes, Floats
from edge_agent.detector.detector import Detector
from edge_agent.detector.likelihood import (
    answer_of,
    counts,
    departure,
    evidence,
    ratio,
)
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask, Recognition, RegionChange


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of each product stand in a plate's region, by SKU, before something and after."""

    before: Mapping[str, int]
    after: Mapping[str, int]

    @property
    def differences(self) -> dict[str, int]:
        """What came (positive) and left (negative), by SKU; what stayed is absent."""
        skus = sorted({*self.before, *self.after})
        changes = {sku: self.after.get(sku, 0) - self.before.get(sku, 0) for sku in skus}
        return {sku: change for sku, change in changes.items() if change}


class DetectorRecogniser:
    """Recognises products by a trained model. Its products are those of the model's manifest."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self._skus = detector.manifest.skus
        self._weight = detector.manifest.weight

    @property
    def skus(self) -> tuple[str, ...]:
        """The products that the model tells apart."""
        return self._skus

    def recognise(
        self, picture: Image, mask: Mask | None = None, among: Sequence[str] | None = None
    ) -> Recognition:
        """Tell which product stands in the picture, where the mask is. See `Recogniser`."""
        boxes = self.detector.detect(picture)
        return self._recognition(evidence(boxes, mask, len(self._skus)), among)

    def recognise_change(
        self, change: RegionChange, among: Sequence[str] | None = None
    ) -> Recognition:
        """Tell which product left the region or came, from the counts before and after.

        As far as it is open whether something left or came (`change.left`), both are thought of.
        """
        before, after = self._both(change)
        classes = len(self._skus)
        left = departure(before, after, change.mask, classes)
        came = departure(after, before, change.mask, classes)
        return self._recognition(change.left * left + (1.0 - change.left) * came, among)

    def count(self, change: RegionChange) -> Counted:
        """Count the products in the region before and after."""
        before, after = self._both(change)
        return Counted(counts(before, self._skus), counts(after, self._skus))

    def _both(self, change: RegionChange) -> tuple[Boxes, Boxes]:
        return self.detector.detect(change.before), self.detector.detect(change.after)

    def _recognition(self, seen: Floats, among: Sequence[str] | None) -> Recognition:
        wanted = set(self._skus if among is None else among)
        ratios = {
            sku: ratio(float(score), self._weight)
            for sku, score in zip(self._skus, np.asarray(seen, np.float64), strict=True)
            if sku in wanted
        }
        return Recognition(ratios, answer_of(ratios))
