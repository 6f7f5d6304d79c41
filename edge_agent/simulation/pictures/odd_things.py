"""What is no goods: foreign things, dummies in the place of goods, empty packing."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.simulation.pictures.looks import Look
from edge_agent.simulation.pictures.packages import package
from edge_agent.simulation.pictures.sprites import Sprite


def thing(kind: str, look: Look | None, number: int, px_per_mm: float) -> Sprite:
    """What a thing of this kind looks like; `look` is that of the goods whose place it takes."""
    rng = np.random.Generator(np.random.PCG64([77, number]))
    if look is None or kind == "foreign":
        return _foreign(rng, px_per_mm)
    if kind == "empty":
        return _emptied(package(look, px_per_mm, 8.0))
    return _dummy(look, rng, px_per_mm)


def _foreign(rng: np.random.Generator, px_per_mm: float) -> Sprite:
    """A mug, a telephone, a lunch box, keys in a pouch."""
    width, height = (round(float(v) * px_per_mm) for v in rng.uniform((60, 50), (110, 100)))
    tone = rng.integers(40, 220, 3).tolist()
    sprite = np.zeros((height, width, 4), np.uint8)
    round_by = round(float(rng.uniform(0.05, 0.3)) * height)
    cv2.rectangle(sprite, (round_by, 0), (width - round_by, height), (*tone, 255), -1)
    cv2.rectangle(sprite, (0, round_by), (width, height - round_by // 2), (*tone, 255), -1)
    for x, y in ((round_by, round_by), (width - round_by - 1, round_by)):
        cv2.circle(sprite, (x, y), round_by, (*tone, 255), -1, cv2.LINE_AA)
    shade = np.linspace(1.2, 0.55, width, dtype=np.float32)[None, :, None]
    sprite[..., :3] = np.clip(sprite[..., :3] * shade, 0, 255)
    cv2.rectangle(
        sprite,
        (width // 5, height // 3),
        (4 * width // 5, height // 2),
        (*[min(255, c + 60) for c in tone], 255),
        max(1, height // 40),
    )
    return sprite


def _dummy(look: Look, rng: np.random.Generator, px_per_mm: float) -> Sprite:
    """Something of about the same size: a plain box or a bottle of water with its label off."""
    width, height = round(look.width_mm * px_per_mm), round(0.93 * look.height_mm * px_per_mm)
    sprite = np.zeros((height, width, 4), np.uint8)
    grey = int(rng.integers(120, 200))
    tone = np.array([grey - 40, grey - 12, grey], np.float32)
    grain = 8.0 * rng.standard_normal((height, width)).astype(np.float32)
    across = np.linspace(1.08, 0.72, width, dtype=np.float32)[None, :, None]
    sprite[..., :3] = np.clip((tone + grain[..., None]) * across, 0, 255)
    sprite[..., 3] = 255
    cv2.line(
        sprite, (width // 2, 0), (width // 2, height // 4), (90, 130, 150, 255), max(1, width // 12)
    )
    cv2.line(
        sprite,
        (0, height // 12),
        (width, height // 12),
        (*(tone * 0.6).tolist(), 255),
        max(1, width // 60),
    )
    return sprite


def _emptied(sprite: Sprite) -> Sprite:
    """The same package, crumpled and open."""
    height, width = sprite.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = x + 0.06 * width * np.sin(y / height * 9.0) + 0.03 * width * np.sin(y / height * 23.0)
    lower = y - 0.1 * height * np.sin(x / width * 3.0) * (1.0 - y / height)
    crushed = cv2.remap(sprite, bent, lower, cv2.INTER_LINEAR, borderValue=0)
    dents = 0.8 + 0.25 * np.sin(y / height * 31.0 + x / width * 11.0)
    crushed[..., :3] = np.clip(crushed[..., :3] * dents[..., None], 0, 255)
    keep = round(0.12 * height)
    return np.asarray(crushed[keep:], np.uint8)
