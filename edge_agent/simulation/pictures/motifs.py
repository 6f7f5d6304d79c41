"""The picture on a package: a slice of fruit, a flower, leaves, beans."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edge_agent.simulation.pictures.looks import Look, darker
from edge_agent.vision.frames import Image

Point = tuple[int, int]


def draw_motif(image: Image, look: Look, centre: Point, radius: int) -> None:
    """Draw the motif of a look on a white disc, in place."""
    cv2.circle(image, centre, round(1.12 * radius), (248, 250, 250), -1, cv2.LINE_AA)
    draw = (_slice, _slice, _flower, _flower, _leaves, _leaves)[look.motif]
    draw(image, look, centre, radius)


def _slice(image: Image, look: Look, centre: Point, radius: int) -> None:
    cv2.circle(image, centre, radius, look.accent, -1, cv2.LINE_AA)
    for turn in range(0, 360, 45 if look.motif else 30):
        end = _on_circle(centre, 0.85 * radius, math.radians(turn))
        cv2.line(image, centre, end, (240, 244, 246), max(1, radius // 12), cv2.LINE_AA)


def _flower(image: Image, look: Look, centre: Point, radius: int) -> None:
    corners = 2 * (5 + look.motif)
    spikes = [
        _on_circle(centre, radius * (0.48 if n % 2 else 1.0), 2.0 * math.pi * n / corners)
        for n in range(corners)
    ]
    cv2.fillPoly(image, [np.array(spikes, np.int32)], look.accent, cv2.LINE_AA)
    cv2.circle(image, centre, radius // 3, darker(look.accent), -1, cv2.LINE_AA)


def _leaves(image: Image, look: Look, centre: Point, radius: int) -> None:
    size = (max(1, radius // 3), max(1, round(0.9 * radius)))
    for turn in (-35.0, 35.0, 0.0):
        at = (centre[0] + round(0.3 * radius * turn / 35.0), centre[1])
        lean = turn if look.motif == 4 else 90.0 + turn
        cv2.ellipse(image, at, size, lean, 0, 360, look.accent, -1, cv2.LINE_AA)
        edge = max(1, radius // 14)
        cv2.ellipse(image, at, size, lean, 0, 360, darker(look.accent), edge, cv2.LINE_AA)


def _on_circle(centre: Point, radius: float, angle: float) -> Point:
    return round(centre[0] + radius * math.cos(angle)), round(centre[1] + radius * math.sin(angle))
