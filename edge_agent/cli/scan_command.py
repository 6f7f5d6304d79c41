"""`edge-agent scan`: reads barcodes in pictures, or through the shelf's camera."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.console import local_time, note, print_json, say
from edge_agent.cli.options import AsJson, CameraId, Config, State

if TYPE_CHECKING:
    from edge_agent.shelf.catalogue import Catalogue
    from edge_agent.shelf.state import Output


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command(epilog="Example: edge-agent scan --once")(scan)


def scan(
    pictures: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PICTURE", help="Read these; without any, the camera."),
    ] = None,
    camera_id: CameraId = None,
    once: Annotated[bool, typer.Option("--once", help="End after the first scan.")] = False,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="N", min=0, help="End after so long.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Read barcodes: EAN-13, UPC, EAN-8 and QR.

    Without pictures: through the camera until Ctrl-C, each product once, with its name. The
    running agent lends its camera; where none runs, it is opened here. An UPC-A is told as the
    EAN-13 that it is, with a 0 before it.
    """
    if pictures:
        _read_pictures(pictures, config, as_json=as_json)
        return 0
    return _read_live(camera_id, config, state, seconds, once=once, as_json=as_json)


def _read_pictures(pictures: list[Path], config: Path | None, *, as_json: bool) -> None:
    from edge_agent.cli.scan_pictures import read_picture
    from edge_agent.vision.codes.reading import read_codes

    catalogue = None if as_json else _catalogue_if_any(config)
    for picture in pictures:
        codes = read_codes(read_picture(picture))
        if as_json:
            told = [{"text": code.text, "format": code.format} for code in codes]
            print_json({"picture": str(picture), "codes": told})
        elif not codes:
            say(f"{picture}: no code")
        else:
            for code in codes:
                name = _name(code.text, code.format, catalogue)
                say("  ".join((f"{picture}: {_shown(code.text)}", code.format, *name)))


def _read_live(
    camera_id: str | None,
    config: Path | None,
    state: Path | None,
    seconds: float | None,
    *,
    once: bool,
    as_json: bool,
) -> int:
    from edge_agent.cli.live_scans import live_scans
    from edge_agent.cli.snapshots import camera_of
    from edge_agent.ledger import catalogue_of
    from edge_agent.settings_file import find_settings, find_state, load_settings
    from edge_agent.shelf.scans import scan_output

    path = find_settings(config)
    settings = load_settings(path)
    camera = camera_of(settings, camera_id, path)
    catalogue = catalogue_of(settings)
    note(f"Hold a barcode before camera {camera.id}; Ctrl-C ends.")
    count = 0
    try:
        for seen in live_scans(camera, find_state(state), seconds):
            _tell(scan_output(seen, catalogue), as_json=as_json)
            count += 1
            if once:
                break
    except KeyboardInterrupt:
        note("Ended.")
    return 1 if once and not count else 0


def _tell(output: Output, *, as_json: bool) -> None:
    told = output.payload
    if as_json:
        print_json(told)
        return
    name = told["name"] if told["in_catalogue"] else "not in the catalogue"
    say(f"{local_time(told['seen_at'])}  {_shown(told['code'])}  {told['format']}  {name}")


def _shown(text: str) -> str:
    """A code's text on one line of a terminal, whatever it holds."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _name(text: str, code_format: str, catalogue: Catalogue | None) -> tuple[str, ...]:
    """The product's name as a column; none where there is no catalogue."""
    if catalogue is None:
        return ()
    from edge_agent.shelf.scans import product_of_code

    product = product_of_code(text, code_format, catalogue)
    return (product.name if product else "not in the catalogue",)


def _catalogue_if_any(config: Path | None) -> Catalogue | None:
    """The products of the settings, where there are settings: pictures can be read without."""
    from edge_agent.ledger import catalogue_of
    from edge_agent.settings_file import find_settings, load_settings

    path = find_settings(config)
    return catalogue_of(load_settings(path)) if config is not None or path.exists() else None
