"""What a load cell shows when nothing happens: noise, hum, drift, spikes and gaps.

Every source gives the same numbers however the samples are cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.chance import stream
from edge_agent.simulation.hands import Platform

Grams = NDArray[np.float32]

DAY_S = 86400.0
MAINS_HZ = 50.0


class White:
    """Noise of each sample on its own; `sigma_g` for each plate."""

    def __init__(self, seed: int, sigma_g: NDArray[np.float64]) -> None:
        self._sigma_g = sigma_g.astype(np.float32)
        self._streams = [stream(seed, f"white {plate}") for plate in range(sigma_g.size)]

    def fill(self, out: Grams) -> None:
        """Overwrite `out` (plates, samples)."""
        for row, rng, sigma_g in zip(out, self._streams, self._sigma_g, strict=True):
            if sigma_g > 0:
                rng.standard_normal(dtype=np.float32, out=row)
                np.multiply(row, sigma_g, out=row)
            else:
                row.fill(0.0)


class Wander:
    """Slow wandering: octaves of random knots, which together fall like 1/f, joined by lines.

    `octaves` are (seconds between knots, grams for each plate); the knots of all octaves are
    summed on a grid of `stride` samples and joined by straight lines.
    """

    def __init__(
        self,
        seed: int,
        octaves: list[tuple[float, NDArray[np.float64]]],
        daily_g: NDArray[np.float64],
        rate_hz: float,
        start_at: float,
    ) -> None:
        self._rng = stream(seed, "wander")
        self._stride = max(1, round(0.4 * rate_hz))
        self._step_s = self._stride / rate_hz
        self._spans = [max(1, round(period_s / self._step_s)) for period_s, _ in octaves]
        self._sizes = [size_g for _, size_g in octaves]
        self._ends = [(self._draw(size), self._draw(size)) for size in self._sizes]
        self._daily_g = daily_g
        self._start_at = start_at
        self._phase = self._rng.uniform(0.0, 2.0 * math.pi, daily_g.size)
        self._knot = 0
        self._last = self._next_knot()
        self._rest = np.empty((daily_g.size, 0), dtype=np.float32)
        self._ramp = (np.arange(self._stride) / self._stride).astype(np.float32)

    def _draw(self, size_g: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._rng.standard_normal(size_g.size) * size_g

    def _next_knot(self) -> NDArray[np.float64]:
        total = np.zeros(self._daily_g.size)
        for octave, span in enumerate(self._spans):
            begin, end = self._ends[octave]
            place = self._knot % span
            if place == 0 and self._knot:
                begin, end = end, self._draw(self._sizes[octave])
                self._ends[octave] = (begin, end)
            total += begin + (end - begin) * (place / span)
        at = self._start_at + self._knot * self._step_s
        total += self._daily_g * np.sin(2.0 * math.pi * at / DAY_S + self._phase)
        self._knot += 1
        return total

    def take(self, samples: int) -> Grams:
        """The next samples, (plates, samples)."""
        pieces = [self._rest]
        have = self._rest.shape[1]
        while have < samples:
            following = self._next_knot()
            rise = (following - self._last).astype(np.float32)
            pieces.append(
                self._last.astype(np.float32)[:, None] + rise[:, None] * self._ramp[None, :]
            )
            self._last = following
            have += self._stride
        joined = np.concatenate(pieces, axis=1)
        self._rest = joined[:, samples:].copy()
        return joined[:, :samples]


class Hum:
    """Mains at 50 Hz, a little off, sampled without a filter: it folds to another frequency."""

    def __init__(self, seed: int, size_g: NDArray[np.float64], rate_hz: float) -> None:
        rng = stream(seed, "hum")
        phase = rng.uniform(0.0, 2.0 * math.pi, size_g.size)
        self._cycles = (MAINS_HZ + rng.uniform(-0.02, 0.02)) / rate_hz
        self._in_phase = (size_g * np.cos(phase)).astype(np.float32)
        self._across = (size_g * np.sin(phase)).astype(np.float32)

    def add(self, out: Grams, first: int) -> None:
        """Add to `out` (plates, samples), whose first sample is number `first`."""
        if not (self._in_phase.any() or self._across.any()):
            return
        turns = (np.arange(first, first + out.shape[1]) * self._cycles) % 1.0
        angle = (2.0 * math.pi * turns).astype(np.float32)
        sine, cosine = np.sin(angle), np.cos(angle)
        for row, a, b in zip(out, self._in_phase, self._across, strict=True):
            np.add(row, a * sine + b * cosine, out=row)


class Faults:
    """Rare single spikes and missing samples on one plate, and rarer gaps of the whole board.

    Single spikes are what the HX711 logs in `../shared/data/scale-logs` show (`samples_a931659d`:
    141 of more than 5 g, mostly 5 to 12, up to 260, among 10,000 samples). The usual rate is chosen
    far lower; `spikes` = 13,000 is as bad as that log at 80 samples/s.
    """

    def __init__(
        self, seed: int, plates: int, rate_hz: float, spikes_per_h: float, missing_per_h: float
    ) -> None:
        self._rng = stream(seed, "faults")
        self._plates = plates
        self._rate_hz = rate_hz
        # (events an hour for the whole shelf, what it is)
        self._every_h = {
            "spike": spikes_per_h * plates,
            "missing": missing_per_h * plates,
            "gap": missing_per_h / 10.0,
        }
        self._next = {what: self._later(0.0, per_h) for what, per_h in self._every_h.items()}
        self._gap_until = 0

    def _later(self, sample: float, per_h: float) -> float:
        if per_h <= 0:
            return math.inf
        return sample + self._rng.exponential(3600.0 / per_h) * self._rate_hz

    def add(self, out: Grams, first: int) -> None:
        """Add to `out` (plates, samples), whose first sample is number `first`."""
        samples = out.shape[1]
        if self._gap_until > first:
            out[:, : self._gap_until - first] = np.nan
        while True:
            due = min(self._next, key=lambda what: self._next[what])
            if self._next[due] >= first + samples:
                return
            place = max(0, int(self._next[due]) - first)
            plate = int(self._rng.integers(self._plates))
            if due == "spike":
                # From a nudge to a converter that read a wrong bit high up.
                size_g = 5.0 * 400.0 ** float(self._rng.random())
                out[plate, place] += size_g if self._rng.random() < 0.5 else -size_g
            elif due == "missing":
                out[plate, place] = np.nan
            else:
                lasts = int(self._rng.uniform(0.1, 2.0) * self._rate_hz)
                self._gap_until = first + place + lasts
                out[:, place : place + lasts] = np.nan
            self._next[due] = self._later(self._next[due], self._every_h[due])


class Trolleys:
    """Trolleys and steps on the floor: all plates shake for some seconds, each as it rings.

    `coarseness` is how many times heavier than usual the plates and their loads are: a floor that
    moves pushes them as much harder.
    """

    def __init__(self, seed: int, per_h: float, rate_hz: float, coarseness: float = 1.0) -> None:
        self._rng = stream(seed, "trolleys")
        self._per_h = per_h
        self._rate_hz = rate_hz
        self._coarseness = coarseness
        self._next = math.inf
        if per_h > 0:
            self._next = self._pause()

    def _pause(self) -> float:
        return float(self._rng.exponential(3600.0 / self._per_h)) * self._rate_hz

    def until(self, last: int, platforms: list[Platform]) -> list[tuple[int, int, Grams]]:
        """What begins before sample `last`: (first sample, plate, grams)."""
        shaking = []
        while self._next < last:
            samples = int(self._rng.uniform(1.0, 6.0) * self._rate_hz)
            size_g = float(self._rng.uniform(0.5, 4.0)) * self._coarseness
            for plate, platform in enumerate(platforms):
                shaking.append((int(self._next), plate, self._shake(samples, size_g, platform)))
            self._next += self._pause()
        return shaking

    def _shake(self, samples: int, size_g: float, platform: Platform) -> Grams:
        swell = np.sin(np.linspace(0.0, math.pi, samples)) ** 2
        floor = np.fft.rfft(self._rng.standard_normal(samples))
        frequencies = np.fft.rfftfreq(samples, 1.0 / self._rate_hz).astype(np.float64)
        answer = platform.response(frequencies)
        shaken = np.fft.irfft(floor * (answer - 1.0), samples) * swell
        shaken *= size_g / max(1e-9, float(np.abs(shaken).max()))
        return np.asarray(shaken, dtype=np.float32)
