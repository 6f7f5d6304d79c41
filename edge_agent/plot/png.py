"""A drawing as PNG, painted by OpenCV 5, which brings fonts of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import singledispatchmethod
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.errors import UsageError
from edge_agent.plot.drawing import PAPER, Area, Dots, Drawing, Line, Point, Shape, Text
from edge_agent.plot.svg import arrow_tips

# Twice the points, for screens as they are today.
SCALE = 2.0
# Coordinates are given to OpenCV in 16ths of a pixel.
SHIFT = 4
NORMAL, SEMIBOLD = 400, 600


def to_png(drawing: Drawing) -> bytes:
    """Paint the drawing and return the PNG's bytes; UsageError where OpenCV is older than 5."""
    if not hasattr(cv2, "FontFace"):
        raise UsageError(
            f"PNG pictures need OpenCV 5 for their letters, and here is {cv2.__version__}. "
            "Write an SVG instead: --out change.svg"
        )
    painter = _Painter(drawing)
    for shape in drawing.shapes:
        painter.paint(shape)
    done, png = cv2.imencode(".png", painter.image)
    assert done, "OpenCV encodes every picture of bytes as PNG"
    return png.tobytes()


class _Painter:
    """Paints shapes on an image of `SCALE` pixels a point."""

    def __init__(self, drawing: Drawing) -> None:
        size = (round(drawing.height * SCALE), round(drawing.width * SCALE), 3)
        self.image: Any = np.full(size, _bgr(PAPER), dtype=np.uint8)
        self._font = cv2.FontFace("uni")

    @singledispatchmethod
    def paint(self, shape: Shape) -> None:
        """Paint one shape over what is there."""
        raise TypeError(f"no such shape: {type(shape).__name__}")

    @paint.register
    def _(self, line: Line) -> None:
        pieces = _dashes(line.points, line.dash) if line.dash else [line.points]
        thick = max(1, round(line.width * SCALE))
        for piece in pieces:
            shape = [_fine(piece)]
            cv2.polylines(self.image, shape, False, _bgr(line.color), thick, cv2.LINE_AA, SHIFT)
        if line.arrows:
            for tip in arrow_tips(line.points[0], line.points[-1]):
                cv2.fillPoly(self.image, [_fine(tip)], _bgr(line.color), cv2.LINE_AA, SHIFT)

    @paint.register
    def _(self, area: Area) -> None:
        left, top = round(area.left * SCALE), round(area.top * SCALE)
        right, bottom = (area.left + area.width) * SCALE, (area.top + area.height) * SCALE
        part = self.image[top : max(top + 1, round(bottom)), left : max(left + 1, round(right))]
        part[:] = np.round(part * (1 - area.opacity) + np.array(_bgr(area.color)) * area.opacity)

    @paint.register
    def _(self, dots: Dots) -> None:
        for x, y in dots.points:
            center = (round(x * SCALE * 2**SHIFT), round(y * SCALE * 2**SHIFT))
            radius = round(dots.radius * SCALE * 2**SHIFT)
            cv2.circle(self.image, center, radius, _bgr(dots.color), -1, cv2.LINE_AA, SHIFT)

    @paint.register
    def _(self, text: Text) -> None:
        if not text.upright:
            self._write(self.image, text, text.x * SCALE, text.y * SCALE)
            return
        # The picture is turned so that the text lies flat in it, and back.
        turned = np.ascontiguousarray(np.rot90(self.image, -1))
        self._write(turned, text, (self.image.shape[0] - text.y * SCALE), text.x * SCALE)
        self.image = np.ascontiguousarray(np.rot90(turned, 1))

    def _write(self, image: Any, text: Text, x: float, y: float) -> None:
        size, weight = round(text.size * SCALE), SEMIBOLD if text.bold else NORMAL
        _, _, width, _ = cv2.getTextSize((0, 0), text.text, (0, 0), self._font, size, weight)
        shift = {"start": 0.0, "middle": width / 2, "end": float(width)}[text.anchor]
        place = (round(x - shift), round(y))
        cv2.putText(image, text.text, place, _bgr(text.color), self._font, size, weight)


def _bgr(color: str) -> tuple[int, int, int]:
    """`#rrggbb` as OpenCV wants it."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return blue, green, red


def _fine(points: Sequence[Point]) -> npt.NDArray[np.int32]:
    return np.asarray(np.round(np.array(points) * SCALE * 2**SHIFT), dtype=np.int32)


def _dashes(points: Sequence[Point], dash: float) -> Iterator[list[Point]]:
    """Cut straight pieces into dashes with gaps of their length."""
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0)
        for number in range(math.ceil(length / (2 * dash))):
            begin, end = 2 * dash * number, min(2 * dash * number + dash, length)
            yield [
                (x0 + (x1 - x0) * at / length, y0 + (y1 - y0) * at / length) for at in (begin, end)
            ]
