"""Whether a confidence means what it says: of what is told with 0.9, nine in ten are right. Pure.

The expected calibration error is the mean over bins of |mean confidence - share right|, weighted
by how many fall into each (Naeini, Cooper, Hauskrecht, AAAI 2015). Bins of equal width show where
the error is; bins of equal mass (Nguyen and O'Connor, EMNLP 2015) do not hide it in a single full
bin. Both are biased upwards by chance, by about sqrt(bins * p * (1 - p) / n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from edge_agent.tallies import rounded

BINS = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A hypothesis as it was told: with what confidence, and whether it was right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims of like confidence: lowest and highest bound, how many, their means."""

    low: float
    high: float
    count: int
    confidence: float
    right: float

    def as_dict(self) -> dict[str, Any]:
        """Give the bin as JSON values, to four decimals."""
        return {
            "from": rounded(self.low),
            "to": rounded(self.high),
            "n": self.count,
            "confidence": rounded(self.confidence),
            "right": rounded(self.right),
        }


def fixed_bins(claims: Sequence[Claim], bins: int = BINS) -> list[Bin]:
    """Sort claims into bins of equal width from 0 to 1; empty bins are left out.

    A confidence on a bound belongs to the bin above it, 1 to the last.
    """
    sorted_in: list[list[Claim]] = [[] for _ in range(bins)]
    for claim in claims:
        # Rounded, because 0.7 * 10 is a little less than 7.
        place = int(round(claim.confidence * bins, 9))
        sorted_in[min(bins - 1, max(0, place))].append(claim)
    return [
        _bin(place / bins, (place + 1) / bins, inside)
        for place, inside in enumerate(sorted_in)
        if inside
    ]


def equal_bins(claims: Sequence[Claim], bins: int = BINS) -> list[Bin]:
    """Sort claims into bins of as many each as can be, by confidence; empty ones are left out."""
    ordered = sorted(claims, key=lambda claim: claim.confidence)
    cuts = [round(place * len(ordered) / bins) for place in range(bins + 1)]
    return [
        _bin(ordered[first].confidence, ordered[last - 1].confidence, ordered[first:last])
        for first, last in pairwise(cuts)
        if first < last
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Give the expected calibration error over these bins; None for none."""
    count = sum(b.count for b in bins)
    if not count:
        return None
    return sum(b.count * abs(b.confidence - b.right) for b in bins) / count


def calibration_as_dict(claims: Sequence[Claim]) -> dict[str, Any]:
    """Give both errors and both tables as JSON values."""
    fixed, equal = fixed_bins(claims), equal_bins(claims)
    return {
        "n": len(claims),
        "ece_equal_mass": rounded(calibration_error(equal)),
        "ece_fixed": rounded(calibration_error(fixed)),
        "bins_equal_mass": [b.as_dict() for b in equal],
        "bins_fixed": [b.as_dict() for b in fixed],
    }


def _bin(low: float, high: float, inside: Sequence[Claim]) -> Bin:
    return Bin(
        low,
        high,
        len(inside),
        sum(claim.confidence for claim in inside) / len(inside),
        sum(claim.right for claim in inside) / len(inside),
    )
