"""What lens and sensor make of the scene: the light on it, noise, cut at black and white."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.chance import stream
from edge_agent.simulation.pictures.layout import Size
from edge_agent.simulation.pictures.light import Gain
from edge_agent.vision.frames import Image, encode_jpeg

JPEG_QUALITY = 85
# Noise of a small sensor after its own smoothing, in steps of 255: at black, and what white adds.
# Shot noise grows with the root of the light; a share of it is close enough and far sooner drawn.
_READ, _SHOT = 0.9, 1.6
_SOFT_PX = 0.6
_TILES, _TILE_ROOM = 4, 64
# A gain of 1 in the eight bits in which gains are multiplied.
_ONE = 150.0

Noise = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""What is to be added and what is to be taken away."""


class Sensor:
    """A sensor with its noise; `grain` scales it. For one thread at a time."""

    def __init__(self, seed: int, size: Size, grain: float = 1.0) -> None:
        width, height = size
        self._seed = seed
        self._size = size
        rng = stream(seed, "sensor")
        shape = (height + _TILE_ROOM, width + _TILE_ROOM, 3)
        shot = grain * _SHOT * _ONE / 255.0
        self._shot = [_noise(rng, shape, shot) for _ in range(_TILES if grain else 0)]
        self._read = [_noise(rng, shape, grain * _READ) for _ in range(_TILES if grain else 0)]
        self._gain = np.empty((height, width, 3), np.uint8)

    def expose(self, scene: Image, gain: Gain, milliseconds: int, dimmed: float = 1.0) -> Image:
        """The picture of a scene in this light, with the noise of that moment: (h, w, 3).

        `dimmed` is what is left of all light, where the lamps are off.
        """
        eight_bit = np.clip(gain * _ONE, 0.0, 255.0).astype(np.uint8)
        cv2.resize(eight_bit, self._size, dst=self._gain, interpolation=cv2.INTER_LINEAR)
        rng = np.random.Generator(np.random.PCG64([self._seed, milliseconds]))
        self._add(self._gain, self._shot, rng)
        out = np.asarray(cv2.multiply(scene, self._gain, scale=dimmed / _ONE), np.uint8)
        self._add(out, self._read, rng)
        return out

    def _add(self, image: Image, tiles: list[Noise], rng: np.random.Generator) -> None:
        if not tiles:
            return
        width, height = self._size
        more, less = tiles[int(rng.integers(len(tiles)))]
        top, left = (int(v) for v in rng.integers(0, _TILE_ROOM, 2))
        part = slice(top, top + height), slice(left, left + width)
        cv2.add(image, more[part], dst=image)
        cv2.subtract(image, less[part], dst=image)


def _noise(rng: np.random.Generator, shape: tuple[int, int, int], sigma: float) -> Noise:
    """Grain, mostly grey, a little wider than a pixel as the sensor's own smoothing leaves it."""
    grey = rng.standard_normal(shape[:2], np.float32)[..., None]
    colour = rng.standard_normal(shape, np.float32)
    mixed = np.asarray(cv2.GaussianBlur(0.8 * grey + 0.6 * colour, (3, 3), 0.6), np.float32)
    steps = np.rint(mixed * (sigma / mixed.std())).astype(np.int16)
    return np.maximum(steps, 0).astype(np.uint8), np.maximum(-steps, 0).astype(np.uint8)


def soft(image: Image) -> Image:
    """As sharp as the lens lets it be."""
    return np.asarray(cv2.GaussianBlur(image, (3, 3), _SOFT_PX), np.uint8)


def jpeg(image: Image) -> bytes:
    """The picture as the camera sends it."""
    return encode_jpeg(image, JPEG_QUALITY)
