"""Where the plates are in the picture, and where on a plate its units stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_agent.errors import UsageError
from edge_agent.settings import CameraSettings, PlateSettings, Settings
from edge_agent.simulation.pictures.looks import Look, look_of
from edge_agent.simulation.shop import initial_stock
from edge_agent.vision.seen import Region

Size = tuple[int, int]
"""Width and height of the picture in pixels."""

USUAL_SIZE: Size = (1280, 720)
SOURCE = "simulated"
"""What `source` of a camera table says where the simulated shelf is meant."""

PLATE_MM = 300.0
"""How wide a plate is; goods are drawn to its scale."""
DEPTH_MM = 340.0
MOST_ROWS, MOST_COLUMNS = 8, 8
# Beside the shelf, above and below it the room is seen.
_MARGIN_X, _MARGIN_Y = 0.07, 0.05
# Of a board's height: the plate's own picture, and the rail with the price tags below it.
_RAIL, _GAP = 0.1, 0.03
# In parts of a region: where the plate's front and back edge are seen, how narrow the back is.
_FRONT, _BACK, _BACK_SCALE = 0.97, 0.56, 0.86
# No unit is taller than this part of its region, however tall it is said to be.
_TALLEST = 0.56


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a unit's foot is in the picture, and how large a millimetre is there."""

    x: float
    y: float
    px_per_mm: float


@dataclass(frozen=True, slots=True)
class Floor:
    """A plate as it is seen: a trapezium in its region. `lean` is how far its back edge is moved
    towards the middle of the picture, in pixels."""

    plate: str
    region: Region
    lean: float

    def spot(self, across: float, depth: float) -> Spot:
        """The place at parts of the width (0 left) and the depth (0 front) of the plate."""
        x, y, w, h = self.region
        scale = 1.0 - (1.0 - _BACK_SCALE) * depth
        middle = x + 0.5 * w + self.lean * depth
        foot = y + h * (_FRONT + (_BACK - _FRONT) * depth)
        return Spot(middle + (across - 0.5) * w * scale, foot, scale * w / PLATE_MM)

    def fit(self, look: Look, lane_mm: float) -> float:
        """By how much its goods are drawn smaller so that they fit lane and region."""
        _, _, w, h = self.region
        tallest_mm = _TALLEST * h / (w / PLATE_MM)
        return min(1.0, tallest_mm / look.height_mm, 0.94 * lane_mm / look.width_mm)


@dataclass(frozen=True, slots=True)
class Column:
    """Units that stand one behind the other: where across the plate, and how far apart."""

    sku: str
    across: float
    step: float
    rows: int


def floors(settings: Settings, size: Size) -> dict[str, Floor]:
    """Every plate with its region, as the settings have it or where it is drawn. Raises UsageError
    where there are more than fit into a picture."""
    drawn = _drawn_regions(settings, size)
    seen = {}
    for plate in settings.plate:
        region = plate.region or drawn[plate.id]
        x, _, w, _ = region
        lean = 0.12 * w * (0.5 - (x + 0.5 * w) / size[0])
        seen[plate.id] = Floor(plate.id, region, lean)
    return seen


def _drawn_regions(settings: Settings, size: Size) -> dict[str, Region]:
    """Boards as the plates' names tell them (A1, A2 side by side), the first one on top."""
    if all(plate.region is not None for plate in settings.plate):
        return {}
    boards: dict[str, list[str]] = {}
    for plate in settings.plate:
        boards.setdefault(plate.id.rstrip("0123456789"), []).append(plate.id)
    widest = max(len(board) for board in boards.values())
    if len(boards) > MOST_ROWS or widest > MOST_COLUMNS:
        raise UsageError(
            f"{len(boards)} boards of up to {widest} plates do not fit into one picture; with "
            f"pictures give at most {MOST_ROWS} boards of {MOST_COLUMNS} plates."
        )
    width, height = size
    left, top = _MARGIN_X * width, _MARGIN_Y * height
    board_h = (height - 2 * top) / len(boards)
    cell_w = (width - 2 * left) / widest
    regions: dict[str, Region] = {}
    for row, board in enumerate(boards.values()):
        for column, name in enumerate(board):
            regions[name] = (
                round(left + column * cell_w + _GAP * cell_w),
                round(top + row * board_h),
                round(cell_w * (1.0 - 2 * _GAP)),
                round(board_h * (1.0 - _RAIL)),
            )
    return regions


def with_pictures(settings: Settings, size: Size, camera: str) -> Settings:
    """The settings with a region for each plate and this camera on the simulated shelf."""
    seen = floors(settings, size)
    plates = tuple(
        plate.model_copy(update={"region": seen[plate.id].region}) for plate in settings.plate
    )
    cameras = (CameraSettings(id=camera, source=SOURCE),)
    return settings.model_copy(update={"plate": plates, "camera": cameras})


def columns(plate: PlateSettings, settings: Settings, floor: Floor) -> tuple[Column, ...]:
    """The columns of a plate, its products in lanes side by side."""
    looks = {p.sku: look_of(p) for p in settings.product if p.sku in plate.products}
    full = initial_stock(settings)
    lane_mm = PLATE_MM / max(1, len(plate.products))
    made: list[Column] = []
    for lane, sku in enumerate(plate.products):
        unit_mm = looks[sku].width_mm * floor.fit(looks[sku], lane_mm)
        units = full.get((plate.id, sku), 1)
        abreast = max(1, min(units, math.floor(lane_mm / (1.06 * unit_mm))))
        rows = math.ceil(units / abreast)
        deep_mm = 0.62 * unit_mm if looks[sku].shape in ("bag", "box") else 1.04 * unit_mm
        step = min(deep_mm / DEPTH_MM, 0.9 / rows)
        for place in range(abreast):
            across = (lane + (place + 0.5) / abreast) / len(plate.products)
            made.append(Column(sku, across, step, rows))
    return tuple(made)
