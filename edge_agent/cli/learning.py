"""`products learn`: be led through putting units on a plate, and write what they weigh."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from edge_agent.cli.calibration_course import prompt
from edge_agent.cli.console import note
from edge_agent.cli.learning_course import Course, no_good, weigh_units
from edge_agent.cli.readings import open_readings, plate_of
from edge_agent.cli.unit_watch import UnitWatch
from edge_agent.control_client import AgentRefused, ask
from edge_agent.errors import AgentNotRunning, LearningError, SettingsError, UsageError
from edge_agent.ledger import catalogue_of
from edge_agent.settings import PlateSettings, ProductSettings, Settings
from edge_agent.settings_edit import add_product, set_value, set_values
from edge_agent.settings_file import find_settings, find_state, load_settings
from edge_agent.shelf.teaching import Taught, alike_by_weight, teach_from

# Farther than this share from what the settings say: worth a word.
NEWS_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What is to be learned where; `known` is the product as the settings have it, if they do."""

    settings_path: Path
    state: Path
    settings: Settings
    plate: PlateSettings
    sku: str
    name: str
    known: ProductSettings | None


def learn_product(
    sku: str,
    plate_id: str | None,
    course: Course,
    name: str | None,
    price: int | None,
    config: Path | None,
    state: Path | None,
) -> dict[str, Any]:
    """Weigh units of a product and return what was found and written.

    Raises UsageError, SettingsError, ScaleError, and LearningError where the units are no good.
    """
    lesson = _lesson(sku, plate_id, name, price, config, state)
    weights_g, sigma_g = _weigh(lesson, course)
    taught = teach_from(weights_g, sigma_g)
    if taught is None:
        raise LearningError(no_good(lesson.plate.id, weights_g))
    alike = _alike(lesson, taught, sigma_g)
    for warning in _warnings(lesson, taught, alike):
        note(f"warning: {warning}")
    if not course.yes:
        said = f"{taught.weight_g:g} g ± {taught.sd_g:g} g"
        typer.confirm(f"Write {said} for {lesson.name}?", default=True, abort=True, err=True)
    in_use = _write(lesson, taught, price)
    return {
        "sku": sku,
        "name": lesson.name,
        "plate": lesson.plate.id,
        "weight_g": taught.weight_g,
        "weight_sd_g": taught.sd_g,
        "units": taught.units,
        "odd_g": [round(g, 1) for g in taught.odd_g],
        "alike": alike,
        "in_use": in_use,
        "file": str(lesson.settings_path),
    }


def _weigh(lesson: _Lesson, course: Course) -> tuple[list[float], float]:
    """Weigh units where the agent, if one runs, knows that they are no visit's."""
    with _restock(lesson.state) as begun:
        with open_readings(lesson.settings, lesson.state) as readings:
            watch = UnitWatch(readings, lesson.plate)
            weighed = weigh_units(watch, lesson.plate.id, lesson.name, course)
        if begun:
            # What leaves once the restock is over would be a visit, and nobody pays for it.
            prompt(course.yes, "Take the units off now, or leave them there as stock")
    return weighed


def _lesson(
    sku: str,
    plate_id: str | None,
    name: str | None,
    price: int | None,
    config: Path | None,
    state: Path | None,
) -> _Lesson:
    """Check all that can be checked before anyone carries goods about."""
    path = find_settings(config)
    settings = load_settings(path)
    known = next((p for p in settings.product if p.sku == sku), None)
    if known is None and (name is None or price is None):
        raise UsageError(
            f"{path} has no product {sku!r}. Add --name and --price to learn it as a new one, or "
            "see `edge-agent products list`."
        )
    folder = path.resolve().parent
    if not os.access(folder, os.W_OK):
        raise SettingsError(
            f"Cannot write {path}: no permission for the folder {folder}. "
            "Run this command as a user who may write there (`sudo edge-agent …`)."
        )
    if name is not None and price is not None:
        _product(sku, name, price, 1.0, 1.0)
    plate = plate_of(settings, plate_id) if plate_id is not None else _home(settings, sku)
    told = name or (known.name if known else sku)
    return _Lesson(path, find_state(state), settings, plate, sku, told, known)


def _product(
    sku: str, name: str, price: int, weight_g: float, weight_sd_g: float
) -> ProductSettings:
    """A product with these figures; UsageError where the settings would not take it."""
    try:
        return ProductSettings(
            sku=sku, name=name, price=price, weight_g=weight_g, weight_sd_g=weight_sd_g
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{first['loc'][0]} is {first['input']!r}: {first['msg']}. Correct it and try again."
        ) from error


def _home(settings: Settings, sku: str) -> PlateSettings:
    """The one weighed plate where the product belongs, or the only one there is."""
    weighed = [p for p in settings.plate if p.is_weighed]
    homes = [p for p in weighed if sku in p.products] or weighed
    if len(homes) == 1:
        return homes[0]
    names = ", ".join(p.id for p in homes) or "none is weighed"
    raise UsageError(f"Which plate will the units be put on? Add --plate with one of: {names}")


@contextmanager
def _restock(state: Path) -> Iterator[bool]:
    """Let a running agent take what happens for a restock, or it would be visits and losses.

    Yields whether one was begun for this.
    """
    begun = False
    try:
        ask(state, {"ask": "restock", "state": "started"})
        begun = True
    except AgentNotRunning:
        note("No agent runs; the scale is read directly.")
    except AgentRefused:
        note("A restock runs already, and goes on afterwards.")
    try:
        yield begun
    finally:
        if begun:
            try:
                ask(state, {"ask": "restock", "state": "finished"})
            except AgentNotRunning:
                note("The agent has stopped meanwhile. When it runs: edge-agent restock finish")


def _alike(lesson: _Lesson, taught: Taught, sigma_g: float) -> list[dict[str, Any]]:
    others = [p for s, p in catalogue_of(lesson.settings).products.items() if s != lesson.sku]
    return [
        {
            "sku": other.sku,
            "name": other.name,
            "weight_g": other.weight_g,
            "plates": [p.id for p in lesson.settings.plate if other.sku in p.products],
        }
        for other in alike_by_weight(taught.weight_g, taught.sd_g, sigma_g, others)
    ]


def _warnings(lesson: _Lesson, taught: Taught, alike: list[dict[str, Any]]) -> Iterator[str]:
    known_g = lesson.known.weight_g if lesson.known else None
    if known_g and abs(taught.weight_g - known_g) > NEWS_SHARE * known_g:
        yield (
            f"the settings say {known_g:g} g, the units weigh {taught.weight_g:g} g: "
            "a new package size, or another product?"
        )
    for other in alike:
        where = f" (plate {', '.join(other['plates'])})" if other["plates"] else ""
        yield (
            f"weight alone cannot tell it from {other['name']}, {other['weight_g']:g} g{where}: "
            "keep them on different plates"
        )
    if taught.units == 1:
        yield "one unit says little of the spread; three or more are better"


def _write(lesson: _Lesson, taught: Taught, price: int | None) -> bool | None:
    """Write the settings and tell the agent; whether it uses the weight, None: none runs."""
    path, sku = lesson.settings_path, lesson.sku
    if lesson.known is None:
        product = _product(sku, lesson.name, price or 0, taught.weight_g, taught.sd_g)
        add_product(path, product)
        if sku not in lesson.plate.products:
            set_value(path, f"plate.{lesson.plate.id}.products", [*lesson.plate.products, sku])
    else:
        figures = {"weight_g": taught.weight_g, "weight_sd_g": taught.sd_g}
        set_values(path, {f"product.{sku}.{key}": value for key, value in figures.items()})
        product = lesson.known.model_copy(update=figures)
    request = {"ask": "taught", **product.model_dump(mode="json"), "plate": lesson.plate.id}
    if lesson.known is not None:
        request["plate"] = None
    try:
        answer = ask(lesson.state, request)
    except AgentNotRunning:
        return None
    if answer["catalogue"]:
        note(
            f"The agent uses the new weight now, but its products come from the cloud (catalogue "
            f"{answer['catalogue']}): tell the operator, or the next catalogue brings the old one."
        )
    return True


def forget_learned(sku: str, state: Path | None) -> dict[str, Any]:
    """Let the running agent forget what a product's sales taught; AgentNotRunning without one."""
    ask(find_state(state), {"ask": "forget-learned", "sku": sku})
    return {"sku": sku, "forgotten": True}


def said(done: dict[str, Any]) -> str:
    """The outcome of either as a sentence."""
    if "forgotten" in done:
        return f"What the sales of {done['sku']} taught is forgotten; the settings' weight counts."
    units = "one unit" if done["units"] == 1 else f"{done['units']} units"
    return (
        f"{done['name']} weighs {done['weight_g']:g} g ± {done['weight_sd_g']:g} g, from {units}. "
        f"Written to {done['file']}."
    )
