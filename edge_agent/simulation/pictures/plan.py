"""Which pictures a recording holds: their camera, size, and how many when."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edge_agent.errors import UsageError
from edge_agent.simulation.pictures.layout import USUAL_SIZE, Size

USUAL_FPS = 5.0
# Around what hands do there are pictures at the full rate, else one in so many seconds.
BEFORE_S, AFTER_S, IDLE_S = 3.0, 4.0, 2.0
SMALLEST: Size = (320, 180)
LARGEST: Size = (3840, 2160)

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """Pictures of one camera. With `fps` so many all the time; without it, five a second around
    what happens and one in two seconds else."""

    camera: str = "front"
    size: Size = USUAL_SIZE
    fps: float | None = None

    def __post_init__(self) -> None:
        width, height = self.size
        if not (SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]):
            raise UsageError(
                f"Pictures of {width}x{height}; give a size from {SMALLEST[0]}x{SMALLEST[1]} to "
                f"{LARGEST[0]}x{LARGEST[1]}."
            )
        if self.fps is not None and not 0.01 <= self.fps <= 60.0:
            raise UsageError(f"{self.fps:g} pictures a second; give 0.01 to 60.")

    def times(
        self, start_at: float, since: float, until: float, busy: Iterable[Span]
    ) -> Iterator[float]:
        """When pictures are taken from `since` up to and without `until`, in whole milliseconds.

        `busy` are the spans in which hands are at work. The grid begins at `start_at`.
        """
        step_s = 1.0 / (self.fps or USUAL_FPS)
        sparse = 1 if self.fps is not None else max(1, round(IDLE_S / step_s))
        spans = [(begins - BEFORE_S, ends + AFTER_S) for begins, ends in busy]
        first = math.ceil((since - start_at) / step_s - 1e-6)
        for tick in range(max(0, first), math.ceil((until - start_at) / step_s - 1e-6)):
            at = round(start_at + tick * step_s, 3)
            if tick % sparse == 0 or any(begins <= at <= ends for begins, ends in spans):
                yield at
