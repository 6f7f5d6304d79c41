"""From cells to a report. Pure: the same cells give the same figures, folded or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from edge_agent.report.cells import Cell, Sums
from edge_agent.report.counting import (
    COSTS,
    REFUNDS,
    late_payments,
    named_counts,
    refunds_due,
    restocks,
)
from edge_agent.report.figures import (
    LOST,
    OUTCOMES,
    HeatCell,
    KindRow,
    LossRow,
    Report,
    TimeRow,
)
from edge_agent.report.intervals import UNKNOWN, rate_of_goods, share_lost, value_lost
from edge_agent.report.sheet import Sheet, by_day, by_weekday, by_weekday_and_hour
from edge_agent.report.span import Span

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NO_PLATE = "(no plate)"

_LOST = tuple(f"lost {outcome}" for outcome in LOST)
_CLASSES = ("lost", "unidentified", "shortfall")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a report is of, beside its cells; `names` are the products', by SKU."""

    shelf_id: str
    currency: str
    zone: str
    made_at: float
    today: date
    span: Span
    span_s: float
    names: Mapping[str, str]
    plates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def make_report(cells: Mapping[Cell, Sums], of: Circumstances) -> Report:
    """Reckon every section."""
    sheet = Sheet.of(cells)
    return Report(
        shelf_id=of.shelf_id,
        currency=of.currency,
        zone=of.zone,
        made_at=of.made_at,
        span=of.span,
        span_s=of.span_s,
        total=_total(sheet),
        outcomes=named_counts(sheet, "outcome", {o: o for o in OUTCOMES}, "case"),
        kinds=_kinds(sheet),
        products=_products(sheet, of.names),
        plates=_plates(sheet, of.plates),
        hours=tuple(_time(sheet, h, f"{h}:00") for h in sheet.keys("hour")),
        weekdays=_weekdays(Sheet.of(cells, by_weekday)),
        days=_days(Sheet.of(cells, by_day), of.span, of.today),
        heat=_heat(Sheet.of(cells, by_weekday_and_hour)),
        late=late_payments(sheet),
        margin=named_counts(sheet, "cost", COSTS, "margin"),
        refunds_due=refunds_due(sheet, of.names),
        refunds_given=named_counts(sheet, "reason", REFUNDS, "refunded"),
        restocks=restocks(sheet, of.names),
        notes=of.notes,
    )


Figures = Callable[..., Sums]
"""Gives the sums of measures, by their names, for whatever a row is of."""


def _loss(key: str, name: str, of: Figures, *, has_sales: bool = True) -> LossRow:
    lost, taken, provisional = of(*_LOST), of("taken").units, of("lost provisional")
    sold = of("sold") if has_sales else None
    price = sold.value / sold.units if sold is not None and sold.units > 0 else None
    value = value_lost(lost, price)
    return LossRow(
        key=key,
        name=name,
        cases=lost.events,
        lost=lost.units,
        taken=taken,
        rate=share_lost(lost, taken),
        value=value,
        sold=None if sold is None else sold.value,
        value_rate=UNKNOWN if sold is None else rate_of_goods(value, sold.value),
        provisional=provisional.units,
        provisional_value=provisional.value,
    )


def _total(sheet: Sheet) -> TimeRow:
    return _time_row("", "all", partial(sheet.all, "hour"))


def _time(sheet: Sheet, key: str, name: str) -> TimeRow:
    return _time_row(key, name, partial(sheet.get, "hour", key))


def _time_row(key: str, name: str, of: Figures) -> TimeRow:
    visits = of("visit")
    return TimeRow(_loss(key, name, of), visits.events, visits.units, of("observed").units)


def _weekdays(sheet: Sheet) -> tuple[TimeRow, ...]:
    return tuple(_time(sheet, str(n), name) for n, name in enumerate(WEEKDAYS))


def _days(sheet: Sheet, span: Span, today: date) -> tuple[TimeRow, ...]:
    """Every day of the span that has begun."""
    days = (span.first + timedelta(days=n) for n in range(span.days))
    begun = [day.isoformat() for day in days if day <= today]
    return tuple(_time(sheet, day, day) for day in begun)


def _heat(sheet: Sheet) -> dict[tuple[int, int], HeatCell]:
    cells = {}
    for key in sheet.keys("hour"):
        weekday, hour = map(int, key.split())
        lost = sheet.get("hour", key, *_LOST)
        observed_s = sheet.get("hour", key, "observed").units
        cells[weekday, hour] = HeatCell(weekday, hour, lost.value, lost.units, observed_s)
    return cells


def _products(sheet: Sheet, names: Mapping[str, str]) -> tuple[LossRow, ...]:
    """Products that were taken, sold or lost; the largest loss first."""
    rows = [
        _loss(sku, names.get(sku, sku), partial(sheet.get, "product", sku))
        for sku in sheet.keys("product")
        if sku
    ]
    told = [row for row in rows if row.taken or row.sold or row.lost or row.provisional]
    return tuple(sorted(told, key=lambda row: (-(row.value.value or 0), row.name, row.key)))


def _plates(sheet: Sheet, known: tuple[str, ...]) -> tuple[LossRow, ...]:
    """Plates in the settings' order, then those that are there no longer."""
    found = sheet.keys("plate")
    order = [*known, *(plate for plate in found if plate not in known)]
    return tuple(
        _loss(plate, plate or NO_PLATE, partial(sheet.get, "plate", plate), has_sales=False)
        for plate in order
    )


def _kinds(sheet: Sheet) -> tuple[KindRow, ...]:
    rows = []
    for kind in sheet.keys("kind"):
        lost, provisional, no_loss = (
            sheet.get("kind", kind, *(f"{c} {o}" for c in _CLASSES for o in outcomes))
            for outcomes in (LOST, ("provisional",), ("dismissed", "paid", "returned"))
        )
        rows.append(
            KindRow(
                kind,
                lost.events,
                lost.units,
                value_lost(lost, None),
                provisional.units,
                provisional.value,
                no_loss.units,
                no_loss.value,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-(row.value.value or 0), row.kind)))
