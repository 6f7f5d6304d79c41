"""`edge-agent products learn`: what a product weighs, and how it looks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.cli.console import print_json, say
from edge_agent.cli.options import AsJson, Config, State, Yes


def register(products: typer.Typer) -> None:
    """Add the command to the group `products`."""
    products.command(epilog="Example: edge-agent products learn 6901028075831 --units 5")(learn)


_Sku = Annotated[
    str | None,
    typer.Argument(help="The EAN-13, or the operator's own code; else its barcode is read."),
]
_Where = Annotated[
    str | None, typer.Option("--plate", help="Where the units are put; else where it belongs.")
]
_Units = Annotated[int, typer.Option("--units", min=1, max=50, help="How many are put.")]
_Name = Annotated[str | None, typer.Option("--name", help="Of a new product: what it is called.")]
_Price = Annotated[int | None, typer.Option("--price", min=0, help="…and costs, in minor units.")]
_Wait = Annotated[
    float, typer.Option("--wait", min=1, max=600, help="Seconds to wait for the next unit.")
]
_Pictures = Annotated[
    list[Path] | None,
    typer.Option("--pictures", metavar="FILE…", help="Learn how it looks from these instead."),
]
_NoPictures = Annotated[
    bool, typer.Option("--no-pictures", help="Only weigh, though a camera sees the plate.")
]
_More = Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="More of --pictures.")]
_Reset = Annotated[bool, typer.Option("--reset", help="Forget what its sales taught instead.")]


def learn(
    sku: _Sku = None,
    more: _More = None,
    pictures: _Pictures = None,
    plate: _Where = None,
    units: _Units = 3,
    name: _Name = None,
    price: _Price = None,
    wait: _Wait = 30.0,
    no_pictures: _NoPictures = False,
    reset: _Reset = False,
    yes: Yes = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Learn what a product weighs from units put on a plate one by one, and how it looks.

    Mean weight and spread go into the settings, and to the running agent. What is already on the
    plate may stay; put the units on one by one, for two at once and other odd ones do not count.

    Without SKU hold the product's barcode before the camera; a new one needs --name and --price.

    Where the camera sees the plate (`camera aim`), a picture is taken of each unit, and of one that
    is turned and put down again. In the end it says what neither weight nor picture tells from it.

    With --pictures FILE… nothing is weighed: these pictures, photographs with the product in the
    middle or cut-outs, are what it is recognised by from now on, too.
    """
    if sku is None:
        sku = _scanned(wait, config, state)
    if pictures or more:
        _learn_pictures(sku, pictures, more, name, price, config, state, as_json)
    elif reset:
        _forget(sku, state, as_json)
    else:
        course = (units, wait, yes or not sys.stdin.isatty(), not no_pictures)
        _learn_units(sku, plate, course, name, price, config, state, as_json)


def _scanned(wait_s: float, config: Path | None, state: Path | None) -> str:
    from edge_agent.cli.learning_scan import scan_sku

    return scan_sku(wait_s, config, state)


def _forget(sku: str, state: Path | None, as_json: bool) -> None:
    from edge_agent.cli.learning import forget_learned, said

    _tell(forget_learned(sku, state), said, as_json=as_json)


def _learn_units(
    sku: str,
    plate: str | None,
    course: tuple[int, float, bool, bool],
    name: str | None,
    price: int | None,
    config: Path | None,
    state: Path | None,
    as_json: bool,
) -> None:
    from edge_agent.cli.learning import learn_product, said
    from edge_agent.cli.learning_course import Course

    done = learn_product(sku, plate, Course(*course), name, price, config, state)
    _tell(done, said, as_json=as_json)


def _learn_pictures(
    sku: str,
    pictures: list[Path] | None,
    more: list[Path] | None,
    name: str | None,
    price: int | None,
    config: Path | None,
    state: Path | None,
    as_json: bool,
) -> None:
    from edge_agent.cli.learning_pictures import learn_pictures, said_pictures
    from edge_agent.errors import UsageError

    if not pictures:
        raise UsageError(
            f"What is {(more or [])[0]}? Pictures follow --pictures; SKUs are learned one by one."
        )
    done = learn_pictures(sku, [*pictures, *(more or [])], name, price, config, state)
    _tell(done, said_pictures, as_json=as_json)


def _tell(
    done: dict[str, Any], sentence: Callable[[dict[str, Any]], str], *, as_json: bool
) -> None:
    if as_json:
        print_json(done)
    else:
        say(sentence(done))
