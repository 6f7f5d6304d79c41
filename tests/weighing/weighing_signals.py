"""Load-cell signals with known truth, for the tests of weighing alone.

A force (goods, hands) drives a second-order platform; noise, hum, drift, creep, spikes and
quantisation come on top. All numbers are drawn from one seeded generator.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import signal

from edge_agent.weighing.change import WeightChange

FloatArray = npt.NDArray[np.float64]

# Damping that lets a platform settle in 3 s at 8 Hz, 0.4 s at 18 Hz and 0.06 s at 30 Hz.
DAMPING = {8.0: 0.046, 18.0: 0.15, 30.0: 0.6, 45.0: 0.5}
T0 = 1_700_000_000.0


@dataclass
class Cell:
    """One channel: samples a second, noise of a sample (g), platform (Hz), resolution (g)."""

    rate_hz: float = 80.0
    noise_g: float = 0.3
    ring_hz: float = 18.0
    resolution_g: float = 0.0025
    hum_g: float = 0.0
    drift_g_per_h: float = 0.0
    creep_share: float = 0.0
    spikes_per_min: float = 0.0
    capacity_g: float = 5000.0


@dataclass
class Signal:
    """A plate's force over time, built up event by event; `truth` holds (time, delta)."""

    cell: Cell
    duration_s: float
    rng: np.random.Generator
    start_g: float = 3000.0
    truth: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fine = max(math.ceil(240 / self.cell.rate_hz), 1)
        self.dt = 1 / (self.cell.rate_hz * self.fine)
        self.t = np.arange(0, self.duration_s, self.dt)
        self.goods = np.full(len(self.t), self.start_g)
        self.hand = np.zeros(len(self.t))
        self.shake = np.zeros(len(self.t))

    def step(self, at: float, delta_g: float, over_s: float = 0.1, press_g: float = 0.0) -> float:
        """Move goods within `over_s`, after a press of 0.2 s; return when they have moved."""
        if press_g:
            self.press(at - 0.25, 0.25, press_g, tremor=0.1)
        x = np.clip((self.t - at) / max(over_s, 1e-3), 0, 1)
        self.goods += delta_g * (1 - np.cos(np.pi * x)) / 2
        self.truth.append((at + over_s, delta_g))
        return at + over_s

    def press(self, at: float, for_s: float, force_g: float, tremor: float = 0.05) -> None:
        """A hand presses, with soft edges and a sway and tremor of 1 to 6 Hz."""
        edge = min(0.08, for_s / 3)
        up = np.clip((self.t - at) / edge, 0, 1)
        down = np.clip((at + for_s - self.t) / edge, 0, 1)
        shape = np.minimum(up, down)
        b, a = signal.butter(1, [1.0, 6.0], btype="band", fs=1 / self.dt)
        sway = signal.lfilter(b, a, self.rng.normal(size=len(self.t)))
        sway *= tremor / max(float(np.std(sway)), 1e-9)
        self.hand += force_g * shape * (1 + sway)

    def vibrate(self, at: float, for_s: float, amplitude_g: float) -> None:
        """A trolley passes: broad vibration from 4 to 30 Hz."""
        b, a = signal.butter(1, [4.0, 30.0], btype="band", fs=1 / self.dt)
        noise = signal.lfilter(b, a, self.rng.normal(size=len(self.t)))
        noise *= amplitude_g / max(float(np.std(noise)), 1e-9)
        self.shake += noise * ((self.t >= at) & (self.t < at + for_s))

    def samples(self) -> tuple[FloatArray, FloatArray]:
        """Return times (n,) and grams (n,) as the channel gives them."""
        cell, rng = self.cell, self.rng
        w, z = 2 * math.pi * cell.ring_hz, DAMPING[cell.ring_hz]
        b, a, _ = signal.cont2discrete(([w * w], [1, 2 * z * w, w * w]), self.dt, "bilinear")
        force = self.goods + self.hand + self.shake
        level = force[0]
        platform = signal.lfilter(b.ravel(), a, force - level) + level
        platform += self._creep()
        t = self.t[:: self.fine]
        grams = platform[:: self.fine] + rng.normal(0, cell.noise_g, len(t))
        grams += cell.hum_g * np.sin(2 * math.pi * 7.3 * t + rng.uniform(0, 6))
        grams += cell.drift_g_per_h * t / 3600
        spikes = rng.random(len(t)) < cell.spikes_per_min / 60 / cell.rate_hz
        grams = grams + spikes * rng.normal(0, 80, len(t))
        return T0 + t, np.round(grams / cell.resolution_g) * cell.resolution_g

    def _creep(self) -> FloatArray:
        if not self.cell.creep_share:
            return np.zeros(len(self.t))
        k = math.exp(-self.dt / 180.0)
        slow = signal.lfilter([1 - k], [1, -k], self.goods - self.start_g)
        creep: FloatArray = self.cell.creep_share * slow
        return creep


@dataclass
class Score:
    """Found, missed and false changes; errors of the weight (g) and delays (s) of the found."""

    found: int = 0
    missed: int = 0
    false: int = 0
    errors_g: list[float] = field(default_factory=list)
    settling_s: list[float] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.found / max(2 * self.found + self.missed + self.false, 1)

    def add(self, truth: Iterable[tuple[float, float]], told: Iterable[WeightChange]) -> None:
        """Match what stands in the end with the truth: within 2 s (a slow hand: before the next
        truth), and 3 g or 3 %.
        """
        left = standing(told)
        events = list(truth)
        for (at, delta), (following, _) in zip(events, [*events, (1e9, 0.0)][1:], strict=True):
            near = [
                c
                for c in left
                if at - 2 <= c.settled_at - T0 <= max(at + 2, following)
                and abs(c.delta_g - delta) <= max(3.0, 0.03 * abs(delta))
            ]
            if not near:
                self.missed += 1
                continue
            best = min(near, key=lambda c: abs(c.settled_at - T0 - at))
            left.remove(best)
            self.found += 1
            self.errors_g.append(best.delta_g - delta)
            self.settling_s.append(best.settled_at - T0 - at)
        self.false += len(left)


def standing(told: Iterable[WeightChange]) -> list[WeightChange]:
    """Return the highest revision of each change that was not withdrawn."""
    latest: dict[str, WeightChange] = {}
    for change in told:
        known = latest.get(change.change_id)
        assert change.revision == (known.revision + 1 if known else 1)
        latest[change.change_id] = change
    return [c for c in latest.values() if not c.withdrawn]
