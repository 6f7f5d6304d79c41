"""The plates' regions: drawn over the camera's picture, given by hand, and what is odd of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge_agent.errors import UsageError
from edge_agent.settings import Settings
from edge_agent.vision.evidence.marking import with_marks
from edge_agent.vision.frames import Image, decode_picture, encode_jpeg
from edge_agent.vision.seen import Region

_GIVEN = re.compile(r"(?P<plate>[^=]+)=(?P<numbers>\d+,\d+,\d+,\d+)")
_QUALITY = 90
_LEAST_SIDE = 24
"""Pixels; nothing is recognised in less."""


def read_picture(file: Path) -> Image:
    """A picture of a file; UsageError where it cannot be read, CameraError where it is none."""
    try:
        return decode_picture(file.read_bytes(), str(file))
    except OSError as error:
        raise UsageError(
            f"Cannot read {file}: {error.strerror}. Name another --picture."
        ) from error


def given_regions(given: Sequence[str], settings: Settings) -> dict[str, Region]:
    """Read PLATE=x,y,w,h; UsageError where one is no region, or of no plate."""
    known = [plate.id for plate in settings.plate]
    regions: dict[str, Region] = {}
    for text in given:
        match = _GIVEN.fullmatch(text.replace(" ", ""))
        if match is None:
            raise UsageError(
                f"--set {text!r} is no region. Write PLATE=x,y,width,height in pixels of the "
                "picture, as A1=120,80,320,260."
            )
        if match["plate"] not in known:
            raise UsageError(f"No plate {match['plate']!r}. Use one of: {', '.join(known)}")
        x, y, w, h = map(int, match["numbers"].split(","))
        regions[match["plate"]] = (x, y, w, h)
    return regions


def check_inside(regions: Mapping[str, Region], image: Image) -> None:
    """UsageError where a region does not lie in the picture (h, w, 3), or is too small to see."""
    height, width = image.shape[:2]
    for plate, (x, y, w, h) in regions.items():
        if x + w > width or y + h > height:
            raise UsageError(
                f"The region of {plate}, {x},{y},{w},{h}, goes beyond the picture, which has "
                f"{width} x {height} pixels."
            )
        if min(w, h) < _LEAST_SIDE:
            raise UsageError(
                f"The region of {plate} is {w} x {h} pixels; nothing can be seen in less than "
                f"{_LEAST_SIDE} x {_LEAST_SIDE}."
            )


def regions_of(settings: Settings) -> dict[str, Region]:
    """The plates' regions, as far as they have one."""
    return {plate.id: plate.region for plate in settings.plate if plate.region is not None}


def with_regions(image: Image, regions: Mapping[str, Region]) -> Image:
    """A copy of the picture with each region and its plate's name."""
    drawn = image
    for plate, (x, y, w, h) in regions.items():
        drawn = with_marks(drawn, [(x, y, x + w, y + h)], plate)
    return drawn


def as_file(image: Image) -> bytes:
    """The picture as JPEG."""
    return encode_jpeg(image, _QUALITY)


def odd(regions: Mapping[str, Region], settings: Settings, image: Image) -> list[str]:
    """What a technician should look at, in words."""
    height, width = image.shape[:2]
    said = []
    for plate in settings.plate:
        region = regions.get(plate.id)
        if region is None:
            said.append(f"Plate {plate.id} has no region: no camera looks at it.")
            continue
        x, y, w, h = region
        if x + w > width or y + h > height:
            said.append(f"Plate {plate.id}: its region goes beyond the picture.")
        elif min(x, y, width - x - w, height - y - h) < 2:
            said.append(
                f"Plate {plate.id}: its region touches the picture's edge. Goods cannot be told "
                "from people who lean in there; leave some room, or turn the camera."
            )
    names = list(regions)
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            if _shared(regions[first], regions[second]) > 0:
                said.append(f"The regions of {first} and {second} overlap.")
    return said


def _shared(first: Region, second: Region) -> int:
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return int(np.prod([max(0, across), max(0, down)]))
