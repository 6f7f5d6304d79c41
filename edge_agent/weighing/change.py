"""What weighing tells: a plate settled at a new level."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WeightChange:
    """One plate's step from one level to another, told early and revised when more is known.

    `change_id` is the plate and the millisecond at which the weight began to move; the highest
    `revision` of it counts. Times are Unix seconds, weights grams. `sigma_g` is the standard
    deviation of `delta_g` as a measurement. `level_g` is the plate's weight after the step.
    `withdrawn` takes an earlier revision back: it was no change after all, and `delta_g` is 0.
    `unobserved` marks a step between the last stored level and the first one after a start.
    `level_sigma_g` is the deviation of that weight alone. `told_at` is when the samples allowed
    this revision to be told. `beside` is for goods that lie across two plates: the other plate and
    its share of `delta_g`, which the level of this plate does not show. `by_sight`: no scale told
    it, a camera saw it; `delta_g` is then in units, -1 for each that left, and there is no level.
    """

    change_id: str
    revision: int
    plate: str
    started_at: float
    settled_at: float
    delta_g: float
    sigma_g: float
    level_g: float
    withdrawn: bool = False
    unobserved: bool = False
    told_at: float = 0.0
    level_sigma_g: float = 0.0
    beside: tuple[str, float] | None = None
    by_sight: bool = False


def change_id(plate: str, started_at: float) -> str:
    """Name a change by its plate and the millisecond at which it began."""
    return f"{plate}-{round(started_at * 1000)}"
