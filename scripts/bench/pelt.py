"""PELT: the segmentation of the whole signal into levels that costs least, found afterwards.

Killick, Fearnhead, Eckley: "Optimal detection of changepoints with a linear computational cost",
JASA 107, 2012, as `ruptures` has it in C (`KernelCPD` with the linear kernel, which is the cost of
a level's squared residuals). It sees all of the signal at once and cannot run live.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import ruptures

from edge_agent.reported import ReportedChange
from scripts.bench.levels import (
    Stretch,
    changes_between,
    despiked,
    filled,
    lightest_g,
    noise_g,
)
from scripts.bench.signals import FloatArray, Signal

# Means over a tenth of a second: finer than any pick, and 8 times fewer samples for a search
# whose cost grows with the square of a quiet signal's length.
POINTS_PER_S = 10.0
PIECE_S, OVERLAP_S = 90.0, 10.0


@dataclass(frozen=True, slots=True)
class Pelt:
    """`penalty` times log(n) times the noise's variance is the price of a change point; a level
    is what lasts `level_least_s`, the rest is a hand."""

    penalty: float = 20.0
    level_least_s: float = 0.3
    least_share: float = 0.5
    level_s: float = 1.0

    def detect(self, signal: Signal) -> list[ReportedChange]:
        """Find the changes of every plate."""
        grams = despiked(filled(signal.grams))
        step = max(1, round(signal.rate_hz / POINTS_PER_S))
        points = len(grams) // step
        coarse = grams[: points * step].reshape(points, step, -1).mean(axis=1)
        sigma = noise_g(coarse)
        told: list[ReportedChange] = []
        for column in range(grams.shape[1]):
            ends = self._change_points(
                coarse[:, column], float(sigma[column]), step, signal.rate_hz
            )
            stretches = list(self._stretches([0, *ends, points], step, signal.rate_hz))
            least_g = self.least_share * lightest_g(signal, column)
            told += changes_between(
                signal, column, grams[:, column], stretches, least_g, self.level_s
            )
        return told

    def _change_points(self, x: FloatArray, sigma: float, step: int, rate_hz: float) -> list[int]:
        """The places where a new level begins, piece by piece with an overlap."""
        piece, overlap = (round(s * rate_hz / step) for s in (PIECE_S, OVERLAP_S))
        found: list[int] = []
        for start in range(0, max(1, len(x) - overlap), piece - overlap):
            part = x[start : start + piece, None]
            if len(part) < 4 or np.ptp(part) == 0.0:
                continue
            price = self.penalty * sigma**2 * np.log(len(part))
            search = ruptures.KernelCPD(kernel="linear", min_size=1).fit(part)
            low = start + (overlap // 2 if start else 0)
            high = start + piece - (overlap // 2 if start + piece < len(x) else 0)
            ends = search.predict(pen=max(price, 1e-12))[:-1]
            found += [start + end for end in ends if low <= start + end < high]
        return found

    def _stretches(self, bounds: list[int], step: int, rate_hz: float) -> Iterator[Stretch]:
        least = max(1, round(self.level_least_s * rate_hz / step))
        for first, last in pairwise(bounds):
            if last - first >= least:
                yield Stretch(first * step, last * step, None)
