"""`edge-agent products learn`: what a product weighs, and how it looks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.console import print_json, say
from edge_agent.cli.options import AsJson, Config, State, Yes


def register(products: typer.Typer) -> None:
    """Add the command to the group `products`."""
    products.command(epilog="Example: edge-agent products learn 6901028075831 --units 5")(learn)


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
_More = Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="More of --pictures.")]
_Reset = Annotated[bool, typer.Option("--reset", help="Forget what its sales taught instead.")]


def learn(
    sku: Annotated[str, typer.Argument(help="The EAN-13, or the operator's own code.")],
    more: _More = None,
    pictures: _Pictures = None,
    plate: _Where = None,
    units: _Units = 3,
    name: _Name = None,
    price: _Price = None,
    wait: _Wait = 30.0,
    reset: _Reset = False,
    yes: Yes = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Learn what a product weighs from units put on a plate one by one, or how it looks.

    Its mean weight and its spread go into the settings, and to the running agent. What is already
    on the plate may stay there. Put the units on one by one; two at once and other odd ones are not
    counted.

    With --pictures FILE… nothing is weighed: these pictures, photographs with the product in the
    middle or cut-outs, are what it is recognised by from now on, too.
    """
    if pictures or more:
        _learn_pictures(sku, pictures, more, name, price, config, state, as_json)
        return
    from edge_agent.cli.learning import forget_learned, learn_product, said
    from edge_agent.cli.learning_course import Course

    if reset:
        done = forget_learned(sku, state)
    else:
        course = Course(units, wait, yes or not sys.stdin.isatty())
        done = learn_product(sku, plate, course, name, price, config, state)
    if as_json:
        print_json(done)
    else:
        say(said(done))


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
    if as_json:
        print_json(done)
    else:
        say(said_pictures(done))
