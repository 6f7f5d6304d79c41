"""A report for programs: one long table for spreadsheets, one tree for JSON. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from edge_agent.report.figures import LossRow, Report, TimeRow
from edge_agent.report.intervals import Estimate
from edge_agent.times import rfc3339

COLUMNS = ("section", "key", "name", "metric", "unit", "value", "low", "high")

Figure = Estimate | float | int | None
Row = tuple[str, str, str, str, str, str, str, str]


def to_csv(report: Report) -> str:
    """The report as CSV (RFC 4180): a row for each figure, empty where it is not known."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_harmless, _rows(report)))
    return text.getvalue()


def _harmless(row: Row) -> Row:
    """Keep spreadsheets from taking a product's name for a formula (OWASP, CSV injection)."""
    section, key, name, *rest = row
    safe = [f"'{text}" if text[:1] in "=+-@\t\r" and text else text for text in (key, name)]
    return (section, *safe, *rest)  # type: ignore[return-value]


def _rows(report: Report) -> Iterator[Row]:
    yield from _time_rows("total", [report.total], report.currency)
    yield _row("total", "", "all", "span", "s", round(report.span_s))
    yield from _counts("outcome", report)
    for kind in report.kinds:
        for metric, unit, figure in (
            ("cases", "cases", kind.cases),
            ("lost", "units", kind.units),
            ("lost_value", report.currency, kind.value),
            ("provisional", "units", kind.provisional),
            ("provisional_value", report.currency, kind.provisional_value),
            ("no_loss", "units", kind.no_loss),
            ("no_loss_value", report.currency, kind.no_loss_value),
        ):
            yield _row("kind", kind.kind, kind.kind, metric, unit, figure)
    for section, losses in (("product", report.products), ("plate", report.plates)):
        for loss in losses:
            yield from _loss_rows(section, loss, report.currency)
    yield from _time_rows("hour", report.hours, report.currency)
    yield from _time_rows("weekday", report.weekdays, report.currency)
    yield from _time_rows("day", report.days, report.currency)
    yield from _late_rows(report)
    for section in ("margin", "refund_due", "refund_given"):
        yield from _counts(section, report)
    for line in report.restocks:
        for metric in ("lines", "ordered", "weighed", "short", "surplus"):
            unit = "lines" if metric == "lines" else "units"
            yield _row("restock", line.key, line.name, metric, unit, getattr(line, metric))


def _row(section: str, key: str, name: str, metric: str, unit: str, figure: Figure) -> Row:
    if not isinstance(figure, Estimate):
        return (section, key, name, metric, unit, _plain(figure), "", "")
    low, high = _plain(figure.low), _plain(figure.high)
    return (section, key, name, metric, unit, _plain(figure.value), low, high)


def _plain(figure: float | int | None) -> str:
    if figure is None:
        return ""
    return str(figure) if isinstance(figure, int) else f"{figure:.6g}"


def _loss_rows(section: str, loss: LossRow, currency: str) -> Iterator[Row]:
    for metric, unit, figure in (
        ("cases", "cases", loss.cases),
        ("lost", "units", loss.lost),
        ("taken", "units", loss.taken),
        ("loss_rate", "share", loss.rate),
        ("lost_value", currency, loss.value),
        ("sold_value", currency, loss.sold),
        ("loss_rate_of_value", "share", loss.value_rate),
        ("provisional", "units", loss.provisional),
        ("provisional_value", currency, loss.provisional_value),
    ):
        yield _row(section, loss.key, loss.name, metric, unit, figure)


def _time_rows(section: str, times: Iterable[TimeRow], currency: str) -> Iterator[Row]:
    for time in times:
        loss = time.loss
        yield from _loss_rows(section, loss, currency)
        for metric, unit, figure in (
            ("visits", "visits", time.visits),
            ("visitors", "people", time.visitors),
            ("observed", "s", time.observed_s),
            ("visits_per_observed_hour", "1/h", time.visits_per_hour),
            ("visitors_per_observed_hour", "1/h", time.visitors_per_hour),
            ("lost_value_per_observed_hour", f"{currency}/h", time.loss_per_hour),
        ):
            yield _row(section, loss.key, loss.name, metric, unit, figure)


def _counts(section: str, report: Report) -> Iterator[Row]:
    found, events = report.counts(section)
    for row in found:
        yield _row(section, row.key, row.name, events, events, row.events)
        yield _row(section, row.key, row.name, "units", "units", row.units)
        yield _row(section, row.key, row.name, "value", report.currency, row.value)


def _late_rows(report: Report) -> Iterator[Row]:
    late = report.late
    for metric, unit, figure in (
        ("cases", "cases", late.cases),
        ("value", report.currency, late.value),
        ("median_delay", "s", late.median_delay_s),
    ):
        yield _row("paid_late", "", "paid late", metric, unit, figure)


def to_tree(report: Report) -> dict[str, Any]:
    """The report as JSON values; money in minor units, times in seconds and RFC 3339."""
    tree = asdict(report)
    tree["made_at"] = rfc3339(report.made_at)
    tree["span"] = {
        "from": report.span.first.isoformat(),
        "to": report.span.last.isoformat(),
        "days": report.span.days,
    }
    tree["heat"] = [asdict(cell) for _, cell in sorted(report.heat.items())]
    return tree
