"""`edge-agent plates`, `edge-agent products list | add`: what is where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli import learn_command, recognising
from edge_agent.cli.console import amount, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State
from edge_agent.errors import UsageError

if TYPE_CHECKING:
    from pydantic import ValidationError

    from edge_agent.settings import PlateSettings, Settings

products = typer.Typer(
    help="See, add and weigh products.",
    epilog="Example: edge-agent products list",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(epilog="Example: edge-agent plates --json")(plates)
    learn_command.register(products)
    recognising.register(products)
    app.add_typer(products, name="products")


def plates(config: Config = None, state: State = None, as_json: AsJson = False) -> None:
    """List the plates.

    Where each is connected, whether it is calibrated, and what stands on it: by the count of
    changes, and by its weight. Where the two disagree, why, and by how much.
    """
    from edge_agent.cli.plate_stock import stock_rows
    from edge_agent.settings_file import effective, find_settings, find_state, load_settings

    settings = load_settings(find_settings(config))
    stock = stock_rows(find_state(state))
    if as_json:
        told = effective(settings)["plate"]
        print_json([{**plate, "stock": stock.get(plate["id"])} for plate in told])
        return
    _print_plates(settings, stock)


def _print_plates(settings: Settings, stock: Mapping[str, Mapping[str, Any]]) -> None:
    from edge_agent.cli.plate_stock import by_count, by_weight, disagreement, off_g, weight_g

    names = {p.sku: p.name for p in settings.product}
    drivers = {s.id: s.driver for s in settings.scale}
    print_table(
        ("plate", "scale", "up to g>", "counts/g>", "weight g>", "counted", "by weight", "off g>"),
        [
            (
                plate.id,
                f"{plate.scale} {plate.channel}" if plate.is_weighed else "camera",
                f"{plate.capacity_g:g}" if plate.is_weighed else "",
                _calibrated(plate, drivers.get(plate.scale or "", "")),
                weight_g(row),
                by_count(row, plate.products, names),
                by_weight(row, names),
                off_g(row),
            )
            for plate in settings.plate
            for row in [stock.get(plate.id, {})]
        ],
        "No plates.",
    )
    for plate_id, row in stock.items():
        if row.get("disagreement"):
            say(f"{plate_id}: {disagreement(row)}")


def _calibrated(plate: PlateSettings, driver: str) -> str:
    if not plate.is_weighed:
        return ""
    if plate.counts_per_g != 1.0:
        return f"{plate.counts_per_g:g}"
    return "none yet" if driver == "stream" else "in grams"


@products.command(name="list", epilog="Example: edge-agent products list --json")
def list_(
    learned: Annotated[
        bool, typer.Option("--learned", help="What their units turned out to weigh, and when.")
    ] = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """List the products."""
    from edge_agent.settings_file import effective, find_settings, load_settings

    settings = load_settings(find_settings(config))
    if learned:
        from edge_agent.cli.learned import show_learned

        show_learned({p.sku: p.name for p in settings.product}, state, as_json)
        return
    if as_json:
        print_json(effective(settings)["product"])
        return
    print_table(
        ("sku", "name", "weight g>", "± g>", "price>", "plates"),
        [
            (
                product.sku,
                product.name,
                f"{product.weight_g:g}" if product.weight_g is not None else "",
                f"{product.weight_sd_g:g}" if product.weight_g is not None else "",
                amount(product.price, settings.currency),
                ", ".join(p.id for p in settings.plate if product.sku in p.products),
            )
            for product in settings.product
        ],
        "No products.",
    )


@products.command(
    epilog='Example: edge-agent products add 6901028075831 --name "Soda 330 ml" --price 350 '
    "--weight 346 --plate A1"
)
def add(
    sku: Annotated[str, typer.Argument(help="The EAN-13, or the operator's own code.")],
    name: Annotated[str, typer.Option("--name", help="What people call it.")],
    price: Annotated[int, typer.Option("--price", help="In minor units (fen, cents).")],
    weight: Annotated[
        float | None, typer.Option("--weight", metavar="G", help="One unit's grams.")
    ] = None,
    weight_sd: Annotated[
        float, typer.Option("--weight-sd", metavar="G", help="Spread from unit to unit, grams.")
    ] = 2.0,
    plate: Annotated[
        str | None, typer.Option("--plate", help="Put it on this plate's list, too.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Add a product.

    It goes into the settings, and with --plate also on the list of a plate.
    """
    from edge_agent.settings_file import find_settings

    path = find_settings(config)
    given = {
        "sku": sku,
        "name": name,
        "price": price,
        "weight_g": weight,
        "weight_sd_g": weight_sd,
    }
    _add(path, given, plate)
    if as_json:
        print_json({**given, "plate": plate})
    else:
        where = f" and to plate {plate}" if plate else "; put it on a plate with `config set`"
        say(f"Added {name} ({sku}) to {path}{where}.")


def _add(path: Path, given: dict[str, Any], plate_id: str | None) -> None:
    from pydantic import ValidationError

    from edge_agent.settings import ProductSettings
    from edge_agent.settings_edit import add_product, set_value
    from edge_agent.settings_file import load_settings

    settings = load_settings(path)
    plate = next((p for p in settings.plate if p.id == plate_id), None)
    if plate_id is not None and plate is None:
        known = ", ".join(p.id for p in settings.plate)
        raise UsageError(f"No plate {plate_id!r} in {path}. Use one of: {known}")
    if plate is not None and plate.is_weighed and given["weight_g"] is None:
        raise UsageError(f"Plate {plate.id!r} is weighed, so the product needs --weight.")
    try:
        product = ProductSettings(**given)
    except ValidationError as error:
        raise UsageError(_in_words(error)) from error
    add_product(path, product)
    if plate is not None:
        set_value(path, f"plate.{plate.id}.products", [*plate.products, product.sku])


_OPTIONS = {
    "sku": "The SKU",
    "name": "--name",
    "price": "--price",
    "weight_g": "--weight",
    "weight_sd_g": "--weight-sd",
}


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    option = _OPTIONS.get(str(first["loc"][0]), str(first["loc"][0]))
    return f"{option} is {first['input']!r}: {first['msg']}. Correct it and try again."
