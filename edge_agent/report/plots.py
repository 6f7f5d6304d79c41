"""The report's plots: loss by day, by weekday and hour, by product. Pure drawing."""

from __future__ import annotations

from datetime import date

from edge_agent.plot.drawing import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    SOFT,
    Area,
    Axis,
    Drawing,
    Line,
    Shape,
    Text,
    cut,
    round_step,
)
from edge_agent.report.figures import HeatCell, LossRow, Report, TimeRow
from edge_agent.report.reckoning import WEEKDAYS
from edge_agent.report.words import amount

WIDTH = 860
LEFT, RIGHT = 64.0, 844.0
MOST_PRODUCTS = 15
# Names are set beside their bars: what is longer is cut, the table has it whole.
NAME_WIDTH = 26
# With more days than this their names would not tell the year.
MANY_DAYS = 300


def by_day(report: Report) -> Drawing:
    """Lost value by day as bars, provisional on top; days nobody watched are shaded."""
    days = report.days
    height, top, bottom = 250, 26.0, 206.0
    most = max((_lost(d) + d.loss.provisional_value for d in days), default=0.0)
    up, shapes = _value_axis(most, report.currency, top, bottom)
    step = (RIGHT - LEFT) / max(1, len(days))
    for number, day in enumerate(days):
        left, width = LEFT + number * step, step * 0.8
        if day.observed_s == 0:
            shapes.append(Area(left, top, step, bottom - top, SOFT, 0.10))
        lost = up.at(_lost(day))
        both = up.at(_lost(day) + day.loss.provisional_value)
        shapes.append(Area(left + step * 0.1, lost, width, bottom - lost, BLUE))
        shapes.append(Area(left + step * 0.1, both, width, lost - both, ORANGE, 0.7))
        if number % max(1, round(len(days) / 16)) == 0:
            name = date.fromisoformat(day.loss.key)
            text = f"{name:%m-%d}" if len(days) < MANY_DAYS else f"{name:%Y-%m}"
            shapes.append(Text(left + step / 2, bottom + 16, text, 10.5, SOFT, "middle"))
    shapes += _legend(bottom + 38)
    shapes.append(Line([(LEFT, bottom), (RIGHT, bottom)], INK, 1))
    return Drawing(WIDTH, height, "Lost value by day", tuple(shapes))


def _lost(time: TimeRow) -> float:
    return time.loss.value.value or 0.0


def _value_axis(most: float, currency: str, top: float, bottom: float) -> tuple[Axis, list[Shape]]:
    """An upright axis of money from 0, with its lines; in minor units."""
    step = round_step(max(most, 4.0) / 4)
    up = Axis(0.0, step * max(1, -(-most // step)), bottom, top)
    shapes: list[Shape] = [Text(LEFT, top - 10, currency, 10.5, SOFT, "end")]
    for tick in up.ticks(4):
        y = up.at(tick)
        shapes.append(Line([(LEFT, y), (RIGHT, y)], FAINT, 1))
        shapes.append(Text(LEFT - 8, y + 4, amount(tick, currency), 10.5, SOFT, "end"))
    return up, shapes


def _legend(y: float) -> list[Shape]:
    shapes: list[Shape] = []
    for number, (text, color, opacity) in enumerate(
        (("lost", BLUE, 1.0), ("provisional", ORANGE, 0.7), ("nobody watched", SOFT, 0.15))
    ):
        x = LEFT + number * 130
        shapes.append(Area(x, y - 9, 11, 11, color, opacity))
        shapes.append(Text(x + 17, y, text, 11, SOFT))
    return shapes


def by_weekday_and_hour(report: Report) -> Drawing:
    """Lost value in an observed hour, as a heat map; hatched where nobody watched."""
    top, size, left = 26.0, 30.0, 100.0
    width = (RIGHT - left) / 24
    paces = {at: _pace(cell) for at, cell in report.heat.items()}
    most = max((pace for pace in paces.values() if pace is not None), default=0.0)
    shapes: list[Shape] = []
    for hour in range(0, 24, 2):
        x = left + (hour + 0.5) * width
        shapes.append(Text(x, top - 8, f"{hour:02d}", 10.5, SOFT, "middle"))
    for weekday, name in enumerate(WEEKDAYS):
        y = top + weekday * size
        shapes.append(Text(left - 10, y + size / 2 + 4, name, 11.5, INK, "end"))
        for hour in range(24):
            place = (left + hour * width + 1, y + 1, width - 2, size - 2)
            shapes += _heat(paces.get((weekday, hour)), most, place, report.currency)
    bottom = top + 7 * size
    shapes.append(Text(left, bottom + 20, f"{report.currency} lost in an observed hour;", 11, SOFT))
    shapes.append(Line([(left + 196, bottom + 20), (left + 208, bottom + 8)], SOFT, 1))
    shapes.append(Text(left + 216, bottom + 20, "nobody watched", 11, SOFT))
    return Drawing(WIDTH, int(bottom + 36), "Lost value by weekday and hour", tuple(shapes))


def _pace(cell: HeatCell) -> float | None:
    return cell.value * 3600 / cell.observed_s if cell.observed_s else None


def _heat(
    pace: float | None,
    most: float,
    place: tuple[float, float, float, float],
    currency: str,
) -> list[Shape]:
    left, top, width, height = place
    shapes: list[Shape] = [Area(left, top, width, height, FAINT, 0.6)]
    if pace is None:
        return [
            *shapes,
            Line([(left + 4, top + height - 4), (left + width - 4, top + 4)], SOFT, 0.6),
        ]
    share = (pace / most) ** 0.6 if most else 0.0
    shapes.append(Area(left, top, width, height, BLUE, share))
    if pace:
        color = "#ffffff" if share > 0.55 else INK
        shapes.append(
            Text(
                left + width / 2, top + height / 2 + 3.5, _short(pace, currency), 9, color, "middle"
            )
        )
    return shapes


def _short(minor_units: float, currency: str) -> str:
    text = amount(minor_units, currency)
    return text.split(".")[0] if len(text) > 4 and "." in text else text


def by_product(report: Report) -> Drawing:
    """The share of units taken that were lost, by product, with its 95 % interval."""
    rows = sorted(report.products, key=lambda r: -(r.rate.value or 0))
    rows = [row for row in rows if row.taken][:MOST_PRODUCTS]
    top, size, left, right = 26.0, 26.0, 232.0, 780.0
    bottom = top + max(1, len(rows)) * size
    # A bound that nearly nothing is known of would press all others to the edge.
    most = max([0.02, *(min(r.rate.high or 0, 3 * (r.rate.value or 0) + 0.05) for r in rows)])
    across = Axis(0.0, min(1.0, most), left, right)
    shapes: list[Shape] = []
    for tick in across.ticks(6):
        x = across.at(tick)
        shapes.append(Line([(x, top), (x, bottom)], FAINT, 1))
        shapes.append(Text(x, top - 8, f"{100 * tick:.3g} %", 10.5, SOFT, "middle"))
    for number, row in enumerate(rows):
        shapes += _product(row, top + number * size, size, across)
    shapes.append(Line([(left, top), (left, bottom)], INK, 1))
    return Drawing(WIDTH, int(bottom + 12), "Lost share of units by product", tuple(shapes))


def _product(row: LossRow, top: float, size: float, across: Axis) -> list[Shape]:
    middle, share = top + size / 2, row.rate.value or 0.0
    low, high = row.rate.low or 0.0, row.rate.high or 0.0
    end = across.at(min(high, across.high))
    shapes: list[Shape] = [
        Text(across.first - 10, middle + 4, cut(row.name, NAME_WIDTH), 11.5, INK, "end"),
        Area(across.first, top + 6, across.at(share) - across.first, size - 12, BLUE, 0.75),
        Line([(across.at(low), middle), (end, middle)], INK, 1.2),
        Line([(across.at(low), middle - 4), (across.at(low), middle + 4)], INK, 1.2),
        Text(across.last + 10, middle + 4, f"{row.lost} of {row.taken}", 10.5, SOFT),
    ]
    if high <= across.high:
        shapes.append(Line([(end, middle - 4), (end, middle + 4)], INK, 1.2))
    return shapes
