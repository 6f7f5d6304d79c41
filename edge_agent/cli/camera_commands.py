"""`edge-agent camera snapshot | aim`: what the camera sees, and where the plates are in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.console import note, print_json, say
from edge_agent.cli.options import AsJson, CameraId, Config, State, Yes

if TYPE_CHECKING:
    from edge_agent.settings import CameraSettings, Settings
    from edge_agent.vision.frames import Image
    from edge_agent.vision.seen import Region

camera = typer.Typer(
    help="What the camera sees.",
    epilog="Example: edge-agent camera snapshot",
    no_args_is_help=True,
)

Given = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PLATE=X,Y,W,H", help="Write this region; can be repeated."),
]
Propose = Annotated[
    bool, typer.Option("--propose", help="Find the regions: lift one item of each plate.")
]
PictureFile = Annotated[
    Path | None,
    typer.Option("--picture", metavar="FILE", help="Draw on this picture, not on a new one."),
]
AimFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Else aim-CAMERA.jpg here.")
]
Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", help="End when nothing happens so long.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(camera, name="camera")


@camera.command(epilog="Example: edge-agent camera snapshot --out shelf.jpg")
def snapshot(
    camera_id: CameraId = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Else snapshot-CAMERA.jpg here.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Take a picture.

    All of what the camera sees, people too: for the technician, who deletes it afterwards. Shown
    in terminals that can (kitty, iTerm2, sixels), else written to a file. The agent keeps none.
    """
    from edge_agent.cli.out_file import write_out
    from edge_agent.cli.snapshots import camera_of, take_picture
    from edge_agent.settings_file import find_settings, find_state, load_settings
    from edge_agent.vision.frames import decode_picture

    path = find_settings(config)
    chosen = camera_of(load_settings(path), camera_id, path)
    jpeg = take_picture(chosen, find_state(state))
    if out is None and not as_json and _shown(decode_picture(jpeg, f"camera {chosen.id}")):
        return
    file = out if out is not None else Path(f"snapshot-{chosen.id}.jpg")
    write_out(file, jpeg, "--out")
    if as_json:
        print_json({"camera": chosen.id, "file": str(file), "bytes": len(jpeg)})
    else:
        say(f"{file}: {len(jpeg) // 1000} kB from camera {chosen.id}")


@camera.command(epilog="Example: edge-agent camera aim --set A1=120,80,320,260")
def aim(
    given: Given = None,
    propose: Propose = False,
    picture: PictureFile = None,
    out: AimFile = None,
    camera_id: CameraId = None,
    wait_s: Wait = 120.0,
    yes: Yes = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Show the plates' regions over the camera's picture, and set them.

    With --propose, lift one item of each plate and put it back: the plate whose weight changes
    tells which part of the picture is its own. Where a plate is wide, one at each end. Regions are
    written into the settings, comments stay; a running agent uses them after its next start.
    """
    from edge_agent.cli import aim_pictures
    from edge_agent.cli.snapshots import camera_of
    from edge_agent.settings_file import find_settings, find_state, load_settings

    _check(propose, given, picture)
    path, folder = find_settings(config), find_state(state)
    settings = load_settings(path)
    new = aim_pictures.given_regions(given or (), settings)
    # A picture of a file needs no camera.
    chosen = None if picture is not None else camera_of(settings, camera_id, path)
    if propose and chosen is not None:
        image, new = _proposed(settings, chosen, folder, wait_s)
    else:
        image = _picture(picture, chosen, folder)
    aim_pictures.check_inside(new, image)
    regions = {**aim_pictures.regions_of(settings), **new}
    file = _show(aim_pictures.with_regions(image, regions), chosen, out, as_json=as_json)
    if new and (not propose or yes or _agreed(new, file)):
        _write(path, new)
    _tell(settings, image, regions, new, file, as_json=as_json)


def _check(propose: bool, given: list[str] | None, picture: Path | None) -> None:
    from edge_agent.errors import UsageError

    if propose and (given or picture):
        raise UsageError("--propose looks at the shelf itself: leave out --set and --picture.")


def _picture(file: Path | None, chosen: CameraSettings | None, folder: Path) -> Image:
    from edge_agent.cli.aim_pictures import read_picture
    from edge_agent.cli.snapshots import take_picture
    from edge_agent.vision.frames import decode_picture

    if file is not None:
        return read_picture(file)
    assert chosen is not None
    return decode_picture(take_picture(chosen, folder), f"camera {chosen.id}")


def _proposed(
    settings: Settings, chosen: CameraSettings, folder: Path, wait_s: float
) -> tuple[Image, dict[str, Region]]:
    """The newest picture, and the regions that were found by lifting items."""
    from edge_agent.cli.aiming_course import AimingCourse
    from edge_agent.cli.readings import open_readings
    from edge_agent.cli.snapshots import NewestPictures
    from edge_agent.errors import CameraError, UsageError
    from edge_agent.vision.aiming import proposed_regions

    plates = [p for p in settings.plate if p.is_weighed]
    if not plates:
        raise UsageError("No plate stands on a scale, so no weight tells which is which: use --set")
    with NewestPictures(chosen, folder) as pictures, open_readings(settings, folder) as readings:
        found = AimingCourse(pictures.newest, plates, wait_s).run(readings)
        image = pictures.newest()
    if not found:
        raise CameraError(
            "No item was seen that was lifted and put back. Check that the camera looks at the "
            "shelf (`edge-agent camera snapshot`), and try again."
        )
    height, width = image.shape[:2]
    return image, proposed_regions(found, width, height)


def _shown(image: Image) -> bool:
    """Show a picture in the terminal, if it can."""
    from edge_agent.cli.inline_pictures import print_picture, terminal_protocol

    protocol = terminal_protocol()
    if protocol is not None:
        print_picture(image, protocol)
    return protocol is not None


def _show(
    drawn: Image, chosen: CameraSettings | None, out: Path | None, *, as_json: bool
) -> Path | None:
    """Show the picture, else write it: the file, or None."""
    from edge_agent.cli.aim_pictures import as_file
    from edge_agent.cli.out_file import write_out

    if out is None and not as_json and _shown(drawn):
        return None
    file = out if out is not None else Path(f"aim-{chosen.id}.jpg" if chosen else "aim.jpg")
    write_out(file, as_file(drawn), "--out")
    return file


def _agreed(new: dict[str, Region], file: Path | None) -> bool:
    """Whether a person wants proposed regions written; without a terminal nobody is asked."""
    import sys

    if not sys.stdin.isatty():
        return False
    seen = f" (see {file})" if file is not None else ""
    return typer.confirm(f"Write the regions of {', '.join(new)}{seen}?", default=True, err=True)


def _write(path: Path, new: dict[str, Region]) -> None:
    from edge_agent.settings_edit import set_values

    set_values(path, {f"plate.{plate}.region": list(region) for plate, region in new.items()})
    note(f"Written to {path}. A running agent uses it after `systemctl restart edge-agent`.")


def _tell(
    settings: Settings,
    image: Image,
    regions: dict[str, Region],
    new: dict[str, Region],
    file: Path | None,
    *,
    as_json: bool,
) -> None:
    from edge_agent.cli.aim_pictures import odd

    height, width = image.shape[:2]
    remarks = odd(regions, settings, image)
    if as_json:
        told = {plate.id: regions.get(plate.id) for plate in settings.plate}
        print_json(
            {
                "width": width,
                "height": height,
                "regions": told,
                "new": sorted(new),
                "remarks": remarks,
                "file": None if file is None else str(file),
            }
        )
        return
    for plate, region in regions.items():
        say(f"{plate}: {','.join(map(str, region))}" + (" (new)" if plate in new else ""))
    for remark in remarks:
        note(remark)
    if file is not None:
        say(f"{file}: the picture, {width} x {height}, with the regions")
