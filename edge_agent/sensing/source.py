"""What every driver gives: samples, and words about how well it gets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Times (n,) in Unix seconds, rising; counts (n, channels), NaN for a missing value."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What a driver has counted since it opened its scale.

    `understood` lines or answers, `dropped` ones that were broken or did not come. `overloads` has
    for each channel the samples that lay beyond what the scale can weigh: a converter at the end of
    its range (whose counts are still given), an indicator that said so (NaN is given). `complaints`
    are sentences for a technician, each with what to do.
    """

    understood: int
    dropped: int
    overloads: tuple[int, ...]
    complaints: tuple[str, ...] = ()


class ScaleSource(Protocol):
    """An open scale. Every method may raise `ScaleError`: the scale is lost then."""

    @property
    def pause_s(self) -> float:
        """How long the next `read` may wait, in seconds, without loss of pace or of exact times.

        Infinite where the scale stamps its samples itself and nothing has to be asked.
        """
        ...

    def read(self) -> Samples:
        """Return what arrived since the last call, without waiting for more.

        Times (n,) in Unix seconds, rising, and counts (n, channels) with NaN for a missing value;
        n may be 0. Drivers that have to ask do so here.
        """
        ...

    def describe(self) -> str | None:
        """Say what is known of the scale by its own words; None while it has said nothing."""
        ...

    def health(self) -> SourceHealth:
        """Give what has been counted so far."""
        ...

    def why_silent(self) -> str:
        """Say what is known about why no sample comes, and what to do next."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...
