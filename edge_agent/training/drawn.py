"""Pictures of the simulated shelf with labels: what the demo model learns from and is measured on.

What is learned from drawings says nothing about real goods.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from edge_agent.settings import PlateSettings, Settings
from edge_agent.simulation.pictures.layout import USUAL_SIZE, columns, floors, with_pictures
from edge_agent.simulation.pictures.packages import YAWS
from edge_agent.simulation.pictures.scene_view import Goods
from edge_agent.simulation.pictures.shelf_view import ShelfView
from edge_agent.simulation.pictures.stage import SceneState, Unit
from edge_agent.training.compositing import NO_GOODS, Labelled, Placed, boxes_of, owners
from edge_agent.training.cutouts import Cutout
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Region, RegionChange
from edge_agent.vision.watching.region_change import (
    changed_mask,
    differences,
    score,
    shrunk,
    small_box,
    working_scale,
)

CAMERA = "front"
_STRANGERS, _NO_GOODS = 0.08, 0.06
_MARGIN = 0.06
_AN_HOUR_S = 3600.0


class DrawnShelf:
    """Drawings of a shelf, random and the same for the same seed.

    `classes` are the SKUs in the order of their numbers; the shelf's own where none are given.
    """

    def __init__(self, settings: Settings, seed: int, classes: Sequence[str] = ()) -> None:
        self.settings = with_pictures(settings, USUAL_SIZE, CAMERA)
        self.skus = tuple(sorted(product.sku for product in settings.product))
        self._classes = tuple(classes) or self.skus
        self._seed = seed
        self._rng = np.random.Generator(np.random.PCG64([seed, 7]))
        self._floors = floors(self.settings, USUAL_SIZE)
        self._number = 0

    def cutouts(self) -> dict[str, list[Cutout]]:
        """Each product as teaching would cut it out, in as many poses as it may stand in."""
        goods = Goods(self.settings, self._seed, USUAL_SIZE)
        lanes = {p: 300.0 / max(1, len(p.products)) for p in self.settings.plate}
        found: dict[str, list[Cutout]] = {}
        for plate, lane_mm in lanes.items():
            for sku in plate.products:
                poses = (self._unit(sku, plate.id, 0.5, 0.0, lane_mm) for _ in range(2 * len(YAWS)))
                found[sku] = [np.asarray(goods.sprite(unit), np.uint8) for unit in poses]
        return found

    def empty_plates(self) -> list[Image]:
        """Each plate's region without goods."""
        view = ShelfView(self.settings, self._seed)
        frame = view.frame(0.0, SceneState(0.0))
        return [frame[_box(floor.region)].copy() for floor in self._floors.values()]

    def cuts(self, frames: int) -> Iterator[Labelled]:
        """Every plate's region in so many frames, each with other goods in another light."""
        for _ in range(frames):
            # The furniture is another one's in each.
            self._seed += 1
            goods = Goods(self.settings, self._seed, USUAL_SIZE)
            view = ShelfView(self.settings, self._seed)
            standing = [u for plate in self.settings.plate for u in self._stocked(plate)]
            at = float(self._rng.uniform(0, 24 * _AN_HOUR_S))
            frame = view.frame(at, SceneState(at, tuple(standing)))
            for floor in self._floors.values():
                here = [unit for unit in standing if unit.plate == floor.plate]
                yield self._cut(frame, floor.region, goods, here)

    def takings(self, frames: int) -> Iterator[tuple[tuple[str, ...], str, RegionChange]]:
        """Before and after one unit was taken, of every plate in so many frames.

        Each is the plate's products, the SKU that was taken, and the plate's region.
        """
        for _ in range(frames):
            self._seed += 1
            view = ShelfView(self.settings, self._seed, USUAL_SIZE)
            at = float(self._rng.uniform(0, 24 * _AN_HOUR_S))
            standing = {plate.id: list(self._stocked(plate)) for plate in self.settings.plate}
            taken = {
                plate: unit for plate, units in standing.items() if (unit := self._first(units))
            }
            before = [unit for units in standing.values() for unit in units]
            after = [unit for unit in before if unit not in taken.values()]
            pictures = [
                view.frame(at, SceneState(at, tuple(before))),
                view.frame(at + 8.0, SceneState(at + 8.0, tuple(after))),
            ]
            for plate in self.settings.plate:
                unit = taken.get(plate.id)
                if unit is not None:
                    yield plate.products, unit.looks, self._change(plate.id, at, pictures)

    def _first(self, units: Sequence[Unit]) -> Unit | None:
        """The front unit of goods of any column."""
        fronts: dict[float, Unit] = {}
        for unit in units:
            if unit.across not in fronts or unit.depth < fronts[unit.across].depth:
                fronts[unit.across] = unit
        goods = [unit for unit in fronts.values() if unit.looks in self._classes]
        return goods[int(self._rng.integers(len(goods)))] if goods else None

    def _change(self, plate: str, at: float, pictures: Sequence[Image]) -> RegionChange:
        box = _box(self._floors[plate].region)
        before, after = (np.ascontiguousarray(picture[box]) for picture in pictures)
        small = differences(shrunk(pictures[0]), shrunk(pictures[1]))
        scale = working_scale(pictures[0])
        part = small[small_box(self._floors[plate].region, scale, small)]
        mask = cv2.resize(changed_mask(part), before.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        masked = np.asarray(mask, np.uint8)
        return RegionChange(plate, CAMERA, at, at + 8.0, before, after, masked, score(part), 1.0)

    def _stocked(self, plate: PlateSettings) -> Iterator[Unit]:
        """Columns that customers have taken from, and now and then something from elsewhere."""
        rng = self._rng
        lane_mm = 300.0 / max(1, len(plate.products))
        for column in columns(plate, self.settings, self._floors[plate.id]):
            taken = int(rng.integers(0, column.rows + 1))
            for row in range(taken, column.rows):
                looks = column.sku
                if rng.random() < _STRANGERS:
                    looks = str(rng.choice(self.skus))
                elif rng.random() < _NO_GOODS:
                    looks = f"{rng.choice(('dummy', 'foreign'))}:{column.sku}"
                depth = min(0.93, (row + 0.5) * column.step + 0.02)
                yield self._unit(looks, plate.id, column.across, depth, lane_mm)

    def _unit(self, looks: str, plate: str, across: float, depth: float, lane_mm: float) -> Unit:
        self._number += 1
        return Unit(self._number, looks, None, plate, across, depth, lane_mm, 0.0)

    def _cut(self, frame: Image, region: Region, goods: Goods, units: list[Unit]) -> Labelled:
        """The region as the recogniser sees it, a little more or less of it."""
        box = _box(region, *self._rng.uniform(-_MARGIN, _MARGIN, 4))
        cut = np.ascontiguousarray(frame[box])
        units.sort(key=lambda unit: (-unit.depth, unit.number))
        placed = []
        for unit in units:
            sprite = np.asarray(goods.sprite(unit), np.uint8)
            x, y = goods.foot(unit)
            left = round(x - 0.5 * sprite.shape[1]) - box[1].start
            number = self._classes.index(unit.looks) if unit.looks in self._classes else NO_GOODS
            placed.append(Placed(number, sprite, left, round(y) - box[0].start))
        return Labelled(cut, *boxes_of(placed, owners(cut.shape[:2], placed)))


def _box(
    region: Region, left: float = 0.0, top: float = 0.0, right: float = 0.0, bottom: float = 0.0
) -> tuple[slice, slice]:
    """The region in the picture, larger by these parts of its sides."""
    x, y, w, h = region
    rows = slice(max(0, round(y - top * h)), round(y + h + bottom * h))
    return rows, slice(max(0, round(x - left * w)), round(x + w + right * w))
