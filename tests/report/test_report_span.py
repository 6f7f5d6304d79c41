"""The days a person asks for, and how long they are."""

from __future__ import annotations

from datetime import date

import pytest

from edge_agent.errors import UsageError
from edge_agent.report.span import Span, parse_span
from tests.report.month_scene import BERLIN, moment

TODAY = date(2026, 4, 10)


def test_both_days_belong_to_the_span() -> None:
    span = parse_span("2026-03-01", "2026-03-31", None, TODAY)
    assert (span, span.days) == (Span(date(2026, 3, 1), date(2026, 3, 31)), 31)


def test_without_options_it_is_the_last_thirty_days() -> None:
    span = parse_span(None, None, None, TODAY)
    assert (span.last, span.days) == (TODAY, 30)


@pytest.mark.parametrize(("text", "days"), [("1d", 1), ("7d", 7), ("4w", 28), (" 30 d ", 30)])
def test_last_counts_today(text: str, days: int) -> None:
    span = parse_span(None, None, text, TODAY)
    assert (span.last, span.days) == (TODAY, days)


def test_an_end_alone_takes_the_thirty_days_before_it() -> None:
    assert parse_span(None, "2026-03-30", None, TODAY) == Span(date(2026, 3, 1), date(2026, 3, 30))
    assert parse_span("2026-04-01", None, None, TODAY).last == TODAY


@pytest.mark.parametrize(
    ("from_", "to", "last", "words"),
    [
        ("2026-02-30", None, None, "--from '2026-02-30' is no date"),
        ("yesterday", None, None, "Write one as 2026-03-01"),
        ("20260301", None, None, "--from '20260301' is no date"),
        (None, "2026-3-1", None, "--to '2026-3-1' is no date"),
        ("2026-03-31", "2026-03-01", None, "Swap --from and --to"),
        ("2026-04-11", "2026-05-01", None, "has not come yet: today is 2026-04-10"),
        ("2026-04-11", None, None, "2026-04-11"),
        ("2026-03-01", None, "7d", "--last does not go with"),
        (None, None, "0d", "no number of days"),
        (None, None, "soon", "7d, 30d, 4w"),
        (None, None, "12h", "whole days"),
        (None, None, "99999w", "no number of days"),
        ("1926-03-01", None, None, "longer than ten years"),
    ],
)
def test_what_cannot_be_is_named(
    from_: str | None, to: str | None, last: str | None, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_span(from_, to, last, TODAY)
    assert words in str(caught.value)


def test_days_with_a_clock_change_have_23_and_25_hours() -> None:
    later = moment("2026-12-31 00:00", BERLIN)
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert Span(spring, spring).seconds(later, BERLIN) == 23 * 3600
    assert Span(autumn, autumn).seconds(later, BERLIN) == 25 * 3600


def test_only_what_has_passed_of_today_counts() -> None:
    now = moment("2026-04-10 06:00", BERLIN)
    assert Span(TODAY, TODAY).seconds(now, BERLIN) == 6 * 3600
