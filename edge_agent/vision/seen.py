"""What the camera tells: parts of pictures, what changed in them, and what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image

Region = tuple[int, int, int, int]
"""x, y, width, height in the camera's picture."""

Box = tuple[int, int, int, int]
"""left, top, right, bottom in the camera's picture; right and bottom are beyond it."""

Mask = NDArray[np.uint8]
"""A part of a picture (height, width): 255 what is meant, 0 the rest."""


@dataclass(frozen=True, slots=True)
class RegionChange:
    """One plate's region before something happened and after, both still and aligned.

    `before` and `after` are cuts of the region (height, width, 3), `mask` (height, width) what
    differs between them. `score` is from 0 (the same) to 1; `left` the probability that something
    left (1) rather than came (0). `began_at` and `settled_at`: Unix seconds of the first picture
    that was not still and of the first that is again. `parts`: where `mask` is in several pieces
    that are wide apart, each of them, and when it came to look as it does after.
    """

    plate: str
    camera: str
    began_at: float
    settled_at: float
    before: Image
    after: Image
    mask: Mask
    score: float
    left: float
    parts: tuple[tuple[Mask, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """How well a picture fits each product it was compared with.

    `likelihoods`: by SKU, p(picture | this product) / p(picture | something else); 1 says nothing.
    Products without taught pictures are absent. `answer` is the product where it is sure.
    """

    likelihoods: Mapping[str, float] = field(default_factory=dict)
    answer: str | None = None

    @property
    def ranking(self) -> list[tuple[str, float]]:
        """SKUs with their likelihoods, the best first."""
        return sorted(self.likelihoods.items(), key=lambda pair: (-pair[1], pair[0]))


class Recogniser(Protocol):
    """Tells which product a picture shows."""

    def recognise(
        self, picture: Image, mask: Mask | None = None, among: Sequence[str] | None = None
    ) -> Recognition:
        """Compare a cut with the taught products, or with those `among` them.

        `mask` says where in the picture the thing is; None: all of it.
        """
        ...


@runtime_checkable
class ChangeRecogniser(Recogniser, Protocol):
    """A recogniser that looks at both pictures of a change, as one does that counts the goods."""

    def recognise_change(
        self, change: RegionChange, among: Sequence[str] | None = None
    ) -> Recognition:
        """Tell which product left (`change.left` is 1) or came (0) between before and after."""
        ...
