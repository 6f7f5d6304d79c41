"""The detector of AIM3S: an event is while the variance of the moving mean is high.

Ruiz, Falcao, Pan, Noh, Zhang: "AIM3S: Autonomous Inventory Monitoring through Multi-Modal Sensing
for Cashier-Less Convenience Stores", BuildSys 2019. The algorithm and its constants are those of
the authors' own program, github.com/CarlosRDomin/AIM3S, `Experiment postprocessing/
detectWeightEvents.m`, `computeWeightMeanAndVar.m` and `loadExperiment.m`: 60 samples/s, a moving
mean over 60 samples and the moving variance over 60 of that mean, both centred, on the sum of a
shelf's plates; active above 500 g², for more than 30 samples; the event ends when it was not
active for more than 30; it counts from 10 g on the shelf and belongs to the plates that differ by
5 g between 30 samples before and 30 after. (An earlier revision of that file: a window of 90,
100 g², 60 samples before and after.) The paper's own text could not be read here.
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
    moving_mean,
    moving_variance,
    noise_g,
    runs,
)
from scripts.bench.signals import Signal


@dataclass(frozen=True, slots=True)
class PublishedConstants:
    """As published, in seconds instead of samples at 60 a second, grams and square grams."""

    window_s: float = 1.0
    variance_g2: float = 500.0
    active_s: float = 0.5
    quiet_s: float = 0.5
    shelf_g: float = 10.0
    plate_g: float = 5.0


@dataclass(frozen=True, slots=True)
class PublishedMovingVariance:
    """The detector as published: events of a whole board, then the plates that took part."""

    constants: PublishedConstants = PublishedConstants()

    def detect(self, signal: Signal) -> list[ReportedChange]:
        """Find the changes of every plate."""
        grams = filled(signal.grams)
        window = self._samples(signal, self.constants.window_s)
        told: list[ReportedChange] = []
        for board in signal.boards:
            plates = grams[:, list(board)]
            mean = moving_mean(plates.sum(axis=1, keepdims=True), window)
            active = moving_variance(mean, window)[:, 0] > self.constants.variance_g2
            means = moving_mean(plates, window)
            for begin, end, quiet_at in self._events(signal, active):
                if abs(mean[end, 0] - mean[begin, 0]) <= self.constants.shelf_g:
                    continue
                for place in np.flatnonzero(
                    abs(means[end] - means[begin]) > self.constants.plate_g
                ):
                    delta_g = float(means[end, place] - means[begin, place])
                    told.append(_told(signal, board[place], delta_g, quiet_at, end, window))
        return told

    def _events(self, signal: Signal, active: Flags) -> Iterator[tuple[int, int, int]]:
        """Yield sample before, sample after, and first sample at rest, of each event."""
        margin = self._samples(signal, self.constants.quiet_s)
        least = self._samples(signal, self.constants.active_s)
        begun: int | None = None
        busy = runs(active)
        following = [*(first for first, _ in busy[1:]), len(active)]
        for (first, last), next_first in zip(busy, following, strict=False):
            if begun is None and last - first > least:
                begun = first
            if begun is not None and next_first - last > margin:
                yield max(begun - 1 - margin, 0), min(last + margin, len(active) - 1), last
                begun = None

    @staticmethod
    def _samples(signal: Signal, seconds: float) -> int:
        return max(2, round(seconds * signal.rate_hz))


def _told(
    signal: Signal, column: int, delta_g: float, quiet_at: int, end: int, window: int
) -> ReportedChange:
    plate = signal.plates[column].plate
    # Both windows are centred: rest shows half of each late, and is known half of each later.
    settled_at = float(signal.times[max(quiet_at - window // 2, 0)])
    told_at = float(signal.times[min(end + window, len(signal.times) - 1)])
    return ReportedChange(
        f"{plate}-{round(settled_at * 1000)}", plate, settled_at, delta_g, (), told_at
    )


@dataclass(frozen=True, slots=True)
class TunedMovingVariance:
    """The same idea for each plate by itself, with constants that follow its noise.

    `variance_sigmas`: active above this many standard deviations of the moving mean's noise,
    squared. Spikes are taken out first, and levels are means over up to `level_s` of rest.
    """

    window_s: float = 0.2
    variance_sigmas: float = 6.0
    active_s: float = 0.05
    quiet_s: float = 0.25
    least_share: float = 0.5
    level_s: float = 1.0

    def detect(self, signal: Signal) -> list[ReportedChange]:
        """Find the changes of every plate."""
        grams = despiked(filled(signal.grams))
        window = max(2, round(self.window_s * signal.rate_hz))
        variance = moving_variance(moving_mean(grams, window), window)
        limits = (self.variance_sigmas * noise_g(grams)) ** 2 / window
        told: list[ReportedChange] = []
        for column in range(grams.shape[1]):
            stretches = list(self._stretches(signal, variance[:, column] > limits[column], window))
            least_g = self.least_share * lightest_g(signal, column)
            told += changes_between(
                signal, column, grams[:, column], stretches, least_g, self.level_s
            )
        return told

    def _stretches(self, signal: Signal, active: Flags, window: int) -> Iterator[Stretch]:
        """Yield what is at rest for long enough, with bursts that are too short left out."""
        still = ~active
        for first, last in runs(active):
            if last - first <= round(self.active_s * signal.rate_hz):
                still[first:last] = True
        hold = max(1, round(self.quiet_s * signal.rate_hz))
        for first, last in runs(still):
            if last - first >= hold:
                # The variance lags by up to a window on both sides, as both are centred.
                inside = max(0, first - window // 2) if first else 0
                yield Stretch(inside, min(len(active), last + window // 2), first + hold + window)
