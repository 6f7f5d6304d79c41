"""`products recognise`: which taught product each picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import note, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.cli.progress import Progress
from edge_agent.errors import CameraError, UsageError

if TYPE_CHECKING:
    from edge_agent.vision.seen import Recogniser

SHOWN = 3


def register(products: typer.Typer) -> None:
    """Add the command to the group `products`."""
    products.command(epilog="Example: edge-agent products recognise photo.jpg --among cola,water")(
        recognise
    )


def recognise(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE…", help="Files of one thing.")],
    among: Annotated[
        list[str] | None,
        typer.Option("--among", metavar="SKU,…", help="Only these products; else all taught."),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Tell which taught product each picture shows.

    A likelihood of 10 means: ten times as probable a picture if it is this product than if it is
    something else. Where no product stands out, it cannot tell, and says so. Exit status 1 where a
    picture cannot be read.
    """
    from edge_agent.settings_file import find_settings, find_state, load_settings
    from edge_agent.vision.features.gallery import Gallery
    from edge_agent.vision.features.recogniser import FeaturesRecogniser

    settings = load_settings(find_settings(config), hardware=False)
    gallery = Gallery(find_state(state))
    names = {product.sku: product.name for product in settings.product}
    compared = _compared(among, gallery.skus(), names)
    unread = 0
    with Progress("Recognising") as progress:
        for count, picture in enumerate(pictures):
            progress(count / len(pictures))
            found = _found(FeaturesRecogniser(gallery), picture, compared)
            unread += found is None
            if as_json:
                print_json({"picture": str(picture), **(found or {"ranking": [], "answer": None})})
            elif found is not None:
                _show(picture, found, names, alone=len(pictures) == 1)
    for file in gallery.damaged:
        note(f"warning: {file} is damaged and was left out. Delete it, and teach the product anew.")
    return 1 if unread else 0


def _found(recogniser: Recogniser, picture: Path, compared: Sequence[str]) -> dict[str, Any] | None:
    """What a picture shows; None where it cannot be read, which is said."""
    from edge_agent.vision.picture_files import read_cut_out

    try:
        image, mask = read_cut_out(picture)
    except CameraError as error:
        note(f"error: {error}")
        return None
    recognition = recogniser.recognise(image, mask, compared)
    ranking = [{"sku": sku, "likelihood": told} for sku, told in recognition.ranking]
    return {"ranking": ranking, "answer": recognition.answer}


def _compared(among: Sequence[str] | None, taught: list[str], names: dict[str, str]) -> list[str]:
    """The products to compare with; UsageError where there is none to compare with."""
    if not taught:
        raise UsageError(
            "No product has pictures yet. Teach some: edge-agent products learn SKU --pictures FILE"
        )
    if among is None:
        return taught
    asked = [sku for part in among for sku in part.split(",") if sku]
    unknown = [sku for sku in asked if sku not in names and sku not in taught]
    if unknown or not asked:
        raise UsageError(
            f"--among names {', '.join(unknown) or 'nothing'}, which is no product. Taught are: "
            f"{', '.join(taught)}"
        )
    untaught = [sku for sku in asked if sku not in taught]
    if len(untaught) == len(asked):
        raise UsageError(
            f"None of {', '.join(asked)} has pictures. Teach them: edge-agent products learn "
            f"{asked[0]} --pictures FILE"
        )
    if untaught:
        note(f"warning: without taught pictures, so never found: {', '.join(untaught)}")
    return [sku for sku in asked if sku in taught]


def _show(picture: Path, found: dict[str, Any], names: dict[str, str], *, alone: bool) -> None:
    answer = found["answer"]
    said = "cannot tell" if answer is None else f"{names.get(answer, answer)} ({answer})"
    say(f"{picture}: {said}")
    if alone or answer is None:
        ranking = found["ranking"] if alone else found["ranking"][:SHOWN]
        print_table(
            ("sku", "name", "likelihood>"),
            [(r["sku"], names.get(r["sku"], ""), f"{r['likelihood']:.3g}") for r in ranking],
            "Nothing to compare with.",
        )
