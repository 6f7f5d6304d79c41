"""Which taught products look so alike that their pictures may not tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.features.likelihood import likelihoods
from edge_agent.vision.features.matching import gather

MISTAKEN = 0.1
"""From this probability of a mistake on, two products are told to look alike."""

EXPLAINS = 9.0
"""A product that explains another's picture so much better than something else is like it, however
well pictures of one session explain each other."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A product and how probably a picture of one of the two is taken for the other, 0 to 1."""

    sku: str
    mistaken: float


def hard_to_tell(
    gallery: Gallery,
    sku: str,
    others: Sequence[str],
    progress: Callable[[float], None] = lambda part: None,
) -> list[Alike]:
    """Tell which of `others` may be mistaken for a product by their pictures; the worst first.

    Each taught picture of the product is shown to its other pictures and to those of all others.
    A product's only picture has nothing of its own to be compared with: then it counts how much
    better another product explains it than something else would. `others` are those that nothing
    else, as their weight, tells apart.
    """
    own = gallery.descriptions(sku)
    theirs = {other: gallery.descriptions(other) for other in others}
    theirs = {other: pictures for other, pictures in theirs.items() if pictures}
    mistaken = dict.fromkeys(theirs, 0.0)
    for index, asked in enumerate(own):
        progress(index / len(own))
        rest = {sku: [*own[:index], *own[index + 1 :]]} if len(own) > 1 else {}
        found = likelihoods(gather(asked, rest | theirs))
        for other in theirs:
            likely = found[other]
            against = likely if likely >= EXPLAINS else sum(found.values())
            mistaken[other] += likely / (1.0 + against) / len(own)
    alike = [Alike(other, part) for other, part in mistaken.items() if part >= MISTAKEN]
    return sorted(alike, key=lambda found: (-found.mistaken, found.sku))
