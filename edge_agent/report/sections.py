"""The report as tables of words, for the terminal and for the page alike. Pure."""

from __future__ import annotations

from edge_agent.report.figures import Report
from edge_agent.report.loss_sections import losses_section, times_section
from edge_agent.report.section import Column, Section
from edge_agent.report.words import (
    NONE,
    OUTCOME_WORDS,
    amount,
    amount_range,
    count,
    duration,
    hours,
    percent,
    percent_range,
)


def title_of(report: Report) -> str:
    """What the report is of, and of which days."""
    return f"Losses of {report.shelf_id}, {report.span.first} to {report.span.last}"


def headline(report: Report) -> list[str]:
    """The report in a few sentences."""
    total, currency = report.total, report.currency
    loss = total.loss
    lines = [
        f"Lost: {amount(loss.value.value, currency)} {currency} "
        f"(95\u00a0%: {amount_range(loss.value, currency)}) in {_some(loss.cases, 'case')}, "
        f"{percent(loss.value_rate.value)} of what was sold and lost "
        f"({percent_range(loss.value_rate)}).",
        f"That is {_some(loss.lost, 'unit')} of {count(loss.taken) or 0} taken: "
        f"{percent(loss.rate.value)} ({percent_range(loss.rate)}).",
    ]
    if loss.provisional:
        lines.append(
            f"Provisional: {amount(loss.provisional_value, currency)} {currency} more "
            f"({_some(loss.provisional, 'unit')}), for which facts are missing."
        )
    share = total.observed_s / report.span_s if report.span_s else 0.0
    lines.append(
        f"Watched for {hours(total.observed_s)} of {hours(report.span_s)} ({percent(share)}): "
        f"{_some(total.visits, 'visit')} by at least {_some(total.visitors, 'person', 'people')}."
    )
    return lines


def _some(number: int, one: str, many: str | None = None) -> str:
    return f"{count(number) or 0} {one if number == 1 else many or one + 's'}"


def sections(report: Report) -> list[Section]:
    """All tables, in the order in which they are read."""
    return [
        _outcomes(report),
        _kinds(report),
        losses_section("product", "By product", "product", report.products, report.currency),
        losses_section(
            "plate", "By plate", "plate", report.plates, report.currency, has_sales=False
        ),
        times_section("hour", "By hour of the day", "hour", report.hours, report.currency),
        times_section("weekday", "By day of the week", "weekday", report.weekdays, report.currency),
        _late(report),
        _counts("margin", "Coupons, red packets and gifts", "a margin cost, no loss", report),
        _counts("refund_due", "Paid and not taken", "refunds that are due", report),
        _counts("refund_given", "Refunds given", "reason", report),
        _restocks(report),
    ]


def _outcomes(report: Report) -> Section:
    rows = [
        [OUTCOME_WORDS[row.key], count(row.events), count(row.units), _money(row.value, report)]
        for row in report.outcomes
    ]
    columns = [Column("cases, as they stand", True), Column("cases"), Column("units")]
    return Section("outcome", "Findings", [*columns, Column("value")], rows)


def _kinds(report: Report) -> Section:
    columns = [
        Column("kind", True),
        Column("cases"),
        Column("units"),
        Column("value"),
        Column("95 %"),
        Column("provisional"),
        Column("no loss"),
    ]
    rows = [
        [
            kind.kind,
            count(kind.cases),
            count(kind.units),
            _money(kind.value.value, report),
            amount_range(kind.value, report.currency),
            _money(kind.provisional_value, report),
            _money(kind.no_loss_value, report),
        ]
        for kind in report.kinds
    ]
    return Section("kind", "By kind", columns, rows, "Nothing was found missing.")


def _late(report: Report) -> Section:
    late = report.late
    row = [
        "closed by a late payment",
        count(late.cases),
        _money(late.value, report),
        duration(late.median_delay_s),
    ]
    columns = [Column("", True), Column("cases"), Column("value"), Column("median delay")]
    rows = [row] if late.cases else []
    return Section("paid_late", "Paid late", columns, rows)


def _counts(name: str, title: str, what: str, report: Report) -> Section:
    rows, events = report.counts(name)
    shown = [
        [row.name, count(row.events), count(row.units), _money(row.value, report)]
        for row in rows
        if row.events
    ]
    columns = [Column(what, True), Column(events), Column("units"), Column("value")]
    remark = "Values at the average list price." if name == "refund_due" and shown else ""
    return Section(name, title, columns, shown, remark=remark)


def _restocks(report: Report) -> Section:
    columns = [
        Column("product", True),
        Column("order lines"),
        Column("ordered"),
        Column("weighed"),
        Column("short"),
        Column("surplus"),
    ]
    rows = [
        [
            row.name,
            count(row.lines),
            str(row.ordered),
            str(row.weighed),
            count(row.short),
            count(row.surplus),
        ]
        for row in report.restocks
    ]
    return Section("restock", "Restocks: ordered against weighed", columns, rows)


def _money(value: float | None, report: Report) -> str:
    return "" if value == 0 else NONE if value is None else amount(value, report.currency)
