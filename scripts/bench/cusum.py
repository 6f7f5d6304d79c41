"""Page's CUSUM for the moment at which the weight leaves its level, then a test of stillness.

E. S. Page: "Continuous inspection schemes", Biometrika 41, 1954: both sums g = max(0, g ± z - k)
of the standardised distance z from the level, alarm above h. Amazon's patent US 10,466,092 uses
the same on the slope of a line fitted to a shelf's weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge_agent.reported import ReportedChange
from scripts.bench.levels import (
    Flags,
    Stretch,
    changes_between,
    despiked,
    filled,
    lightest_g,
    moving_variance,
    noise_g,
    runs,
)
from scripts.bench.signals import FloatArray, Signal

CHUNK_S = 2.0
# The level follows drift by this share of each chunk's mean.
FOLLOW = 0.3


@dataclass(frozen=True, slots=True)
class CusumThenStillness:
    """`slack` and `alarm` (k and h) are standard deviations of a sample; at rest is what stays
    within `still_sigmas` of them for `still_s`."""

    slack: float = 1.0
    alarm: float = 12.0
    still_s: float = 0.25
    still_sigmas: float = 1.6
    least_share: float = 0.5
    level_s: float = 1.0

    def detect(self, signal: Signal) -> list[ReportedChange]:
        """Find the changes of every plate."""
        grams = despiked(filled(signal.grams))
        window = max(3, round(self.still_s * signal.rate_hz))
        sigma = noise_g(grams)
        still = moving_variance(grams, window) < (self.still_sigmas * sigma) ** 2
        told: list[ReportedChange] = []
        for column in range(grams.shape[1]):
            x = grams[:, column]
            stretches = list(
                self._stretches(x, still[:, column], float(sigma[column]), window, signal.rate_hz)
            )
            least_g = self.least_share * lightest_g(signal, column)
            told += changes_between(signal, column, x, stretches, least_g, self.level_s)
        return told

    def _stretches(
        self, x: FloatArray, still: Flags, sigma: float, window: int, rate_hz: float
    ) -> Iterator[Stretch]:
        """Yield the stretches at rest, each until the CUSUM says that it has ended."""
        # Centres of windows at rest: the window itself begins half of it earlier.
        centres = [first for first, _ in runs(still)]
        quiet = np.asarray(centres, dtype=np.intp)
        first = 0
        while first < len(x):
            if not still[first]:
                place = int(np.searchsorted(quiet, first))
                if place == len(quiet):
                    return
                first = int(quiet[place])
            begins = max(first - window // 2, 0)
            ends, alarm = self._follow(x, begins, window, sigma, rate_hz)
            if ends > begins:
                yield Stretch(begins, ends, begins + window)
            first = max(alarm, first) + 1 + window // 2

    def _follow(
        self, x: FloatArray, begins: int, window: int, sigma: float, rate_hz: float
    ) -> tuple[int, int]:
        """Where the stretch from `begins` ends, and where the alarm came."""
        level = float(x[begins : begins + window].mean())
        chunk = max(window, round(CHUNK_S * rate_hz))
        carried = np.zeros(2)
        onset = np.array([begins + window, begins + window])
        for start in range(begins + window, len(x), chunk):
            piece = x[start : start + chunk]
            z = (piece - level) / sigma
            for side, sign in enumerate((1.0, -1.0)):
                total = np.cumsum(sign * z - self.slack)
                lowest = np.minimum.accumulate(np.minimum(total, -carried[side]))
                g = total - lowest
                over = np.flatnonzero(g > self.alarm)
                if len(over):
                    alarm = int(over[0])
                    zeros = np.flatnonzero(g[:alarm] <= 0.0)
                    began = start + int(zeros[-1]) if len(zeros) else int(onset[side])
                    return began, start + alarm
                zeros = np.flatnonzero(g <= 0.0)
                onset[side] = start + int(zeros[-1]) if len(zeros) else onset[side]
                carried[side] = float(g[-1])
            level += FOLLOW * (float(np.median(piece)) - level)
        return len(x), len(x)
