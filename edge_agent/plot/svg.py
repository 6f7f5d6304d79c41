"""A drawing as SVG."""

from __future__ import annotations

from functools import singledispatch
from xml.sax.saxutils import escape, quoteattr

from edge_agent.plot.drawing import PAPER, Area, Dots, Drawing, Line, Point, Shape, Text

# The first is what people's screens have; the second has the names of products in Chinese.
FONTS = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'DejaVu Sans', sans-serif"
ARROW = 4.0


def to_svg(drawing: Drawing) -> str:
    """Write the drawing as one SVG document."""
    size = f'width="{drawing.width}" height="{drawing.height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {drawing.width} {drawing.height}" '
            f'font-family="{FONTS}" role="img">',
            f"<title>{escape(drawing.title)}</title>",
            f'<rect {size} fill="{PAPER}"/>',
            *(_shape(shape) for shape in drawing.shapes),
            "</svg>",
            "",
        ]
    )


@singledispatch
def _shape(shape: Shape) -> str:
    raise TypeError(f"no such shape: {type(shape).__name__}")


@_shape.register
def _(line: Line) -> str:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in line.points)
    dash = f' stroke-dasharray="{line.dash:g}"' if line.dash else ""
    drawn = (
        f'<polyline points="{points}" fill="none" stroke="{line.color}" '
        f'stroke-width="{line.width:g}" stroke-linejoin="round"{dash}/>'
    )
    if not line.arrows:
        return drawn
    tips = arrow_tips(line.points[0], line.points[-1])
    return drawn + "".join(
        f'<polygon points="{" ".join(f"{x:.2f},{y:.2f}" for x, y in tip)}" fill="{line.color}"/>'
        for tip in tips
    )


def arrow_tips(start: Point, end: Point) -> list[list[Point]]:
    """The triangle at the end of an upright line, which points away from its start."""
    (x, from_y), (_, y) = start, end
    back = ARROW * 1.6 if y < from_y else -ARROW * 1.6
    return [[(x, y), (x - ARROW, y + back), (x + ARROW, y + back)]]


@_shape.register
def _(area: Area) -> str:
    return (
        f'<rect x="{area.left:.2f}" y="{area.top:.2f}" width="{area.width:.2f}" '
        f'height="{area.height:.2f}" fill="{area.color}" fill-opacity="{area.opacity:g}"/>'
    )


@_shape.register
def _(dots: Dots) -> str:
    return f'<g fill="{dots.color}">' + "".join(
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{dots.radius:g}"/>' for x, y in dots.points
    ) + "</g>"  # fmt: skip


@_shape.register
def _(text: Text) -> str:
    bold = ' font-weight="600"' if text.bold else ""
    turn = f' transform="rotate(-90 {text.x:.2f} {text.y:.2f})"' if text.upright else ""
    return (
        f'<text x="{text.x:.2f}" y="{text.y:.2f}" font-size="{text.size:g}" '
        f"fill={quoteattr(text.color)} "
        f'text-anchor="{text.anchor}"{bold}{turn}>{escape(text.text)}</text>'
    )
