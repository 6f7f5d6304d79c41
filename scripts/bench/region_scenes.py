"""Shelves as a camera may see them: goods, light, noise, hands and people, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Region

Plane = NDArray[np.float32]
WIDTH, HEIGHT = 1280, 720
REGIONS: dict[str, Region] = {
    f"{'ABC'[row]}{column + 1}": (20 + 210 * column, 20 + 235 * row, 190, 215)
    for row in range(3)
    for column in range(6)
}
CARTONS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cartons"

STRENGTHS = {"mild": 0.33, "strong": 0.7, "very strong": 1.0}
_SHADOWS = {"mild": 1, "strong": 2, "very strong": 3}
_DEPTH = {"mild": 0.2, "strong": 0.45, "very strong": 0.65}


@dataclass(frozen=True, slots=True)
class Goods:
    """A thing to put on a shelf: (h, w, 3) floats and how opaque each pixel is, 0 to 1."""

    picture: Plane
    opaque: Plane


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a region a thing stands: `height` of the region's, `across` 0 left to 1 right."""

    height: float
    across: float


@dataclass(frozen=True, slots=True)
class Light:
    """What light and exposure do: out = (in * field) ** gamma, channel by channel."""

    gamma: float = 1.0
    field: Plane = field(default_factory=lambda: np.ones((1, 1, 3), np.float32))


def empty_shelf(rng: np.random.Generator) -> Plane:
    """Draw boards, price labels and a back wall that is not quite plain."""
    colour = rng.integers(60, 220, 3) * 0.5 + rng.integers(60, 200) * 0.5
    coarse = rng.normal(0, 0.04, (45, 80)).astype(np.float32)
    wall = 1 + cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    shelf = wall[..., np.newaxis] * colour.astype(np.float32)
    labels = rng.random() < 0.6
    for row in range(4):
        y = 10 + 235 * row
        board = [float(c) for c in colour * 0.55]
        cv2.rectangle(shelf, (0, y - 12), (WIDTH, y + 4), board, -1)
        for column in range(6 if labels else 0):
            x = 60 + 210 * column
            cv2.rectangle(shelf, (x, y - 10), (x + 70, y + 2), (235, 235, 235), -1)
    return np.clip(shelf, 0, 255).astype(np.float32)


def drawn_goods(rng: np.random.Generator) -> Goods:
    """Draw a can, a box or a bottle with a print of its own."""
    height, width = 200, int(rng.integers(70, 170))
    first, second, third = (tuple(int(c) for c in rng.integers(10, 245, 3)) for _ in range(3))
    picture = np.full((height, width, 3), first, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        y = int(rng.integers(20, 160))
        cv2.rectangle(picture, (0, y), (width, y + int(rng.integers(10, 40))), second, -1)
    centre = (width // 2, int(rng.integers(60, 140)))
    cv2.circle(picture, centre, int(rng.integers(15, 35)), third, -1)
    word = "".join(rng.choice(list("ABCDEFGHKLMNOPRSTU"), 5))
    cv2.putText(picture, word, (6, int(rng.integers(40, 180))), 0, width / 90, second, 3)
    opaque = np.zeros((height, width), np.float32)
    cv2.rectangle(opaque, (0, 50), (width, height), 1.0, -1)
    neck = int(width * rng.choice([0.18, 0.5]))
    cv2.rectangle(opaque, (width // 2 - neck, 0), (width // 2 + neck, 60), 1.0, -1)
    round_shade = 1 - 0.35 * np.abs(np.linspace(-1, 1, width)) ** 2
    lit = picture.astype(np.float32) * round_shade[np.newaxis, :, np.newaxis]
    return Goods(lit.astype(np.float32), opaque)


def carton(rng: np.random.Generator, split: str) -> Goods:
    """Cut a carton out of one of the shared photographs; `split` is train or test."""
    folders = sorted(p for p in (CARTONS / split).iterdir() if p.is_dir())
    files = sorted(folders[rng.integers(len(folders))].glob("*.jpg"))
    photo = cv2.imread(str(files[rng.integers(len(files))]))
    assert photo is not None
    height, width = photo.shape[:2]
    half = rng.uniform(0.2, 0.3)
    cut = photo[int(height * 0.08) : int(height * 0.92), int(width * (0.5 - half)) :]
    cut = cut[:, : int(width * 2 * half)]
    return Goods(cut.astype(np.float32), np.ones(cut.shape[:2], np.float32))


def other_colour(goods: Goods, rng: np.random.Generator) -> Goods:
    """Return the same print in other colours, as flavours of one brand have."""
    hsv = cv2.cvtColor(np.clip(goods.picture, 0, 255).astype(np.uint8), cv2.COLOR_BGR2HSV)
    hue = (hsv[..., 0].astype(int) + int(rng.integers(35, 146))) % 180
    hsv[..., 0] = hue.astype(np.uint8)
    return Goods(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(np.float32), goods.opaque)


def put(picture: Plane, region: Region, goods: Goods, spot: Spot) -> None:
    """Put a thing into a region, with the shadow where it stands."""
    x, y, width, height = region
    tall = int(height * spot.height)
    wide = min(int(tall * goods.picture.shape[1] / goods.picture.shape[0]), int(width * 0.9))
    left, top = int(x + (width - wide) * spot.across), y + height - tall - 4
    shadow = np.zeros((60, WIDTH), np.float32)
    cv2.ellipse(shadow, (left + wide // 2, 30), (int(wide * 0.6), 8), 0, 0, 360, 0.35, -1)
    first = top + tall - 30
    ground = picture[first : min(HEIGHT, first + 60)]
    ground *= 1 - cv2.GaussianBlur(shadow, (0, 0), 5)[: len(ground), :, np.newaxis]
    size = (wide, tall)
    thing = cv2.resize(goods.picture, size, interpolation=cv2.INTER_AREA)
    opaque = cv2.resize(goods.opaque, size, interpolation=cv2.INTER_AREA)[..., np.newaxis]
    there = picture[top : top + tall, left : left + wide]
    there[:] = there * (1 - opaque) + thing * opaque


def random_spot(rng: np.random.Generator) -> Spot:
    """Draw where a thing stands and how large it is."""
    return Spot(rng.uniform(0.45, 0.95), rng.uniform(0.1, 0.9))


def random_light(rng: np.random.Generator, strength: str) -> Light:
    """Draw gamma, gain, colour cast, a gradient, and shadows with soft or hard edges."""
    s = STRENGTHS[strength]
    down, across = np.mgrid[-0.5 : 0.5 : HEIGHT * 1j, -0.5 : 0.5 : WIDTH * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * across + np.sin(angle) * down
    plane = np.exp(slope * 1.2 * s * rng.uniform(-1, 1))
    for _ in range(_SHADOWS[strength]):
        plane = plane * _shadow(rng, _DEPTH[strength])
    colour = np.exp(rng.uniform(-1, 1) * 1.1 * s + rng.uniform(-0.25, 0.25, 3) * s)
    return Light(
        float(np.exp(rng.uniform(-0.5, 0.5) * s)),
        (plane[..., np.newaxis] * colour).astype(np.float32),
    )


def _shadow(rng: np.random.Generator, depth: float) -> Plane:
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    angle, soft = rng.uniform(0, 2 * np.pi), rng.uniform(4, 60)
    beyond = np.cos(angle) * (across - WIDTH / 2) + np.sin(angle) * (down - HEIGHT / 2)
    beyond -= rng.uniform(-0.4, 0.4) * WIDTH
    dark = 1 / (1 + np.exp(-beyond / soft))
    if rng.random() < 0.5:
        dark = dark / (1 + np.exp((beyond - rng.uniform(60, 400)) / soft))
    return np.asarray(1 - depth * rng.uniform(0.5, 1) * dark, dtype=np.float32)


def lit(picture: Plane, light: Light, exposed: float = 0.6) -> Plane:
    """Show a picture in a light; exposure makes up for `exposed` of what it lost or won."""
    seen = (np.maximum(picture, 0) / 255) ** light.gamma * light.field
    seen = seen * (0.45 / max(0.02, float(seen.mean()))) ** exposed
    return np.asarray(np.clip(seen, 0, 1) * 255, dtype=np.float32)


def moved(picture: Plane, turn_deg: float, across: float, down: float) -> Plane:
    """Show a picture from a camera that was pushed: a turn and a shift in pixels."""
    warp = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn_deg, 1)
    warp[0, 2] += across
    warp[1, 2] += down
    size = (WIDTH, HEIGHT)
    pushed = cv2.warpAffine(picture, warp, size, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(pushed, dtype=np.float32)


def sensed(picture: Plane, rng: np.random.Generator, noise: float, quality: int = 85) -> Image:
    """Return what a camera makes of it: photon and read noise, then JPEG."""
    deviation = noise * np.sqrt(0.3 + 0.7 * picture / 128)
    noisy = picture + deviation * rng.standard_normal(picture.shape, dtype=np.float32)
    return through_jpeg(np.clip(noisy, 0, 255).astype(np.uint8), quality)


def through_jpeg(picture: Image, quality: int) -> Image:
    """Return a picture as it comes out of JPEG."""
    packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
