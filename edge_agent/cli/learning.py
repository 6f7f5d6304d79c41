"""`products learn`: be led through putting units on a plate, and write what they weigh."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from edge_agent.cli.calibration_course import prompt
from edge_agent.cli.console import note
from edge_agent.cli.learning_course import Course, Units, no_good, weigh_units
from edge_agent.cli.lesson import Lesson, open_lesson, product_with
from edge_agent.cli.readings import open_readings
from edge_agent.cli.unit_watch import UnitWatch
from edge_agent.control_client import AgentRefused, ask
from edge_agent.errors import AgentNotRunning, LearningError
from edge_agent.ledger import catalogue_of
from edge_agent.settings_edit import add_product, set_value, set_values
from edge_agent.settings_file import find_state
from edge_agent.shelf.teaching import Taught, alike_by_weight, teach_from

if TYPE_CHECKING:
    from edge_agent.cli.learning_views import TakenView, Views

# Farther than this share from what the settings say: worth a word.
NEWS_SHARE = 0.03


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
    lesson = open_lesson(sku, plate_id, name, price, config, state)
    units, taken = _weigh(lesson, course)
    sigma_g = max(units.sigmas_g)
    taught = teach_from(units.weights_g, sigma_g)
    if taught is None:
        raise LearningError(no_good(lesson.plate.id, units.weights_g))
    alike = _alike(lesson, taught, sigma_g)
    # Where there are pictures they have a word in what can be told apart, once they are kept.
    for warning in _warnings(lesson, taught, [] if taken else alike):
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
        **_keep_pictures(lesson, units, taken, alike),
    }


def _weigh(lesson: Lesson, course: Course) -> tuple[Units, list[TakenView]]:
    """Weigh units where the agent, if one runs, knows that they are no visit's; see them, too."""
    with _restock(lesson.state) as begun:
        with open_readings(lesson.settings, lesson.state) as readings, _views(lesson, course) as v:
            watch = UnitWatch(readings, lesson.plate)
            units = weigh_units(watch, lesson.plate.id, lesson.name, course, v)
        if begun:
            # What leaves once the restock is over would be a visit, and nobody pays for it.
            prompt(course.yes, "Take the units off now, or leave them there as stock")
    return units, v.taken if v is not None else []


def _views(lesson: Lesson, course: Course) -> AbstractContextManager[Views | None]:
    """The plate through its camera, where it has one and pictures are wanted."""
    if not (course.pictures and lesson.settings.camera and lesson.plate.region):
        return nullcontext()
    from edge_agent.cli.learning_views import open_views

    return open_views(lesson.settings, lesson.state, lesson.plate)


def _keep_pictures(
    lesson: Lesson, units: Units, taken: list[TakenView], alike: list[dict[str, Any]]
) -> dict[str, Any]:
    """Keep the pictures that were taken, if any, and tell what they are good for."""
    if not taken:
        return {}
    from edge_agent.cli.learning_check import check_by_both
    from edge_agent.cli.learning_views import keep_views
    from edge_agent.vision.features.gallery import Gallery

    gallery = Gallery(lesson.state)
    added = keep_views(gallery, lesson.sku, taken, units.alike_g())
    return {
        "pictures": [str(file) for file in gallery.pictures(lesson.sku)],
        "added": len(added),
        "looks_alike": check_by_both(
            gallery, lesson.settings, lesson.sku, lesson.name, [other["sku"] for other in alike]
        ),
    }


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


def _alike(lesson: Lesson, taught: Taught, sigma_g: float) -> list[dict[str, Any]]:
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


def _warnings(lesson: Lesson, taught: Taught, alike: list[dict[str, Any]]) -> Iterator[str]:
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


def _write(lesson: Lesson, taught: Taught, price: int | None) -> bool | None:
    """Write the settings and tell the agent; whether it uses the weight, None: none runs."""
    path, sku = lesson.settings_path, lesson.sku
    if lesson.known is None:
        product = product_with(sku, lesson.name, price or 0, taught.weight_g, taught.sd_g)
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
        f"Written to {done['file']}.{_said_pictures(done)}"
    )


def _said_pictures(done: dict[str, Any]) -> str:
    if "pictures" not in done:
        return ""
    count = len(done["pictures"])
    pictures = "one picture" if count == 1 else f"{count} pictures"
    return f" It is known by {pictures}; {done['added']} new."
