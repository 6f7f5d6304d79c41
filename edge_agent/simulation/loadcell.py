"""Load cells under plates: what they read, sample by sample, while hands come and go.

Sizes come from the datasheets of the parts that such shelves are built of (HX711: 50 nV rms input
noise at 10 samples/s and 90 nV at 80, gain 128; 5 kg aluminium single point cells, 1 mV/V: 90 nV
are 0.09 g on 5 V, and boards in the field show one to four times that; zero drift 0.02 to 0.05 %
of full scale for 10 degrees; creep 0.03 to 0.1 % in 20 to 30 minutes) and from the project's
own design notes for creep, ringing and cross-talk.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.chance import stream
from edge_agent.simulation.channel_faults import ChannelFaults
from edge_agent.simulation.climate import FridgeDoor
from edge_agent.simulation.creep import Creep
from edge_agent.simulation.hands import LEAD_S, Force, Platform, Ringing, force_of, smooth_step
from edge_agent.simulation.noise import Faults, Grams, Hum, Trolleys, Wander, White
from edge_agent.simulation.profiles import Build, Profile
from edge_agent.simulation.script import Action

FLICKER_OCTAVES_S = (0.4, 1.6, 6.4, 25.6, 102.4)
VIBRATIONS_PER_H = 0.5
# No platform rings longer than that its amplitude falls by e in a quarter of a second.
DECAY_PER_S = 4.0
# How often, by how many grams of 5 kg and how quickly a neighbour settles when a hand is at work,
# and how often it rises. In the real store's recording (`aifi-benchmark-1`, 20 kg plates) the
# neighbours of a bottle that was taken settled 11.6, 5.5 and 2.7 g lower and one 4.3 g higher.
SAG_SHARE, SAG_G, SAGS_WITHIN_S, RISE_SHARE = 0.12, (0.5, 3.0), 0.15, 0.2
FINE = Build()


class LoadCells:
    """The plates' cells on one converter clock; sample 0 is at `start_at`.

    `names` are the plates, `levels_g` what stands on them at first, in the same order; plates
    whose names begin alike (A1, A2) stand side by side on one board. Actions must be added
    before the samples they fall into are taken.
    """

    def __init__(
        self,
        seed: int,
        names: list[str],
        levels_g: list[float],
        start_at: float,
        rate_hz: float,
        profile: Profile,
        build: Build = FINE,
    ) -> None:
        self._profile = profile
        self._start_at = start_at
        self._rate_hz = rate_hz
        self._column = {name: column for column, name in enumerate(names)}
        plates = len(names)
        rng = stream(seed, "cells")
        self.platforms = [_platform(rng, build.platform_hz) for _ in names]
        self._ringing = Ringing(self.platforms, rate_hz)
        self._neighbours = _neighbours(names)
        share = rng.uniform(0.002, 0.005, (plates, plates)) * rng.choice([-1, 1], (plates, plates))
        self._crosstalk = share * self._neighbours * profile.crosstalk
        self._shaking = (0.004 + 0.02 * self._neighbours) * profile.shaking
        self._quantum_g = rng.choice(build.quantum_g, plates) * profile.quantum
        self._make_noise(seed, rng, build)
        self._hands = stream(seed, "hands")
        self._trolleys = Trolleys(
            seed, VIBRATIONS_PER_H * profile.vibration, rate_hz, build.coarseness
        )
        self._fridge = FridgeDoor(seed, plates, rate_hz, profile.fridge, build.coarseness)
        self._channel_faults = ChannelFaults(
            seed, plates, rate_hz, profile, build.capacity_g, build.coarseness
        )
        self._settling = stream(seed, "sag")
        self._sag_g = profile.sag * build.coarseness
        self._levels_g = np.array(levels_g)
        self._creep = [Creep.at_rest(level_g) for level_g in levels_g]
        self._steps: list[tuple[int, int, float]] = []
        self._transients: dict[int, list[tuple[int, Grams]]] = defaultdict(list)
        self.sample = 0

    def _make_noise(self, seed: int, rng: np.random.Generator, build: Build) -> None:
        """What is there without anybody, different from plate to plate.

        Wandering of 0.1 to 0.3 g in a quarter of an hour and 0.2 to 1 g by day and night is what
        0.02 to 0.05 % of full scale for 10 degrees gives in a room that changes by a few. The 1/f
        part (a tenth of the white one) and the mains (0.01 to 0.08 g) are chosen.
        """
        profile, rate_hz, plates = self._profile, self._rate_hz, len(self.platforms)
        least_g, most_g = build.noise_g
        sigma_g = least_g * (most_g / least_g) ** rng.random(plates)
        self._white = White(seed, sigma_g * profile.noise)
        octave_g = 0.04 * sigma_g * profile.flicker
        drift = profile.drift * build.coarseness
        drift_g = rng.uniform(0.1, 0.3, plates) * drift
        octaves = [(period_s, octave_g) for period_s in FLICKER_OCTAVES_S] + [(900.0, drift_g)]
        daily_g = rng.uniform(0.2, 1.0, plates) * drift
        self._wander = Wander(seed, octaves, daily_g, rate_hz, self._start_at)
        self._hum = Hum(seed, rng.uniform(0.01, 0.08, plates) * profile.hum, rate_hz)
        self._faults = Faults(seed, plates, rate_hz, 0.3 * profile.spikes, 0.5 * profile.dropouts)

    def add(self, action: Action) -> None:
        """Let this action happen to the plates."""
        plate = self._column[action.plate]
        first = math.floor((action.at - action.hand_s - LEAD_S - self._start_at) * self._rate_hz)
        settling_s = max(platform.settling_s for platform in self.platforms)
        seconds = action.hand_s + 2.0 * LEAD_S + settling_s
        grid = self._ringing.grid(seconds)
        times = self._start_at + first / self._rate_hz + grid
        force = force_of(action, times, self._profile.touch, self._hands)
        gone = math.ceil((action.at - self._start_at) * self._rate_hz)
        if action.beside is not None:
            neighbour, share = action.beside
            self._spread(self._column[neighbour], first, gone, force.scaled(share))
            force = force.scaled(1.0 - share)
        self._spread(plate, first, gone, force)
        if self._sag_g:
            self._let_neighbours_sag(plate, first, gone, times.size)

    def _let_neighbours_sag(self, plate: int, first: int, gone: int, length: int) -> None:
        """What stands beside a plate at which a hand works settles, mostly a little lower."""
        since = (np.arange(length) / self._ringing.fine - (gone - first)) / self._rate_hz
        for other in np.flatnonzero(self._neighbours[plate]):
            if self._settling.random() < SAG_SHARE:
                grams = self._sag_g * float(self._settling.uniform(*SAG_G))
                grams *= 1.0 if self._settling.random() < RISE_SHARE else -1.0
                settled = grams * smooth_step(1.0 + since / SAGS_WITHIN_S)
                self._spread(int(other), first, gone, Force(settled, grams))

    def _spread(self, plate: int, first: int, gone: int, force: Force) -> None:
        """The force's readings on its own plate and, much smaller, on all others."""
        ringing, length = self._ringing, force.grams.size
        seen, frequencies = ringing.spectrum(force)
        still = seen
        seen = still * (
            1.0 + self._profile.ringing * (self.platforms[plate].response(frequencies) - 1.0)
        )
        shaken = seen - still
        for other in range(len(self.platforms)):
            share = 1.0 if other == plate else float(self._crosstalk[plate, other])
            spectrum = seen
            if other != plate:
                answer = self.platforms[other].response(frequencies)
                spectrum = answer * (share * still + self._shaking[plate, other] * shaken)
            readings = ringing.readings(spectrum, length)
            delta_g = share * force.held_g
            # The level steps when the hand has gone; the readings until then are a transient.
            readings[max(0, gone - first) :] -= delta_g
            self._transients[other].append((first, readings.astype(np.float32)))
            if delta_g:
                self._steps.append((gone, other, delta_g))

    def take(self, samples: int) -> Grams:
        """The next samples in grams, (plates, samples); NaN where a conversion failed."""
        first, last = self.sample, self.sample + samples
        for begin, plate, shaken in self._trolleys.until(last, self.platforms):
            self._transients[plate].append((begin, shaken))
        out = np.empty((len(self.platforms), samples), dtype=np.float32)
        self._white.fill(out)
        out += self._wander.take(samples)
        self._hum.add(out, first)
        steps = sorted(step for step in self._steps if step[0] < last)
        self._steps = [step for step in self._steps if step[0] >= last]
        for plate, row in enumerate(out):
            self._add_level(plate, row, [(at, g) for at, p, g in steps if p == plate])
            self._add_transients(plate, row)
        self._fridge.add(out, first)
        self._faults.add(out, first)
        self._quantise(out)
        self._channel_faults.add(out, first)
        self.sample = last
        return out

    def _add_level(self, plate: int, row: Grams, steps: list[tuple[int, float]]) -> None:
        begin = self.sample
        for at, delta_g in [*steps, (self.sample + row.size, 0.0)]:
            end = max(begin, at)
            creep = self._creep[plate]
            since = np.arange(begin - creep.sample, end - creep.sample, dtype=np.float32)
            piece = row[begin - self.sample : end - self.sample]
            piece += np.float32(self._levels_g[plate])
            if self._profile.creep:
                piece += np.float32(self._profile.creep) * creep.after(
                    since / np.float32(self._rate_hz)
                )
            if delta_g:
                self._levels_g[plate] += delta_g
                seconds = (at - creep.sample) / self._rate_hz
                self._creep[plate] = creep.step(at, seconds, delta_g)
            begin = end

    def _add_transients(self, plate: int, row: Grams) -> None:
        first, last = self.sample, self.sample + row.size
        later = []
        for begin, readings in self._transients[plate]:
            low, high = max(begin, first), min(begin + readings.size, last)
            if low < high:
                row[low - first : high - first] += readings[low - begin : high - begin]
            if begin + readings.size > last:
                later.append((begin, readings))
        self._transients[plate] = later

    def _quantise(self, out: Grams) -> None:
        for row, quantum_g in zip(out, self._quantum_g, strict=True):
            if quantum_g > 0:
                np.rint(row * np.float32(1.0 / quantum_g), out=row)
                np.multiply(row, np.float32(quantum_g), out=row)


def _platform(rng: np.random.Generator, range_hz: tuple[float, float] | None) -> Platform:
    """Most plates ring at 14 to 45 Hz, one in eight lower; none for much longer than 2 s."""
    usual_hz = (8.0, 14.0) if rng.random() < 0.125 else (14.0, 45.0)
    low, high = range_hz or usual_hz
    frequency_hz = low * (high / low) ** float(rng.random())
    least = DECAY_PER_S / (2.0 * math.pi * frequency_hz)
    return Platform(frequency_hz, max(least, float(rng.uniform(0.05, 0.12))))


def _neighbours(names: list[str]) -> NDArray[np.float64]:
    """1 where two plates stand side by side on one board, else 0."""
    boards = [name.rstrip("0123456789") for name in names]
    beside = np.zeros((len(names), len(names)))
    for left in range(len(names) - 1):
        if boards[left] == boards[left + 1]:
            beside[left, left + 1] = beside[left + 1, left] = 1.0
    return beside
