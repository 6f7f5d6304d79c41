"""The force of a hand and of goods on a plate over time, and what a ringing platform makes of it.

A hand that takes presses on the plate or the goods first (20 to 200 g with a wobble of 2 to 6 Hz),
lifts within a fifth of a second and is gone; a hand that puts lands the goods with a soft blow.
The platform is a damped oscillator (mass on the cell's spring), so its reading follows

    x'' + 2 d w x' + w^2 x = w^2 F(t),     w = 2 pi f,

whose frequency response is H(f) = 1 / (1 - (f/f0)^2 + 2 i d f/f0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.script import Action

Floats = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

LEAD_S = 0.05
PRESS_G = (20.0, 200.0)
LEAN_G = (60.0, 500.0)
# A ring is let run until it is this small a part of the force.
RING_ENDS_AT = 1e-5
LONGEST_RING_S = 6.0
HOLD_S = 0.25
# When in a swap the goods are lifted, and the other thing is put, in parts of the hand's time.
SWAP_AT = (0.3, 0.55)


@dataclass(frozen=True, slots=True)
class Platform:
    """One plate on its cell: natural frequency in Hz and damping ratio."""

    frequency_hz: float
    damping: float

    @property
    def settling_s(self) -> float:
        """How long a ring is heard."""
        decay_per_s = 2.0 * math.pi * self.frequency_hz * self.damping
        return min(LONGEST_RING_S, -math.log(RING_ENDS_AT) / decay_per_s)

    def response(self, frequencies_hz: Floats) -> Spectrum:
        """The transfer function from force to reading at these frequencies."""
        ratio = frequencies_hz / self.frequency_hz
        return np.asarray(1.0 / (1.0 - ratio**2 + 2j * self.damping * ratio))


@dataclass(frozen=True, slots=True)
class Force:
    """Grams on a plate on a fine grid; before it nothing, after it `held_g` for good."""

    grams: Floats
    held_g: float

    def scaled(self, share: float) -> Force:
        """A part of it."""
        return Force(share * self.grams, share * self.held_g)


def smooth_step(x: Floats) -> Floats:
    """From 0 to 1 while x goes from 0 to 1, with no corner."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def force_of(action: Action, times: Floats, touch: float, rng: np.random.Generator) -> Force:
    """What an action puts on its plate at `times`, Unix seconds; `touch` scales the hand's part."""
    since = times - (action.at - action.hand_s)
    grams = touch * _press(action, since, rng)
    for lands_at, lasts_s, part_g in _moves(action, rng):
        grams += part_g * smooth_step((since - lands_at) / lasts_s)
        if part_g > 0:
            blow = 0.8 * rng.random() * part_g * touch
            grams += blow * np.exp(-0.5 * ((since - lands_at - lasts_s) / 0.012) ** 2)
    return Force(grams, action.delta_g)


def _moves(action: Action, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """(when, for how long, grams) of each part, all done when the hand has gone."""
    moves = []
    for place, part_g in enumerate(reversed(action.parts_g)):
        ends_at = action.hand_s - place * action.gap_s
        lasts_s = float(rng.uniform(0.06, 0.2))
        if action.manner == "swap":
            # What comes lands when what goes has just been lifted.
            lands_at = SWAP_AT[1 - place] * action.hand_s
        elif action.manner == "rest":
            # One hand stays; the other takes or puts at any moment meanwhile.
            lands_at = float(rng.uniform(0.15, 0.85)) * (action.hand_s - lasts_s)
        elif part_g > 0:
            # Goods that come land first; then the hand pushes them into place and goes.
            lands_at = float(rng.uniform(0.0, 0.2)) * action.hand_s
        else:
            lands_at = max(0.0, ends_at - lasts_s - float(rng.uniform(0.0, 0.05)))
        moves.append((lands_at, lasts_s, part_g))
    return moves[::-1]


def _press(action: Action, since: Floats, rng: np.random.Generator) -> Floats:
    """The hand's own force: on, wobbling, and off by the time the hand has gone."""
    low, high = LEAN_G if action.manner in ("lean", "rest") else PRESS_G
    press_g = low * (high / low) ** float(rng.random())
    on_s, off_s = rng.uniform(0.05, 0.15, 2)
    presses: list[Floats] = []
    for ends_at in _pick_ends(action):
        begins_at = 0.0 if not presses else ends_at - 0.55 * action.gap_s
        shape = smooth_step((since - begins_at) / on_s)
        presses.append(shape * (1.0 - smooth_step((since - ends_at + off_s) / off_s)))
    hz, phase = rng.uniform(2.0, 6.0), rng.uniform(0.0, 2.0 * math.pi)
    wobble = 1.0 + 0.2 * np.sin(2.0 * math.pi * hz * since + phase)
    wobble += 0.1 * np.sin(2.0 * math.pi * 2.3 * hz * since)
    envelope = np.max(np.stack(presses), axis=0)
    return np.asarray(press_g * wobble * envelope)


def _pick_ends(action: Action) -> list[float]:
    if action.manner == "double":
        return [action.hand_s - action.gap_s, action.hand_s]
    return [action.hand_s]


class Ringing:
    """Turns a force on one plate into the readings of every plate, on the sample grid.

    `rate_hz` is the converter's, whose reading is the mean over one conversion; forces come at
    `fine` times that rate. Frequencies above half the rate fold back as they do in the device.
    """

    def __init__(self, platforms: list[Platform], rate_hz: float) -> None:
        self.platforms = platforms
        self.rate_hz = rate_hz
        self.fine = max(2, math.ceil(640.0 / rate_hz))

    def grid(self, seconds: float) -> Floats:
        """Fine times in seconds since a sample."""
        steps = math.ceil(seconds * self.rate_hz) * self.fine
        return np.asarray(np.arange(steps) / (self.rate_hz * self.fine))

    def spectrum(self, force: Force) -> tuple[Spectrum, Floats]:
        """The force's spectrum as the converter averages it, and the frequencies in Hz.

        The force is held a little beyond its end and then dropped; the room behind that lets the
        drop ring out before the transform wraps around.
        """
        length = force.grams.size
        held = length + math.ceil(HOLD_S * self.rate_hz) * self.fine
        room = held + math.ceil(LONGEST_RING_S * self.rate_hz) * self.fine
        padded = np.zeros(1 << (room - 1).bit_length())
        padded[:length] = force.grams
        padded[length:held] = force.held_g
        fine_s = 1.0 / (self.rate_hz * self.fine)
        frequencies = np.fft.rfftfreq(padded.size, fine_s).astype(np.float64)
        averaged = np.fft.rfft(padded) * np.sinc(frequencies / self.rate_hz)
        return np.asarray(averaged, dtype=np.complex128), frequencies

    def readings(self, spectrum: Spectrum, length: int) -> Floats:
        """The samples within the first `length` fine steps."""
        return np.asarray(np.fft.irfft(spectrum)[: length : self.fine])
