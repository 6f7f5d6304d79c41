"""The pictures of `products learn`: one of each unit that was put down, cut out by what changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.cli.console import note
from edge_agent.cli.plate_view import LAG_S, PlateView
from edge_agent.cli.unit_watch import Moved
from edge_agent.seeing import regions_by_plate
from edge_agent.settings import PlateSettings, Settings
from edge_agent.shelf.teaching import sort_out
from edge_agent.vision.features.gallery import MOST_PICTURES, Gallery
from edge_agent.vision.seen import RegionChange

ENOUGH = 3
"""So many pictures show a product from all sides that customers turn to the camera."""


@dataclass(frozen=True, slots=True)
class TakenView:
    """A picture of what was put down, and what that weighed."""

    weight_g: float
    change: RegionChange


class Views:
    """Takes a picture of what each movement of the plate brought, and says so."""

    def __init__(self, view: PlateView) -> None:
        self.taken: list[TakenView] = []
        self._view = view
        self._moved_at = -math.inf
        self._told_trouble = False

    @property
    def camera(self) -> str:
        """The camera that looks."""
        return self._view.camera

    @property
    def wants_more(self) -> bool:
        """Whether more pictures are wanted and can be had."""
        return len(self.taken) < ENOUGH and self._view.trouble is None

    def begin(self) -> None:
        """Wait until the camera has seen the plate at rest."""
        if not self._view.wait_for_rest() and not self._has_trouble():
            note(
                f"warning: camera {self.camera} does not see the plate at rest. Keep hands and "
                "people out of the picture, or there will be no pictures of the units."
            )

    def passed_by(self, moved: Moved) -> None:
        """Note a movement of which no picture is wanted."""
        self._moved_at = moved.settled_at

    def take(self, moved: Moved) -> None:
        """Take a picture of what has just been put down, and say what came of it."""
        rested_at, self._moved_at = self._moved_at, moved.settled_at
        if len(self.taken) >= MOST_PICTURES or self._has_trouble():
            return
        change = self._view.change(moved.started_at, moved.settled_at)
        if change is None:
            if not self._has_trouble():
                note(
                    "     no picture: it does not show in the plate's region. Is a hand before it?"
                )
            return
        if change.began_at < rested_at + LAG_S:
            # The picture from before still shows it as it stood last, or somebody's hand.
            note("     no picture: too quick. Keep hands away for two seconds before each.")
            return
        self.taken.append(TakenView(moved.delta_g, change))
        note(f"     picture {len(self.taken)} taken.{self._invitation()}")

    def _invitation(self) -> str:
        if not self.wants_more:
            return ""
        return (
            " Turn the unit and put it down again for another, or put the next one with another "
            "side to the camera."
        )

    def _has_trouble(self) -> bool:
        if self._view.trouble is not None and not self._told_trouble:
            self._told_trouble = True
            note(
                f"warning: no pictures from camera {self.camera}: {self._view.trouble} "
                "The units are weighed all the same."
            )
        return self._view.trouble is not None


@contextmanager
def open_views(settings: Settings, state: Path, plate: PlateSettings) -> Iterator[Views | None]:
    """Watch the plate through the camera in whose picture it lies; None where there is none."""
    cameras = {camera.id: camera for camera in settings.camera}
    for camera, regions in regions_by_plate(settings, list(cameras)).items():
        if plate.id in regions:
            with PlateView(cameras[camera], state, plate.id, regions[plate.id]) as view:
                yield Views(view)
            return
    yield None


def keep_views(
    gallery: Gallery, sku: str, taken: Sequence[TakenView], alike_g: Sequence[float]
) -> list[Path]:
    """Keep the pictures of what weighed like the product: the files that are new."""
    kept = []
    for view in taken:
        if view.weight_g not in sort_out([*alike_g, view.weight_g])[0]:
            continue
        file = gallery.add(sku, view.change.after, view.change.mask)
        if file is not None:
            kept.append(file)
    return kept
