"""Guided calibration and taring: read, check, write the settings, tell the agent."""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from edge_agent.cli.console import note
from edge_agent.cli.readings import FloatArray, Readings, open_readings, plate_of
from edge_agent.control_client import ask
from edge_agent.errors import AgentNotRunning, CalibrationError, SettingsError, UsageError
from edge_agent.settings import PlateSettings, Settings
from edge_agent.settings_edit import Value, set_values
from edge_agent.settings_file import find_settings, find_state, load_settings
from edge_agent.weighing.calibration import Calibration
from edge_agent.weighing.calibration import calibrate as fit
from edge_agent.weighing.calibration import tare as zero_of

# A load that is to be noticed by itself must stand clear of noise and of a slow drift.
NOTICED_NOISES = 20
STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class _Place:
    """What one calibration is about: the plate, and the files and folders around it."""

    settings_path: Path
    state: Path
    settings: Settings
    plate: PlateSettings


def calibrate_plate(
    plate_id: str,
    mass_g: float,
    seconds: float,
    wait_s: float,
    yes: bool,
    config: Path | None,
    state: Path | None,
) -> dict[str, Any]:
    """Calibrate one plate and return what was found and written.

    Raises UsageError, SettingsError, ScaleError, and CalibrationError where a reading is no good.
    """
    if not (math.isfinite(mass_g) and mass_g > 0):
        raise UsageError(f"--mass is {mass_g:g} g. Give the grams of a known weight, as --mass 500")
    place = _place(plate_id, yes, config, state)
    if mass_g > place.plate.capacity_g:
        raise UsageError(
            f"--mass {mass_g:g} g is more than plate {plate_id} may bear "
            f"({place.plate.capacity_g:g} g). Use a lighter mass, or correct its capacity_g."
        )
    with open_readings(place.settings, place.state) as readings:
        _prompt(yes, f"Take everything off plate {plate_id}")
        empty = _read(readings, place.plate, seconds, "empty")
        zero_of(empty)
        if yes:
            found = _wait_for_load(readings, place.plate, empty, mass_g, seconds, wait_s)
        else:
            _prompt(yes, f"Put {mass_g:g} g on plate {plate_id}, in its middle")
            found = fit(empty, _read(readings, place.plate, seconds, "loaded"), mass_g)
    zero, per_g = round(found.zero_counts, 2), float(f"{found.counts_per_g:.7g}")
    _write(place, zero, per_g)
    return {
        "plate": plate_id,
        "zero_counts": zero,
        "counts_per_g": per_g,
        "noise_g": round(found.noise_g, 4),
        "relative_error": round(found.relative_error, 6),
        "file": str(place.settings_path),
    }


def tare_plate(
    plate_id: str, seconds: float, yes: bool, config: Path | None, state: Path | None
) -> dict[str, Any]:
    """Zero one plate and return what was written; errors as `calibrate_plate`."""
    place = _place(plate_id, yes, config, state)
    with open_readings(place.settings, place.state) as readings:
        _prompt(yes, f"Take everything off plate {plate_id}")
        zero = round(zero_of(_read(readings, place.plate, seconds, "empty")), 2)
    plate = place.plate
    _write(place, zero, plate.counts_per_g, tare_only=True)
    return {
        "plate": plate_id,
        "zero_counts": zero,
        "moved_g": round((zero - plate.zero_counts) / plate.counts_per_g, 3),
        "file": str(place.settings_path),
    }


def _place(plate_id: str, yes: bool, config: Path | None, state: Path | None) -> _Place:
    """Check all that can be checked before anyone carries weights about."""
    path = find_settings(config)
    settings = load_settings(path)
    plate = plate_of(settings, plate_id)
    folder = path.resolve().parent
    if not os.access(folder, os.W_OK):
        raise SettingsError(
            f"Cannot write {path}: no permission for the folder {folder}. "
            "Run this command as a user who may write there (`sudo edge-agent …`)."
        )
    if not yes and not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on. Add --yes to go on without questions.")
    return _Place(path, find_state(state), settings, plate)


def _prompt(yes: bool, what: str) -> None:
    if yes:
        note(f"{what}.")
        return
    typer.prompt(f"{what}, then press Enter", default="", show_default=False, err=True)


def _read(readings: Readings, plate: PlateSettings, seconds: float, what: str) -> FloatArray:
    note(f"Reading plate {plate.id}, {what}, for {seconds:g} s …")
    return readings.counts(plate, seconds)


def _wait_for_load(
    readings: Readings,
    plate: PlateSettings,
    empty: FloatArray,
    mass_g: float,
    seconds: float,
    wait_s: float,
) -> Calibration:
    """Wait until something stands still on the plate, and fit from that."""
    note(f"Put {mass_g:g} g on plate {plate.id}, in its middle; it is noticed by itself.")
    deadline = time.monotonic() + wait_s
    while True:
        if _is_loaded(empty, readings.counts(plate, STEP_S)):
            try:
                return fit(empty, _read(readings, plate, seconds, "loaded"), mass_g)
            except CalibrationError as error:
                if time.monotonic() >= deadline:
                    raise
                note(f"{error}. Trying again.")
        if time.monotonic() >= deadline:
            raise CalibrationError(
                f"No load was noticed on plate {plate.id} within {wait_s:g} s. Check that the mass "
                "stands on this plate and that its channel is the right one, then try again."
            )


def _is_loaded(empty: FloatArray, now: FloatArray) -> bool:
    before, after = empty[np.isfinite(empty)], now[np.isfinite(now)]
    if not len(after):
        return False
    noise = max(float(np.std(before)), 0.3)
    return abs(float(np.median(after)) - float(np.median(before))) > NOTICED_NOISES * noise


def _write(place: _Place, zero: float, per_g: float, tare_only: bool = False) -> None:
    key = f"plate.{place.plate.id}"
    values: dict[str, Value] = {f"{key}.zero_counts": zero}
    if not tare_only:
        values[f"{key}.counts_per_g"] = per_g
    set_values(place.settings_path, values)
    try:
        ask(
            place.state,
            {
                "ask": "calibrated",
                "plate": place.plate.id,
                "zero_counts": zero,
                "counts_per_g": per_g,
            },
        )
    except AgentNotRunning:
        note("No agent runs; it will use the new values when it starts.")
