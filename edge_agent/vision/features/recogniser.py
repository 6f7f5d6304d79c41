"""The recogniser `features`: compares a picture with pictures taught on site; nothing to train."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.vision.features.describing import describe
from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.features.likelihood import likelihoods, surest
from edge_agent.vision.features.matching import gather
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask, Recognition


class FeaturesRecogniser:
    """Tells products by the pictures in a gallery. The same picture always gives the same."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    def recognise(
        self, picture: Image, mask: Mask | None = None, among: Sequence[str] | None = None
    ) -> Recognition:
        """Compare a picture (height, width, 3), or the part of it in `mask`, with what was taught.

        Products without pictures are absent from the answer.
        """
        skus = self._gallery.skus() if among is None else list(dict.fromkeys(among))
        taught = {sku: self._gallery.descriptions(sku) for sku in skus}
        taught = {sku: pictures for sku, pictures in taught.items() if pictures}
        if not taught:
            return Recognition()
        found = likelihoods(gather(describe(picture, mask), taught))
        return Recognition(found, surest(found))
