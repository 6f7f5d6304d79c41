"""Counts of what was found and what was right, that add up over recordings. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SIGMAS_OF_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were found, missed, and told although they were not so."""

    found: int = 0
    missed: int = 0
    false: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.found + other.found, self.missed + other.missed, self.false + other.false)

    @classmethod
    def of(cls, found: int, true: int, reported: int) -> Tally:
        """The tally of `found` pairs among so many true and reported things."""
        return cls(found=found, missed=true - found, false=reported - found)

    @property
    def precision(self) -> float | None:
        """The share of what was told that is true; None where nothing was told."""
        told = self.found + self.false
        return self.found / told if told else None

    @property
    def recall(self) -> float | None:
        """The share of what is true that was told; None where there was nothing to tell."""
        true = self.found + self.missed
        return self.found / true if true else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where nothing was true or told."""
        both = 2 * self.found + self.missed + self.false
        return 2 * self.found / both if both else None

    def intervals(self) -> dict[str, list[float] | None]:
        """Wilson's 95 % intervals of precision and recall, to four decimals."""
        return {
            "precision_interval": wilson(self.found, self.found + self.false),
            "recall_interval": wilson(self.found, self.found + self.missed),
        }

    def as_dict(self) -> dict[str, Any]:
        """Give counts and shares as JSON values, shares to four decimals."""
        return {
            "found": self.found,
            "missed": self.missed,
            "false": self.false,
            "precision": rounded(self.precision),
            "recall": rounded(self.recall),
            "f1": rounded(self.f1),
        }


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many are right."""

    right: int = 0
    of: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.right + other.right, self.of + other.of)

    @property
    def share(self) -> float | None:
        """The right ones' share; None of nothing."""
        return self.right / self.of if self.of else None

    def interval(self) -> list[float] | None:
        """Wilson's 95 % interval of the share, to four decimals."""
        return wilson(self.right, self.of)

    def as_dict(self) -> dict[str, Any]:
        """Give both counts and the share, to four decimals, as JSON values."""
        return {"right": self.right, "of": self.of, "share": rounded(self.share)}


def wilson(right: int, of: int) -> list[float] | None:
    """Give the 95 % interval of a share, to four decimals; None of nothing.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    if not of:
        return None
    share, square = right / of, SIGMAS_OF_95 * SIGMAS_OF_95
    middle = (share + square / (2 * of)) / (1 + square / of)
    spread = share * (1 - share) / of + square / (4 * of * of)
    half = SIGMAS_OF_95 * math.sqrt(spread) / (1 + square / of)
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def quantile(values: Sequence[float], share: float) -> float | None:
    """Give the smallest value that at least `share` of all do not exceed; None for no values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Round a figure that may be missing."""
    return None if value is None else round(value, digits)
