"""A channel that stands still, reads its end, falls silent, or comes back at another zero.

What the boards of such shelves do in the field: a converter whose data-ready line is not watched
repeats its last value; a broken bridge wire drives it to the end of its 24 bits (an HX711 at gain
128 reads 20 mV; a cell of 1 mV/V on 5 V gives 5 mV at its capacity, so the end is four capacities
away); a plug comes loose or a board restarts, and what was disturbed meanwhile stays disturbed: the
zero is some grams off. How often is chosen, so that an hour of a dozen plates shows each kind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge_agent.simulation.chance import stream
from edge_agent.simulation.noise import Grams
from edge_agent.simulation.profiles import Profile

Kind = Literal["freeze", "saturation", "outage", "shift"]

PER_PLATE_AND_H = 0.06
LASTS_S: dict[Kind, tuple[float, float]] = {
    "freeze": (3.0, 300.0),
    "saturation": (0.5, 60.0),
    "outage": (2.0, 300.0),
    "shift": (1.0, 30.0),
}
CAPACITIES_TO_THE_END = 4.0
SHIFT_G = (2.0, 30.0)
# Of the outages, those of the whole board: its plug or its power.
WHOLE_BOARD = 0.25


@dataclass(slots=True)
class _Spell:
    """From sample `begin` to `end`; `grams` is what it reads, or by how much it is shifted."""

    kind: Kind
    plates: slice
    begin: int
    end: int
    grams: float


class ChannelFaults:
    """Faults of whole channels, the same however the samples are cut into blocks."""

    def __init__(
        self,
        seed: int,
        plates: int,
        rate_hz: float,
        profile: Profile,
        capacity_g: float,
        coarseness: float,
    ) -> None:
        self._rng = stream(seed, "channel faults")
        self._plates = plates
        self._rate_hz = rate_hz
        self._end_g = CAPACITIES_TO_THE_END * capacity_g
        self._coarseness = coarseness
        strengths: dict[Kind, float] = {
            "freeze": profile.freezes,
            "saturation": profile.saturation,
            "outage": profile.outages,
            "shift": profile.shifts,
        }
        per_sample = PER_PLATE_AND_H * plates / 3600.0 / rate_hz
        self._rates = {k: strength * per_sample for k, strength in strengths.items() if strength}
        self._next = {kind: self._pause(kind) for kind in self._rates}
        self._spells: list[_Spell] = []
        self._zero_g = np.zeros(plates, dtype=np.float32)
        self._shown_g = np.full(plates, np.nan, dtype=np.float32)

    def _pause(self, kind: Kind) -> float:
        return float(self._rng.exponential(1.0 / self._rates[kind]))

    def add(self, out: Grams, first: int) -> None:
        """Let `out` (plates, samples), whose first sample is number `first`, have its faults."""
        if not self._rates:
            return
        last = first + out.shape[1]
        while min(self._next.values()) < last:
            kind = min(self._next, key=lambda k: self._next[k])
            self._spells.append(self._spell(kind, math.ceil(self._next[kind])))
            self._next[kind] += self._pause(kind)
        out += self._zero_g[:, None]
        for spell in self._spells:
            self._apply(spell, out, first)
        self._spells = [spell for spell in self._spells if spell.end >= last]
        if out.shape[1]:
            self._shown_g = out[:, -1].copy()

    def _spell(self, kind: Kind, begin: int) -> _Spell:
        low_s, high_s = LASTS_S[kind]
        lasts_s = low_s * (high_s / low_s) ** float(self._rng.random())
        end = begin + max(1, round(lasts_s * self._rate_hz))
        plate = int(self._rng.integers(self._plates))
        sign = -1.0 if self._rng.random() < 0.5 else 1.0
        share = float(self._rng.random())
        plates = slice(plate, plate + 1)
        grams = math.nan
        if kind == "saturation":
            grams = sign * self._end_g
        elif kind == "shift":
            grams = sign * SHIFT_G[0] * (SHIFT_G[1] / SHIFT_G[0]) ** share * self._coarseness
        elif kind == "outage" and share < WHOLE_BOARD:
            plates = slice(0, self._plates)
        return _Spell(kind, plates, begin, end, grams)

    def _apply(self, spell: _Spell, out: Grams, first: int) -> None:
        begin, end = max(0, spell.begin - first), max(0, spell.end - first)
        rows = out[spell.plates]
        if spell.kind == "freeze":
            if spell.begin >= first and begin < rows.shape[1]:
                held = rows[0, begin - 1] if begin else self._shown_g[spell.plates][0]
                spell.grams = float(held)
            rows[:, begin:end] = spell.grams
        elif spell.kind == "saturation":
            rows[:, begin:end] = spell.grams
        else:
            rows[:, begin:end] = np.nan
        if spell.kind == "shift" and end < rows.shape[1]:
            rows[:, end:] += np.float32(spell.grams)
            self._zero_g[spell.plates] += np.float32(spell.grams)
            # It is in the zero from here on.
            spell.end, spell.kind = first, "outage"
