"""What weighing many plates costs: 64 at 80 samples a second, as many as one board has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.simulation.variation import Variation
from scripts.bench.rivals import Tunable, detectors, run
from scripts.bench.signals import SCENES, simulated

PLATES = 64
SEED = 64
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time for a million samples, and the share of a core of 64 plates."""

    per_million_s: float
    core_percent: float

    def as_dict(self) -> dict[str, Any]:
        """Give both as JSON values."""
        return {
            "cpu_s_per_million_samples": round(self.per_million_s, 3),
            "core_percent_64_plates_80_hz": round(self.core_percent, 2),
        }


def costs(tuned: Mapping[str, Tunable], seconds: float = SECONDS) -> dict[str, Cost]:
    """Measure everybody on the same two minutes of a shelf of 64 plates with 300 hands an hour.

    The agent is fed a tenth of a second at a time, as when it is live. The others get all at once,
    which is cheaper than they could ever be live.
    """
    variation = Variation(only_weights=True, plates=PLATES, products_per_plate=2)
    signal = simulated(SCENES["fine"], SEED, seconds, variation)
    found = {}
    for name, detector in detectors(tuned).items():
        _, outcome = run(detector, signal)
        found[name] = Cost(
            outcome.cpu_per_million_s or 0.0, 100.0 * outcome.cpu_s / signal.duration_s
        )
    return found
