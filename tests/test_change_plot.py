"""Pictures of changes: what they show, as SVG, as PNG and in the terminal."""

from __future__ import annotations

from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.plot.change_plot import ChangePlot, base_of, draw_change
from edge_agent.plot.characters import COLUMNS, ROWS, to_lines
from edge_agent.plot.drawing import Area, Axis, Dots, Line, Text, number
from edge_agent.plot.svg import to_svg

START = 1_760_000_000.0
SVG = "{http://www.w3.org/2000/svg}"


def plot(
    delta_g: float = -346.2, rate_hz: float = 80.0, title: str = "Plate A1: 1 × Cola taken"
) -> ChangePlot:
    since = np.arange(-2, 5, 1 / rate_hz)
    noise = np.random.default_rng(1).normal(0, 0.3, len(since))
    grams = 1040.2 + noise + np.where(since > 0.6, delta_g, 0.0)
    return ChangePlot(
        title=title,
        subtitle="2026-03-01 12:00:03 · 99.9 % sure",
        times=START + since,
        grams=grams,
        began_at=START,
        settled_at=START + 1.2,
        base_g=1040.2,
        delta_g=delta_g,
        sigma_g=0.11,
    )


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_picture_says_what_it_shows() -> None:
    said = texts(to_svg(draw_change(plot())))
    assert "Plate A1: 1 × Cola taken" in said
    assert "seconds since it began" in said
    assert "grams on the plate" in said
    assert "began" in said
    assert "settled after 1.2 s" in said
    assert "before 1 040.2 g" in said
    assert "after 694.0 g" in said
    assert "−346.2 g" in said
    assert "± 0.1 g" in said


def test_names_from_a_catalogue_do_not_break_a_picture() -> None:
    name = 'Plate A1: 1 × <Fish & Chips> "可口可乐" taken'
    assert name in texts(to_svg(draw_change(plot(title=name))))


def test_the_levels_lie_where_the_axis_says() -> None:
    shapes = draw_change(plot()).shapes
    ticks = [s for s in shapes if isinstance(s, Text) and s.text in ("800", "1 000")]
    (high, low) = sorted(t.y for t in ticks)
    per_gram = (low - high) / 200
    dashed = [s for s in shapes if isinstance(s, Line) and s.dash == 6]
    before, after = (line.points[0][1] for line in dashed)
    assert after - before == pytest.approx(346.2 * per_gram, rel=0.01)


def test_few_samples_are_shown_as_dots_as_well() -> None:
    def dots(rate_hz: float) -> int:
        return sum(isinstance(s, Dots) for s in draw_change(plot(rate_hz=rate_hz)).shapes)

    # Two are always there: the rests before and after, enlarged.
    assert dots(80.0) == 2
    assert dots(10.0) == 3


@pytest.mark.parametrize("delta_g", [-3000.0, -5.0, 0.0, 2.5, 4800.0])
def test_everything_lies_within_the_picture(delta_g: float) -> None:
    drawing = draw_change(plot(delta_g))
    for shape in drawing.shapes:
        points = (
            shape.points
            if isinstance(shape, Line | Dots)
            else [(shape.left, shape.top)]
            if isinstance(shape, Area)
            else [(shape.x, shape.y)]
        )
        for x, y in points:
            assert 0 <= x <= drawing.width, shape
            assert 0 <= y <= drawing.height, shape


@given(low=st.floats(-5000, 5000), span=st.floats(0.01, 20_000), about=st.integers(2, 12))
def test_ticks_are_round_and_not_too_many(low: float, span: float, about: int) -> None:
    axis = Axis(low, low + span, 0.0, 100.0)
    ticks = axis.ticks(about)
    assert len(ticks) <= about + 1
    for tick in ticks:
        assert -1e-6 <= axis.at(tick) <= 100 + 1e-6


def test_numbers_are_set_as_people_write_them() -> None:
    assert number(-1234.56, 1) == "−1 234.6"
    assert number(-0.04, 1) == "0.0"
    assert number(12.0, 0) == "12"


def test_a_base_is_the_level_before_or_taken_back_from_the_end() -> None:
    shown = plot()
    assert base_of(shown.times, shown.grams, START, -346.2) == pytest.approx(1040.2, abs=0.1)
    late = shown.times > START + 2
    found = base_of(shown.times[late], shown.grams[late], START, -346.2)
    assert found == pytest.approx(1040.2, abs=0.1)


@pytest.mark.skipif(not hasattr(cv2, "FontFace"), reason="OpenCV 4 has no fonts of its own")
def test_a_png_can_be_read_back_and_shows_the_colours_of_the_levels() -> None:
    from edge_agent.plot.png import SCALE, to_png

    drawing = draw_change(plot())
    png = to_png(drawing)
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (drawing.height * SCALE, drawing.width * SCALE, 3)
    colours = {tuple(c) for c in image.reshape(-1, 3)[::3].tolist()}
    # Blue, green, red of the trace, and of the level after.
    assert {(0xA8, 0x5F, 0x2C), (0x5A, 0x85, 0x2F)} <= colours


def test_a_terminal_shows_the_trace_between_its_levels() -> None:
    lines = to_lines(plot())
    assert len(lines) == ROWS + 2
    assert "1 040" in lines[0]
    assert any("694.0" in line for line in lines)
    assert "settled after 1.2 s" in lines[-1]
    assert "began" in lines[-1]
    assert all(len(line) <= COLUMNS + 12 for line in lines)
    dots = sum(0x2800 < ord(c) <= 0x28FF for line in lines for c in line)
    assert dots >= COLUMNS


@pytest.mark.parametrize("settled_s", [0.0, 4.9])
def test_the_marks_of_a_terminal_have_room(settled_s: float) -> None:
    shown = plot(rate_hz=10.0)
    at = START + settled_s
    moved = ChangePlot(
        shown.title, "", shown.times, shown.grams, START, at, shown.base_g, -346.2, 0.1
    )
    assert "began" in to_lines(moved)[-1]
    assert f"settled after {settled_s:.1f} s" in to_lines(moved)[-1]
