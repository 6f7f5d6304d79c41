"""The days a report is of: whole local days, read from what a person typed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from edge_agent.errors import UsageError

USUAL_DAYS = 30
# Ten years: more is a slip of the pen, and a row for each day of it would be no help.
MOST_DAYS = 3660
_LAST = re.compile(r"(\d{1,5})\s*([dw])", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Local days from `first` to `last`, both of them included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days that is."""
        return (self.last - self.first).days + 1

    def seconds(self, now: float, zone: tzinfo | None) -> float:
        """How much of the span has passed at `now`; days with a clock change have 23 or 25 h."""
        start = self.starts_at(zone)
        end = _midnight(self.last + timedelta(days=1), zone)
        return max(0.0, min(end, now) - start)

    def starts_at(self, zone: tzinfo | None) -> float:
        """Unix seconds at which the first day begins."""
        return _midnight(self.first, zone)


def _midnight(day: date, zone: tzinfo | None) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def parse_span(from_: str | None, to: str | None, last: str | None, today: date) -> Span:
    """Read `--from`, `--to` (dates) and `--last` (7d, 4w); without any, the last 30 days.

    Raises UsageError for what is no date, the wrong way round, or has not come yet.
    """
    if last is not None:
        if from_ is not None or to is not None:
            raise UsageError(
                "--last does not go with --from or --to. Use either the one or the other."
            )
        return Span(_back(today, _days(last)), today)
    end = _date("--to", to) if to is not None else today
    start = _date("--from", from_) if from_ is not None else _back(min(end, today), USUAL_DAYS)
    if start > today:
        raise UsageError(
            f"--from {start} has not come yet: today is {today}. Name a day that has begun."
        )
    if start > end:
        raise UsageError(
            f"The range ends ({end}) before it begins ({start}). Swap --from and --to."
        )
    if Span(start, end).days > MOST_DAYS:
        raise UsageError(
            f"{start} to {end} is longer than ten years; the shelf keeps three. Name fewer days."
        )
    return Span(start, end)


def _days(text: str) -> int:
    match = _LAST.fullmatch(text.strip())
    days = int(match[1]) * (7 if match[2] == "w" else 1) if match else 0
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(
            f"--last {text!r} is no number of days from 1 to {MOST_DAYS}. "
            "Write whole days or weeks: 7d, 30d, 4w."
        )
    return days


def _back(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - (days - 1)))


def _date(option: str, text: str) -> date:
    try:
        if not _DATE.fullmatch(text.strip()):
            raise ValueError("not written as year-month-day")
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is no date ({error}). Write one as 2026-03-01."
        ) from error
