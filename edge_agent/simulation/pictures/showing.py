"""A product that is held before the camera with its back, so that its barcode can be read."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.pictures.hands_view import EXPOSURE_S, person_of, stands_left
from edge_agent.simulation.pictures.laying import lay
from edge_agent.simulation.pictures.layout import Size
from edge_agent.simulation.pictures.limbs import PX_PER_MM, arm
from edge_agent.simulation.pictures.looks import look_of
from edge_agent.simulation.pictures.packages import package
from edge_agent.simulation.pictures.scene_state import Showing
from edge_agent.simulation.pictures.sprites import Sprite, scaled
from edge_agent.vision.frames import Image

# The picture is so many millimetres wide where goods are held before the camera.
_WIDE_MM = 225.0
# Four pixels for each module of a barcode of nominal size.
_MASTER_PX_PER_MM = 12.0
_COMES_S = 0.6
_HAND_DEG = -58.0
_WAVES_PX, _TILTS_DEG = 0.006, 5.0


class Showings:
    """Draws what is held before the camera, over everything else."""

    def __init__(self, settings: Settings, seed: int, size: Size) -> None:
        self._looks = {product.sku: look_of(product) for product in settings.product}
        self._seed = seed
        self._size = size
        self._sprite = lru_cache(maxsize=8)(self._make_sprite)

    def draw(self, image: Image, showing: Showing, at: float) -> None:
        """Draw it with the hand that holds it, in place."""
        sprite = self._sprite(showing.sku)
        here, later = self._centre(showing, at), self._centre(showing, at + EXPOSURE_S)
        smear = (later[0] - here[0], later[1] - here[1])
        lean = _TILTS_DEG * math.sin(1.3 * at + showing.visit)
        height, width = sprite.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2.0, height / 2.0), lean, 1.0)
        matrix = np.asarray(turn, np.float64)
        matrix[:, 2] += (here[0] - width / 2.0, here[1] - height / 2.0)
        lay(image, sprite, matrix, smear, casts=True)
        self._hold(image, showing, here, (height, width), smear)

    def _make_sprite(self, sku: str) -> Sprite:
        master = package(self._looks[sku], _MASTER_PX_PER_MM, 0.0, "back")
        small = scaled(master, self._size[0] / _WIDE_MM / _MASTER_PX_PER_MM)
        small[..., :3] = small[..., :3].astype(np.uint16) * small[..., 3:] // 255
        return small

    def _centre(self, showing: Showing, at: float) -> tuple[float, float]:
        """Where its middle is: it comes from where the shopper stands, and goes there."""
        width, height = self._size
        away = max(0.0, 1.0 - min(at - showing.since, showing.until - at) / _COMES_S) ** 2
        side = -0.9 if stands_left(self._seed, showing.visit) else 0.9
        wave = _WAVES_PX * width
        x = width * (0.5 + side * away) + wave * math.sin(2.1 * at)
        return x, height * (0.48 + 0.3 * away) + wave * math.sin(3.3 * at + 1.0)

    def _hold(
        self,
        image: Image,
        showing: Showing,
        centre: tuple[float, float],
        size: tuple[int, int],
        smear: tuple[float, float],
    ) -> None:
        """Fingers at the edge of the package, with the arm that they belong to."""
        is_left = stands_left(self._seed, showing.visit)
        sprite = arm(person_of(self._seed, showing.visit), is_left)
        scale = 0.75 * self._size[0] / _WIDE_MM / PX_PER_MM
        turn = cv2.getRotationMatrix2D(
            (sprite.shape[1] / 2.0, 0.0), _HAND_DEG if is_left else -_HAND_DEG, scale
        )
        matrix = np.asarray(turn, np.float64)
        edge = (-0.47 if is_left else 0.47) * size[1]
        matrix[:, 2] += (
            centre[0] + edge - sprite.shape[1] / 2.0,
            centre[1] - 0.12 * size[0],
        )
        lay(image, sprite, matrix, smear)
