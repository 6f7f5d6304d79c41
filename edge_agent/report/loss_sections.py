"""The report's tables of loss by product, plate and time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_agent.report.figures import LossRow, TimeRow
from edge_agent.report.section import Column, Section
from edge_agent.report.words import (
    amount,
    amount_range,
    count,
    hours,
    per_hour,
    percent,
    percent_range,
)


def losses_section(
    name: str,
    title: str,
    what: str,
    losses: Iterable[LossRow],
    currency: str,
    has_sales: bool = True,
) -> Section:
    """A row for each product or plate; plates have no sales, since payments name none."""
    sales = [Column("of sales", wide=True), Column("95 % ", wide=True)] if has_sales else []
    columns = [
        Column(what, True),
        Column("lost"),
        Column("taken"),
        Column("rate"),
        Column("95 %"),
        Column("value"),
        Column("95 %"),
        *sales,
        Column("provisional", wide=True),
    ]
    rows = [
        [
            loss.name,
            count(loss.lost),
            count(loss.taken),
            percent(loss.rate.value),
            percent_range(loss.rate),
            amount(loss.value.value, currency),
            amount_range(loss.value, currency),
            *(_sales(loss) if has_sales else []),
            amount(loss.provisional_value, currency) if loss.provisional else "",
        ]
        for loss in losses
    ]
    return Section(name, title, columns, rows, "Nothing was taken.")


def _sales(loss: LossRow) -> list[str]:
    return [percent(loss.value_rate.value), percent_range(loss.value_rate)]


_TIME_COLUMNS = (
    Column("watched"),
    Column("visits"),
    Column("per h"),
    Column("visitors"),
    Column("per h", wide=True),
    Column("lost"),
    Column("taken", wide=True),
    Column("rate"),
    Column("95 %"),
    Column("value"),
    Column("95 %", wide=True),
    Column("lost per h", wide=True),
)


def times_section(
    name: str, title: str, what: str, times: Sequence[TimeRow], currency: str
) -> Section:
    """A row for each hour, weekday or day on which anything happened."""
    busy = [time for time in times if time.visits or time.loss.cases or time.loss.provisional]
    quiet_s = sum(time.observed_s for time in times) - sum(time.observed_s for time in busy)
    remark = (
        f"Nothing happened at other times, {hours(quiet_s)} of which were watched."
        if quiet_s
        else ""
    )
    rows = [_time_row(time, currency) for time in busy]
    columns = [Column(what, True), *_TIME_COLUMNS]
    return Section(name, title, columns, rows, "Nothing happened.", remark)


def _time_row(time: TimeRow, currency: str) -> list[str]:
    loss = time.loss
    return [
        loss.name,
        hours(time.observed_s) if time.observed_s else "",
        count(time.visits),
        per_hour(time.visits_per_hour),
        count(time.visitors),
        per_hour(time.visitors_per_hour),
        count(loss.lost),
        count(loss.taken),
        percent(loss.rate.value),
        percent_range(loss.rate),
        amount(loss.value.value, currency),
        amount_range(loss.value, currency),
        amount(time.loss_per_hour, currency),
    ]
