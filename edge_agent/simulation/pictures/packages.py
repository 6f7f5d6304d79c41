"""Packages: a flat print wrapped around a can, bottle, carton, bag, cup or box, with its light."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from edge_agent.simulation.pictures.looks import Look
from edge_agent.simulation.pictures.prints import back, front
from edge_agent.simulation.pictures.sprites import Sprite
from edge_agent.vision.frames import Image

TILT = 0.24
"""How much of a level circle's depth is seen: the sine of the camera's angle, some 14 degrees."""

YAWS = (-16.0, -8.0, 0.0, 8.0, 16.0)
"""How far a unit may be turned on its plate, in degrees."""


@lru_cache(maxsize=512)
def package(look: Look, px_per_mm: float, yaw: float = 0.0, face: str = "front") -> Sprite:
    """One unit as seen from the front and a little above, standing at the bottom edge."""
    flat = front(look, px_per_mm) if face == "front" else back(look, px_per_mm)
    if look.shape in ("can", "bottle", "cup"):
        return _round(look, flat, yaw)
    if look.shape == "bag":
        return _bag(look, flat, yaw)
    return _box(look, flat, yaw)


def _round(look: Look, flat: Image, yaw: float) -> Sprite:
    height, width = flat.shape[:2]
    lid = round(0.5 * TILT * width)
    if look.shape == "bottle":
        wrapped = _wrapped(flat[round(0.0 * height) :], yaw)
        return _bottle(look, wrapped)
    body = _lit_round(_wrapped(flat, yaw))
    sprite = np.zeros((height + lid, width, 4), np.uint8)
    rows = np.arange(height + lid, dtype=np.float32)[:, None]
    across = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2.0 - 1.0
    taper = 0.0
    if look.shape == "cup":
        taper = 0.12
        body = _tapered(body, taper)
        across = across / (1.0 - taper * np.clip((rows - lid) / height, 0.0, 1.0))
    arc = np.sqrt(np.clip(1.0 - across**2, 0.0, 1.0))
    inside = (
        (np.abs(across) <= 1.0)
        & (rows >= lid - arc * lid)
        & (rows <= height - 1 + arc * lid * 0.98)
    )
    # Each column of the print hangs as low as the rim that it is below.
    drop = np.clip(rows - arc * lid, 0, height - 1).astype(np.float32)
    xs = np.broadcast_to(np.arange(width, dtype=np.float32)[None], drop.shape)
    sprite[..., :3] = cv2.remap(
        body, np.ascontiguousarray(xs), np.ascontiguousarray(drop), cv2.INTER_LINEAR
    )
    sprite[..., 3] = np.where(inside, 255, 0)
    _lid(sprite, look, lid)
    return sprite


def _wrapped(flat: Image, yaw: float) -> Image:
    """A flat print around half a cylinder, turned by `yaw` degrees."""
    height, width = flat.shape[:2]
    across = (np.arange(width, dtype=np.float32) + 0.5) / width * 2.0 - 1.0
    angle = np.arcsin(across) / (0.5 * np.pi) + yaw / 90.0
    # The print covers 0.8 of the half that is seen, so that nothing of it is lost at the rim.
    x = (0.5 + 0.5 * angle / 0.8) * (width - 1)
    maps = np.broadcast_to(x.astype(np.float32)[None], (height, width))
    ys = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    return np.asarray(
        cv2.remap(
            flat,
            np.ascontiguousarray(maps),
            np.ascontiguousarray(ys),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        ),
        np.uint8,
    )


def _lit_round(body: Image) -> Image:
    """Light from the upper left on a cylinder, with the streak that lamps leave on foil."""
    width = body.shape[1]
    across = (np.arange(width, dtype=np.float32) + 0.5) / width * 2.0 - 1.0
    shade = 0.42 + 0.66 * np.sqrt(np.clip(1.0 - (across + 0.22) ** 2 / 1.5, 0.0, 1.0))
    streak = 70.0 * np.exp(-(((across + 0.5) / 0.09) ** 2)) + 26.0 * np.exp(
        -(((across - 0.72) / 0.06) ** 2)
    )
    lit = body.astype(np.float32) * shade[None, :, None] + streak[None, :, None]
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def _tapered(body: Image, taper: float) -> Image:
    height, width = body.shape[:2]
    inset = 0.5 * taper * width
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = np.array([[0, 0], [width, 0], [width - inset, height], [inset, height]], np.float32)
    return np.asarray(
        cv2.warpPerspective(
            body,
            cv2.getPerspectiveTransform(source, target),
            (width, height),
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _lid(sprite: Sprite, look: Look, lid: int) -> None:
    """The top that the camera looks down on: metal with a tab, or foil."""
    width = sprite.shape[1]
    centre, axes = (width // 2, lid), (width // 2 - 1, max(1, lid - 1))
    metal = (
        (196, 198, 200) if look.shape == "can" else tuple(int(0.5 * c + 120) for c in look.accent)
    )
    cv2.ellipse(sprite, centre, axes, 0, 0, 360, (*metal, 255), -1, cv2.LINE_AA)
    inner = (round(0.86 * axes[0]), max(1, round(0.8 * axes[1])))
    cv2.ellipse(
        sprite, centre, inner, 0, 0, 360, (*(int(0.82 * c) for c in metal), 255), -1, cv2.LINE_AA
    )
    cv2.ellipse(
        sprite, centre, inner, 0, 180, 330, (235, 236, 238, 255), max(1, width // 60), cv2.LINE_AA
    )
    if look.shape == "can":
        cv2.ellipse(
            sprite,
            (width // 2, lid + max(1, lid // 5)),
            (width // 7, max(1, lid // 4)),
            0,
            0,
            360,
            (150, 152, 154, 255),
            max(1, width // 50),
            cv2.LINE_AA,
        )


def _bottle(look: Look, wrapped: Image) -> Sprite:
    """A clear bottle with its drink, a label around the middle and a screw cap."""
    height, width = wrapped.shape[:2]
    y = np.arange(height, dtype=np.float32)[:, None] / height
    across = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2.0 - 1.0
    neck = np.clip((y - 0.12) / 0.2, 0.0, 1.0)
    half = 0.36 + 0.64 * neck * neck * (3.0 - 2.0 * neck)
    half -= 0.035 * np.abs(np.sin(22.0 * y)) * (y > 0.34)
    drink = 0.45 * np.array(look.ground, np.float32) + np.array((120, 118, 112), np.float32)
    body = np.broadcast_to(drink * (1.05 - 0.25 * y)[..., None], (height, width, 3)).copy()
    label = slice(round(0.4 * height), round(0.8 * height))
    shrunk = cv2.resize(wrapped, (width, label.stop - label.start), interpolation=cv2.INTER_AREA)
    body[label] = shrunk
    body[: round(0.1 * height)] = np.array(look.accent, np.float32) * 0.9
    ribs = round(0.1 * height)
    body[:ribs, :: max(2, width // 14)] *= 0.7
    shade = _lit_round(np.clip(body, 0, 255).astype(np.uint8))
    sprite = np.zeros((height, width, 4), np.uint8)
    sprite[..., :3] = shade
    foot = y < 1.0 - 0.05 * across**2 * TILT * 4
    sprite[..., 3] = np.where((np.abs(across) <= half) & foot, 255, 0)
    return sprite


def _box(look: Look, flat: Image, yaw: float) -> Sprite:
    """The front and, as it is turned, a little of one side; the top above."""
    height, width = flat.shape[:2]
    side = max(1, round(width * 0.42 * abs(np.sin(np.radians(yaw)))))
    top = max(1, round(0.45 * TILT * width))
    face_w = max(4, round(width * np.cos(np.radians(yaw))))
    sprite = np.zeros((height + top, face_w + side, 4), np.uint8)
    face = cv2.resize(flat, (face_w, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    face *= np.linspace(1.03, 0.9, height, dtype=np.float32)[:, None, None]
    x = side if yaw > 0 else 0
    sprite[top:, x : x + face_w, :3] = np.clip(face, 0, 255)
    sprite[top:, x : x + face_w, 3] = 255
    tone = np.array(look.ground, np.float32)
    edge = slice(0, side) if yaw > 0 else slice(face_w, face_w + side)
    sprite[top:, edge] = (*(tone * 0.55).astype(int).tolist(), 255)
    roof = np.array(
        [[x, top], [x + face_w - 1, top], [x + face_w - 1 - top // 2, 0], [x + top // 2, 0]]
    )
    cv2.fillConvexPoly(
        sprite, roof.astype(np.int32), (*np.minimum(255, tone * 1.15).astype(int).tolist(), 255)
    )
    cv2.line(
        sprite,
        (x, top),
        (x + face_w - 1, top),
        (*(tone * 0.7).astype(int).tolist(), 255),
        max(1, top // 8),
    )
    return sprite


def _bag(look: Look, flat: Image, yaw: float) -> Sprite:
    """A pillow of foil: bulging edges, crimped ends, creases that catch the light."""
    height, width = flat.shape[:2]
    rng = np.random.Generator(np.random.PCG64([look.seed, round(yaw) + 90]))
    y = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    across = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2.0 - 1.0
    bulge = 0.9 + 0.1 * np.clip(np.sin(np.pi * np.clip(y * 1.1 - 0.05, 0, 1)), 0, 1) ** 0.6
    bulge = bulge + 0.012 * np.interp(y[:, 0] * 9, np.arange(10), rng.standard_normal(10))[:, None]
    crease = cv2.resize(
        rng.standard_normal((9, 7)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    fine = cv2.resize(
        rng.standard_normal((22, 16)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    slope = np.asarray(cv2.Sobel(crease, cv2.CV_32F, 1, 1, ksize=3), np.float32)
    slope = slope / (float(np.abs(slope).max()) + 1e-6)
    shade = 0.95 - 0.34 * np.abs(across + 0.12) ** 3 + 0.07 * crease + 0.05 * fine + 0.1 * slope
    lit = flat.astype(np.float32) * np.clip(shade, 0.3, 1.5)[..., None]
    lit += (60.0 * np.clip(crease + 0.5 * fine - 1.5, 0.0, 1.0))[..., None]
    crimp = (y < 0.055) | (y > 0.95)
    ridges = 0.82 + 0.18 * np.sin(2.0 * np.pi * np.arange(width) / max(3.0, width / 34.0))
    lit = np.where(crimp[..., None], np.array(look.ground, np.float32) * ridges[None, :, None], lit)
    sprite = np.zeros((height, width, 4), np.uint8)
    sprite[..., :3] = np.clip(lit, 0, 255)
    sprite[..., 3] = np.where(np.abs(across) <= bulge, 255, 0)
    return sprite
