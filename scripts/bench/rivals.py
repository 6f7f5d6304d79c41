"""Who takes part, and how the ones with constants are tuned on seeds of their own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from edge_agent.reported import ReportedChange
from scripts.bench.agent import AgentWeigher
from scripts.bench.cusum import CusumThenStillness
from scripts.bench.judging import Outcome, judge, summed
from scripts.bench.moving_variance import PublishedMovingVariance, TunedMovingVariance
from scripts.bench.pelt import Pelt
from scripts.bench.signals import Signal

AGENT = "edge-agent"
PUBLISHED = "AIM3S moving variance, published"
VARIANCE = "moving variance, tuned"
CUSUM = "CUSUM, then stillness, tuned"
PELT = "PELT (offline), tuned"
NAMES = (AGENT, PUBLISHED, VARIANCE, CUSUM, PELT)

Tunable = TunedMovingVariance | CusumThenStillness | Pelt

START: dict[str, Tunable] = {
    VARIANCE: TunedMovingVariance(),
    CUSUM: CusumThenStillness(),
    PELT: Pelt(),
}

GRIDS: dict[str, dict[str, Sequence[float]]] = {
    VARIANCE: {
        "window_s": (0.06, 0.1, 0.2, 0.3, 0.5),
        "variance_sigmas": (1.5, 2.0, 3.0, 4.5, 7.0, 12.0, 20.0),
        "active_s": (0.0, 0.05, 0.15),
        "quiet_s": (0.05, 0.1, 0.2, 0.3, 0.5, 0.8),
        "least_share": (0.2, 0.3, 0.5, 0.7),
    },
    CUSUM: {
        "slack": (0.5, 1.0, 2.0, 4.0),
        "alarm": (5.0, 10.0, 20.0, 40.0, 80.0),
        "still_s": (0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0),
        "still_sigmas": (1.3, 1.6, 2.0, 3.0, 5.0, 8.0),
        "least_share": (0.2, 0.3, 0.5, 0.7),
    },
    PELT: {
        "penalty": (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0),
        "level_least_s": (0.2, 0.3, 0.5, 0.8, 1.2),
        "least_share": (0.2, 0.3, 0.5, 0.7),
    },
}
"""What is tried of each constant, one after the other, twice around."""

ROUNDS = 2


class Detector(Protocol):
    """What finds changes in a signal."""

    def detect(self, signal: Signal) -> list[ReportedChange]:
        """Find the changes of every plate of a signal."""


def detectors(tuned: Mapping[str, Tunable]) -> dict[str, Detector]:
    """Everybody, in the order of the table."""
    return {AGENT: AgentWeigher(), PUBLISHED: PublishedMovingVariance(), **tuned}


def run(detector: Detector, signal: Signal) -> tuple[list[ReportedChange], Outcome]:
    """Let a detector find what it can, and judge it."""
    began_s = time.process_time()
    told = detector.detect(signal)
    cpu_s = time.process_time() - began_s
    outcome = judge(
        signal.truth,
        told,
        duration_s=signal.duration_s,
        cpu_s=cpu_s,
        samples=signal.grams.size,
    )
    return told, outcome


def tune(name: str, signals: Sequence[Signal]) -> Tunable:
    """The constants with the best F1 on these signals, by going through the grid of each."""
    best = START[name]
    best_f1 = _f1(best, signals)
    for _ in range(ROUNDS):
        before = best
        for constant, values in GRIDS[name].items():
            for value in values:
                candidate = type(best)(**(asdict(best) | {constant: value}))
                if candidate != best and (f1 := _f1(candidate, signals)) > best_f1:
                    best, best_f1 = candidate, f1
        if best == before:
            break
    return best


def constants(detector: Tunable) -> dict[str, Any]:
    """A detector's constants as JSON values."""
    return asdict(detector)


def _f1(detector: Detector, signals: Sequence[Signal]) -> float:
    return summed(run(detector, signal)[1] for signal in signals).found.f1 or 0.0
