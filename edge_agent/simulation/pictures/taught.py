"""Products taught to the simulated shelf as a technician would: one unit on an empty plate."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.pictures.layout import Size
from edge_agent.simulation.pictures.scene_state import SceneState, Unit
from edge_agent.simulation.pictures.shelf_view import ShelfView
from edge_agent.simulation.pictures.stage import Stage
from edge_agent.simulation.profiles import Profile
from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask

VIEWS = 3
# What differs by less is noise of the sensor; the sum of three channels.
_LEAST = 40
_MARGIN = 6


def teach(gallery: Gallery, settings: Settings, seed: int, size: Size, at: float) -> None:
    """Give the gallery some pictures of each product, cut out, as the camera sees them."""
    state = Stage(settings, seed, size).state_at(at)
    # A technician teaches in good light, with nobody near.
    view = ShelfView(settings, seed, size, Profile())
    empty = view.frame(at, SceneState(at))
    for product in settings.product:
        for number, unit in enumerate(_some(state, product.sku)):
            picture = view.frame(at + 1.0 + number, SceneState(at, (unit,)))
            cut, mask = _cut_out(empty, picture)
            gallery.add(product.sku, cut, mask)


def _some(state: SceneState, sku: str) -> list[Unit]:
    """A few units of a product that differ in pose, the foremost first."""
    units = sorted((u for u in state.standing if u.looks == sku), key=lambda u: u.depth)
    return units[:VIEWS]


def _cut_out(empty: Image, picture: Image) -> tuple[Image, Mask]:
    """What a picture has more than the empty shelf: a cut, and where in it the thing is."""
    off = cv2.absdiff(cv2.GaussianBlur(empty, (5, 5), 0), cv2.GaussianBlur(picture, (5, 5), 0))
    differs = (off.sum(axis=2, dtype=np.uint16) > _LEAST).astype(np.uint8) * 255
    closed = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else 0
    x, y, w, h, _ = stats[largest].tolist()
    top, left = max(0, y - _MARGIN), max(0, x - _MARGIN)
    part = np.s_[top : y + h + _MARGIN, left : x + w + _MARGIN]
    return picture[part].copy(), ((labels[part] == largest) * 255).astype(np.uint8)
