"""Times in messages: RFC 3339 to the letter, where `fromisoformat` takes more."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from edge_agent.errors import MessageError

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
    r"(?:([Zz])|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# An offset can lead out of the years that a calendar can write.
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.999


def rfc3339(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the millisecond; within the years 1 to 9999."""
    moment = datetime.fromtimestamp(round(min(max(at, _FIRST), _LAST), 3), UTC)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def rfc3339_or_none(at: float | None) -> str | None:
    """The same, for a time that may not be known."""
    return None if at is None else rfc3339(at)


def parse_time(text: str) -> float:
    """Read an RFC 3339 time with any offset as Unix seconds, exact to the microsecond.

    A leap second (`:60`) is read as the second after it. Raises MessageError otherwise.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise MessageError(f"{text[:40]!r} is no RFC 3339 time such as 2026-03-01T12:00:00.123Z")
    *fields, fraction, _, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = map(int, fields)
    leap = second == 60
    try:
        moment = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    except ValueError as error:
        raise MessageError(f"{text!r} is no time on the calendar ({error})") from error
    since = moment - _EPOCH + timedelta(seconds=int(leap))
    since += timedelta(microseconds=int(((fraction or "0") + "000000")[:6]))
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        since += offset if sign == "-" else -offset
    return since // _MICROSECOND / 1_000_000
