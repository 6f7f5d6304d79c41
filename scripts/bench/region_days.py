"""A shelf over time: hands that take and return, people who pass, light that wanders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.vision.frames import Frame, Image
from scripts.bench.region_scenes import (
    HEIGHT,
    REGIONS,
    WIDTH,
    Goods,
    Plane,
    Spot,
    drawn_goods,
    empty_shelf,
    put,
    random_spot,
    through_jpeg,
)

_REACH_S = 0.7
_HOLD_S = 0.4
_NOISES = 12


@dataclass(frozen=True, slots=True)
class Reach:
    """A hand that comes at `at`, and takes (`goods` None) or puts something."""

    at: float
    plate: str
    goods: Goods | None
    spot: Spot

    @property
    def moved_at(self) -> float:
        """When the thing moves."""
        return self.at + _REACH_S + _HOLD_S / 2


@dataclass(frozen=True, slots=True)
class Passer:
    """Somebody who walks by before the shelf from `at` on, or stands there for `stands_s`."""

    at: float
    walks_s: float
    stands_s: float
    tone: int
    tall: float

    def x(self, at: float) -> float | None:
        """Where the middle of the body is, in pixels; None while nobody is there."""
        since = at - self.at
        half = self.walks_s / 2
        if not 0 <= since <= self.walks_s + self.stands_s:
            return None
        if since < half:
            return -200 + (WIDTH / 2 + 200) * since / half
        if since < half + self.stands_s:
            return WIDTH / 2 + 4 * math.sin(1.3 * since)
        return WIDTH / 2 + (WIDTH / 2 + 200) * (since - half - self.stands_s) / half


@dataclass(frozen=True, slots=True)
class Day:
    """What happens before one camera."""

    seed: int
    seconds: float
    reaches: Sequence[Reach] = ()
    passers: Sequence[Passer] = ()
    frames_per_s: float = 5.0
    noise: float = 3.0
    flicker: float = 0.01
    wander: float = 0.3
    quality: int = 88


def stocked(rng: np.random.Generator) -> tuple[Plane, dict[str, tuple[Goods, Spot]]]:
    """Draw an empty shelf, and what stands in most of its regions."""
    goods = {p: (drawn_goods(rng), random_spot(rng)) for p in REGIONS if rng.random() < 0.75}
    return empty_shelf(rng), goods


def frames(day: Day, shelf: Plane, stock: dict[str, tuple[Goods, Spot]]) -> Iterator[Frame]:
    """Yield what the camera sees, from time 0 on."""
    rng = np.random.default_rng(day.seed + 1)
    noises = [_noise(rng, day.noise) for _ in range(_NOISES)]
    stock = dict(stock)
    waiting = sorted(day.reaches, key=lambda r: r.moved_at)
    picture = _drawn(shelf, stock)
    for n in range(int(day.seconds * day.frames_per_s)):
        at = n / day.frames_per_s
        while waiting and waiting[0].moved_at <= at:
            reach = waiting.pop(0)
            stock.pop(reach.plate, None)
            if reach.goods is not None:
                stock[reach.plate] = (reach.goods, reach.spot)
            picture = _drawn(shelf, stock)
        seen = picture.copy()
        for passer in day.passers:
            _draw_passer(seen, passer, at)
        for reach in day.reaches:
            _draw_arm(seen, reach, at)
        exposed = cv2.LUT(seen, _exposure(day, at, rng))
        more, less = noises[int(rng.integers(_NOISES))]
        noisy = cv2.subtract(cv2.add(exposed, more), less)
        yield Frame("front", at, through_jpeg(np.asarray(noisy, dtype=np.uint8), day.quality))


def _drawn(shelf: Plane, stock: dict[str, tuple[Goods, Spot]]) -> Image:
    picture = shelf.copy()
    for plate, (goods, spot) in stock.items():
        put(picture, REGIONS[plate], goods, spot)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator, deviation: float) -> tuple[Image, Image]:
    drawn = rng.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32) * deviation
    more, less = (np.clip(np.round(side), 0, 255).astype(np.uint8) for side in (drawn, -drawn))
    return more, less


def _exposure(day: Day, at: float, rng: np.random.Generator) -> Image:
    """Return a table: slow daylight, steps of automatic exposure, flicker of lamps."""
    slow = day.wander * math.sin(2 * math.pi * at / 240)
    step = 0.06 * (int(at / 17) % 3 - 1)
    flicker = day.flicker * float(rng.standard_normal())
    warm = 0.05 * math.sin(2 * math.pi * at / 300)
    levels = np.arange(256, dtype=np.float32)[:, np.newaxis]
    gain = np.exp(slow + step + flicker + np.array([-warm, 0, warm], np.float32))
    table = np.clip(levels * gain, 0, 255).astype(np.uint8)
    return np.asarray(table.reshape(256, 1, 3))


def _draw_passer(seen: Image, passer: Passer, at: float) -> None:
    x = passer.x(at)
    if x is None:
        return
    top = int(HEIGHT * (1 - passer.tall))
    tone = (passer.tone // 2, passer.tone // 2, passer.tone)
    cv2.ellipse(seen, (int(x), HEIGHT + 60), (170, HEIGHT + 20 - top), 0, 180, 360, tone, -1)
    cv2.circle(seen, (int(x), top), 75, (120, 150, 200), -1)


def _draw_arm(seen: Image, reach: Reach, at: float) -> None:
    since = at - reach.at
    if not 0 <= since <= 2 * _REACH_S + _HOLD_S:
        return
    way = min(1.0, since / _REACH_S, (2 * _REACH_S + _HOLD_S - since) / _REACH_S)
    x, y, width, height = REGIONS[reach.plate]
    goal = np.array([x + width / 2, y + height * 0.6])
    start = np.array([x + width / 2 - 120, HEIGHT + 80.0])
    hand = start + (goal - start) * way
    ends = [tuple(int(v) for v in p) for p in (start, hand)]
    cv2.line(seen, ends[0], ends[1], (90, 60, 50), 70)
    cv2.circle(seen, ends[1], 52, (120, 150, 200), -1)
