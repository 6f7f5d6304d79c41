"""What is known of a channel beside its samples, and how a remark about it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge_agent.weighing.diagnosis.converters import Converter

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a measurement says: `topic` in a word, and what to do if it is not ok."""

    verdict: Verdict
    topic: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of a channel beside its samples.

    `is_counts` says that a 24-bit converter's counts come, not grams; `converter` and
    `told_rate_hz` are what the board says of itself, None where it does not.
    """

    zero_counts: float
    counts_per_g: float
    capacity_g: float
    is_counts: bool
    converter: Converter | None = None
    told_rate_hz: float | None = None

    @property
    def is_calibrated(self) -> bool:
        """Whether counts can be told as grams; those of a scale in grams always can."""
        return not self.is_counts or self.counts_per_g != 1.0

    def amount(self, value: float) -> str:
        """A length in the samples' unit as people read it: grams if they are known."""
        if self.is_calibrated:
            grams = abs(value / self.counts_per_g)
            return f"{grams:.2f} g" if grams < 9.995 else f"{grams:.0f} g"
        return f"{abs(value):.0f} counts"
