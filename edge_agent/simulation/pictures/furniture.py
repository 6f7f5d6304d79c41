"""The empty shelf and the room around it: boards, posts, plates, rails with price tags."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.settings import Settings
from edge_agent.simulation.chance import stream
from edge_agent.simulation.pictures.layout import Floor, Size, floors
from edge_agent.vision.frames import Image


def empty_shelf(settings: Settings, seed: int, size: Size) -> Image:
    """The shelf without goods: (h, w, 3)."""
    width, height = size
    rng = stream(seed, "furniture")
    image = _room(rng, size)
    seen = floors(settings, size)
    boxes = np.array([floor.region for floor in seen.values()])
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    right = (boxes[:, 0] + boxes[:, 2]).max()
    bottom = (boxes[:, 1] + boxes[:, 3]).max()
    edge = round(0.012 * width)
    back = (int(left) - edge, max(0, int(top) - edge)), (int(right) + edge, int(bottom) + 2 * edge)
    cv2.rectangle(image, *back, (150, 158, 162), -1)
    prices = {p.sku: p.price for p in settings.product}
    for plate in settings.plate:
        _bay(image, seen[plate.id])
        _rail(image, seen[plate.id], [prices[sku] for sku in plate.products], settings.currency)
    for x in (back[0][0], back[1][0]):
        cv2.rectangle(image, (x - edge, 0), (x + edge // 2, height), (96, 98, 102), -1)
        cv2.line(
            image, (x - edge // 2, 0), (x - edge // 2, height), (150, 152, 156), max(1, edge // 5)
        )
    return _worn(image, rng)


def _room(rng: np.random.Generator, size: Size) -> Image:
    """An office out of focus: wall, window, floor, a plant, desks."""
    width, height = size
    image = np.full((height, width, 3), (176, 186, 190), np.uint8)
    cv2.rectangle(image, (0, round(0.72 * height)), (width, height), (96, 112, 124), -1)
    for _ in range(26):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        w, h = int(rng.integers(20, 120)), int(rng.integers(20, 200))
        tone = rng.integers(60, 235, 3).tolist()
        cv2.rectangle(image, (x, y), (x + w * width // 1280, y + h * height // 720), tone, -1)
    blur = max(3, width // 40) | 1
    return np.asarray(cv2.GaussianBlur(image, (blur, blur), 0), np.uint8)


def _bay(image: Image, floor: Floor) -> None:
    """The bay behind a plate, the plate's surface with its grid, and its edge."""
    x, y, w, h = floor.region
    gap = max(2, round(0.03 * w))
    fall = np.linspace(92, 150, h, dtype=np.float32)[:, None, None] * np.array([1.0, 1.02, 1.03])
    image[y : y + h, x - gap : x + w + gap] = fall.astype(np.uint8)
    corners = [floor.spot(a, d) for a, d in ((0, 0), (1, 0), (1, 1), (0, 1))]
    surface = np.array([[s.x, s.y] for s in corners])
    back_left, back_right = surface[3], surface[2]
    sides = (
        [[x - gap, y], back_left - (0, 0.9 * h * 0.5), back_left, surface[0] - (gap, 0)],
        [[x + w + gap, y], back_right - (0, 0.9 * h * 0.5), back_right, surface[1] + (gap, 0)],
    )
    for side, tone in zip(sides, (118, 104), strict=True):
        cv2.fillPoly(image, [np.array(side, np.int32)], (tone, tone + 3, tone + 5), cv2.LINE_AA)
    cv2.fillPoly(image, [surface.astype(np.int32)], (170, 176, 178), cv2.LINE_AA)
    for part in np.linspace(0.06, 0.94, 12):
        a, b = floor.spot(float(part), 0.0), floor.spot(float(part), 1.0)
        cv2.line(
            image,
            (round(a.x), round(a.y)),
            (round(b.x), round(b.y)),
            (150, 156, 160),
            1,
            cv2.LINE_AA,
        )
    front = np.array([surface[0], surface[1]]).round().astype(int)
    cv2.line(image, front[0].tolist(), front[1].tolist(), (214, 218, 220), max(1, h // 70))


def _rail(image: Image, floor: Floor, prices: list[int], currency: str) -> None:
    x, y, w, h = floor.region
    gap, deep = max(2, round(0.03 * w)), round(0.105 * h)
    cv2.rectangle(image, (x - gap, y + h), (x + w + gap, y + h + deep), (70, 74, 78), -1)
    cv2.line(image, (x - gap, y + h), (x + w + gap, y + h), (128, 132, 136), max(1, deep // 8))
    scale = 0.028 * deep
    cv2.putText(
        image,
        floor.plate,
        (x, y + h + round(0.8 * deep)),
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        (200, 204, 206),
        1,
        cv2.LINE_AA,
    )
    for place, price in enumerate(prices):
        tag_w = round(min(0.24 * w, 0.9 * w / len(prices)))
        left = x + round((place + 0.5) / len(prices) * w - 0.5 * tag_w)
        cv2.rectangle(
            image, (left, y + h + 2), (left + tag_w, y + h + deep - 2), (236, 240, 240), -1
        )
        text = f"{currency} {price / 100:.2f}"
        cv2.putText(
            image,
            text,
            (left + 3, y + h + round(0.76 * deep)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.75 * scale,
            (40, 36, 40),
            1,
            cv2.LINE_AA,
        )


def _worn(image: Image, rng: np.random.Generator) -> Image:
    """Nothing is of one even colour: stains and grain of paint."""
    height, width = image.shape[:2]
    coarse = rng.standard_normal((18, 32)).astype(np.float32)
    fine = rng.standard_normal((height // 2, width // 2)).astype(np.float32)
    wear = 3.0 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    wear += 1.6 * cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(image.astype(np.float32) + wear[..., None], 0, 255).astype(np.uint8)
