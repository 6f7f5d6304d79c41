"""The course of a calibration: what to put where, in turn, and what the plate reads then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import typer

from edge_agent.cli.console import note
from edge_agent.cli.readings import FloatArray, Readings
from edge_agent.errors import CalibrationError
from edge_agent.settings import PlateSettings
from edge_agent.weighing.calibration import (
    Calibration,
    PlateMoved,
    check_linear,
    check_return,
    is_plausible,
)
from edge_agent.weighing.calibration import calibrate as fit
from edge_agent.weighing.calibration import tare as zero_of

Found = TypeVar("Found")

# A load that is to be noticed by itself must stand clear of noise and of a slow drift.
NOTICED_NOISES = 20
STEP_S = 0.5
# Nearer to zero than this share of the mass: it was taken off.
TAKEN_OFF_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a course found; None where it was not asked for."""

    found: Calibration
    nonlinear_g: float | None
    return_g: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """Readings of one plate, each `seconds` long; with `yes` nothing is asked, loads are noticed.

    Raises ScaleError where no samples come, CalibrationError where a reading is no good.
    """

    readings: Readings
    plate: PlateSettings
    seconds: float
    wait_s: float
    yes: bool

    def run(self, masses_g: Sequence[float], with_return: bool) -> Outcome:
        """Calibrate with the first mass, and check with the others and with nothing again."""
        first_g, *others_g = masses_g
        empty = self.empty()
        found = self._first(first_g, empty)
        deviations = [self._other(mass_g, found, first_g) for mass_g in others_g]
        return_g = self._unloaded(found, masses_g[-1]) if with_return else None
        return Outcome(found, max(deviations, key=abs, default=None), return_g)

    def empty(self) -> FloatArray:
        """Counts of the plate with nothing on it, still."""
        prompt(self.yes, f"Take everything off plate {self.plate.id}")
        counts = self._read("empty")
        zero_of(counts)
        return counts

    def _first(self, mass_g: float, empty: FloatArray) -> Calibration:
        return self._after(
            f"Put {mass_g:g} g on plate {self.plate.id}, in its middle",
            lambda now: _is_loaded(empty, now),
            lambda: fit(empty, self._read("loaded"), mass_g),
            passing=CalibrationError,
        )

    def _other(self, mass_g: float, found: Calibration, span_g: float) -> float:
        return self._after(
            f"Now put {mass_g:g} g in its place",
            lambda now: is_plausible(found, now, mass_g),
            lambda: check_linear(found, [(mass_g, self._read(f"with {mass_g:g} g"))], span_g),
        )

    def _unloaded(self, found: Calibration, last_g: float) -> float:
        return self._after(
            f"Take everything off plate {self.plate.id} again",
            lambda now: abs(_median_g(found, now)) < TAKEN_OFF_SHARE * last_g,
            lambda: check_return(found, self._read("empty again"), last_g),
        )

    def _read(self, what: str) -> FloatArray:
        note(f"Reading plate {self.plate.id}, {what}, for {self.seconds:g} s …")
        return self.readings.counts(self.plate, self.seconds)

    def _after(
        self,
        request: str,
        is_done: Callable[[FloatArray], bool],
        read: Callable[[], Found],
        passing: type[CalibrationError] = PlateMoved,
    ) -> Found:
        """Ask for something, and read when it is done.

        With `yes` it is noticed by itself, and a `passing` error is no last word before the time
        is over.
        """
        if not self.yes:
            prompt(False, request)
            return read()
        note(f"{request}; it is noticed by itself.")
        deadline = time.monotonic() + self.wait_s
        while True:
            if is_done(self.readings.counts(self.plate, STEP_S)):
                try:
                    return read()
                except passing as error:
                    if time.monotonic() >= deadline:
                        raise
                    note(f"{error}. Trying again.")
            if time.monotonic() >= deadline:
                raise self._in_vain(request)

    def _in_vain(self, request: str) -> CalibrationError:
        plate = self.plate.id
        if request.startswith("Take"):
            return CalibrationError(
                f"Plate {plate} was not emptied within {self.wait_s:g} s, or its reading stays up: "
                "free what binds it, then try again."
            )
        return CalibrationError(
            f"No load was noticed on plate {plate} within {self.wait_s:g} s ({request}). Check "
            "that the mass stands on this plate and that its channel is the right one, then try "
            "again."
        )


def prompt(yes: bool, what: str) -> None:
    """Ask for something to be done, and wait for Enter unless nothing is to be asked."""
    if yes:
        note(f"{what}.")
        return
    typer.prompt(f"{what}, then press Enter", default="", show_default=False, err=True)


def _is_loaded(empty: FloatArray, now: FloatArray) -> bool:
    before, after = empty[np.isfinite(empty)], now[np.isfinite(now)]
    if not len(after):
        return False
    noise = max(float(np.std(before)), 0.3)
    return abs(float(np.median(after)) - float(np.median(before))) > NOTICED_NOISES * noise


def _median_g(found: Calibration, now: FloatArray) -> float:
    """Grams of a few samples; infinite where there are none."""
    known = now[np.isfinite(now)]
    if not len(known):
        return float("inf")
    return (float(np.median(known)) - found.zero_counts) / found.counts_per_g
