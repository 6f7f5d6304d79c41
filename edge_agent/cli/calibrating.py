"""Calibrating and taring: be led through it, check, write the settings, tell the agent."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.cli.calibration_course import Course
from edge_agent.cli.console import note
from edge_agent.cli.readings import open_readings, plate_of
from edge_agent.control_client import ask
from edge_agent.errors import AgentNotRunning, SettingsError, UsageError
from edge_agent.settings import PlateSettings, Settings
from edge_agent.settings_edit import Value, set_values
from edge_agent.settings_file import find_settings, find_state, load_settings
from edge_agent.weighing.calibration import is_load
from edge_agent.weighing.calibration import tare as zero_of

# A plate that was never calibrated has this many counts a gram.
UNCALIBRATED = 1.0
# A class C3 cell is right to about 0.02 % (OIML R 60): this is a wrong mass, or another cell.
OTHER_SCALE = 0.005


@dataclass(frozen=True, slots=True)
class _Place:
    """What one calibration is about: the plate, and the files and folders around it."""

    settings_path: Path
    state: Path
    settings: Settings
    plate: PlateSettings


def calibrate_plate(
    plate_id: str,
    masses_g: Sequence[float],
    seconds: float,
    wait_s: float,
    with_return: bool,
    yes: bool,
    config: Path | None,
    state: Path | None,
) -> dict[str, Any]:
    """Calibrate one plate and return what was found and written.

    Raises UsageError, SettingsError, ScaleError, and CalibrationError where a reading is no good.
    """
    _check_masses(masses_g)
    place = _place(plate_id, yes, config, state)
    for mass_g in masses_g:
        if mass_g > place.plate.capacity_g:
            raise UsageError(
                f"--mass {mass_g:g} g is more than plate {plate_id} may bear "
                f"({place.plate.capacity_g:g} g). Use a lighter mass, or correct its capacity_g."
            )
    with open_readings(place.settings, place.state) as readings:
        done = Course(readings, place.plate, seconds, wait_s, yes).run(masses_g, with_return)
    found = done.found
    zero, per_g = round(found.zero_counts, 2), float(f"{found.counts_per_g:.7g}")
    _write(place, zero, per_g)
    _note_other_scale(place.plate, per_g, masses_g[0])
    return {
        "plate": plate_id,
        "zero_counts": zero,
        "counts_per_g": per_g,
        "noise_g": round(found.noise_g, 4),
        "relative_error": round(found.relative_error, 6),
        "nonlinear_g": _rounded(done.nonlinear_g),
        "return_g": _rounded(done.return_g),
        "file": str(place.settings_path),
    }


def _check_masses(masses_g: Sequence[float]) -> None:
    for mass_g in masses_g:
        if not (math.isfinite(mass_g) and mass_g > 0):
            raise UsageError(
                f"--mass is {mass_g:g} g. Give the grams of a known weight, as --mass 500"
            )


def tare_plate(
    plate_id: str, seconds: float, yes: bool, config: Path | None, state: Path | None
) -> dict[str, Any]:
    """Zero one plate and return what was written; errors as `calibrate_plate`."""
    place = _place(plate_id, yes, config, state)
    with open_readings(place.settings, place.state) as readings:
        empty = Course(readings, place.plate, seconds, 0.0, yes).empty()
    zero = round(zero_of(empty), 2)
    plate = place.plate
    moved_g = (zero - plate.zero_counts) / plate.counts_per_g
    _write(place, zero, plate.counts_per_g, tare_only=True)
    _note_load(place, moved_g)
    return {
        "plate": plate_id,
        "zero_counts": zero,
        "moved_g": round(moved_g, 3),
        "file": str(place.settings_path),
    }


def _note_other_scale(plate: PlateSettings, per_g: float, mass_g: float) -> None:
    """Say so where a plate that was calibrated is calibrated to something else: a cell ages by less
    than a wrong mass does."""
    other = plate.counts_per_g / per_g - 1.0
    if plate.counts_per_g != UNCALIBRATED and abs(other) > OTHER_SCALE:
        note(
            f"Plate {plate.id} had counts_per_g = {plate.counts_per_g:g}: it weighs "
            f"{100 * abs(other):.1f} % {'more' if other > 0 else 'less'} from now on. Cells hardly "
            f"change; make sure that {mass_g:g} g stood on it, and nothing else before."
        )


def _note_load(place: _Place, moved_g: float) -> None:
    """Say so where a plate that is tared weighed as much as goods do."""
    plate = place.plate
    weights = (p.weight_g for p in place.settings.product if p.sku in plate.products)
    lightest_g = min((weight_g for weight_g in weights if weight_g), default=0.0)
    if plate.counts_per_g != UNCALIBRATED and is_load(moved_g, lightest_g):
        note(
            f"By its old zero plate {plate.id} weighed {moved_g:.1f} g, as goods do. If anything "
            "stood on it, take everything off and tare it again."
        )


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


def _rounded(grams: float | None) -> float | None:
    return None if grams is None else round(grams, 3)


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
