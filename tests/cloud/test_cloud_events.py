"""CloudEvents: written one way, read with suspicion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.cloud.events import MAX_BYTES, CloudEvent, make_event, parse_event
from edge_agent.errors import MessageError
from edge_agent.times import parse_time, rfc3339

GOOD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "m1",
    "source": "cloud/orders",
    "type": "shelf.payment",
    "time": "2026-03-01T12:00:00.123Z",
    "datacontenttype": "application/json",
    "data": {"payment_id": "P1"},
}

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)


def encoded(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_an_event_is_the_same_bytes_whatever_the_order_of_its_fields() -> None:
    payload = make_event(
        source="shelves/office-7",
        event_id="ab-1",
        type="shelf.visit",
        at=1772366400.1234,
        data={"b": 1, "a": {"名": "苏打水"}},
    )
    assert payload.decode() == (
        '{"data":{"a":{"名":"苏打水"},"b":1},"datacontenttype":"application/json","id":"ab-1",'
        '"source":"shelves/office-7","specversion":"1.0","time":"2026-03-01T12:00:00.123Z",'
        '"type":"shelf.visit"}'
    )


def test_a_good_event_is_read() -> None:
    assert parse_event(encoded(extension="ignored")) == CloudEvent(
        specversion="1.0",
        id="m1",
        source="cloud/orders",
        type="shelf.payment",
        time=1772366400.123,
        datacontenttype="application/json",
        data={"payment_id": "P1"},
    )


@given(st.dictionaries(st.text(), values, max_size=5), st.floats(0, 4e9))
def test_what_is_written_is_read_back(data: dict[str, Any], at: float) -> None:
    try:
        payload = make_event(source="s", event_id="i", type="t", at=at, data=data)
    except UnicodeEncodeError:
        return
    event = parse_event(payload)
    assert event.data == data
    assert event.at == parse_time(rfc3339(at))
    assert event.at is not None
    assert abs(event.at - at) <= 0.000501


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[1]", "array"),
        (b"{}", "specversion"),
        (encoded()[:-5], "not JSON"),
        (encoded(specversion="0.3"), "specversion.*found '0.3'"),
        (encoded(id=""), "id: "),
        (encoded(id=7), "id: .*found 7"),
        (encoded(time="yesterday"), "time: .*yesterday"),
        (encoded(time="2026-02-30T00:00:00Z"), "calendar"),
        (encoded(data=[1]), "data: .*list of 1"),
        (b'{"id":"a","id":"b"}', "'id' stands there twice"),
        (b'{"data":{"a":{"x":1,"x":2}}}', "'x' stands there twice"),
        (b'{"data":NaN}', "NaN"),
        (b'{"data":-Infinity}', "Infinity"),
        (b'{"data":1e999}', "too large"),
        (b'{"data":"\\ud800"}', "UTF-8"),
        (b'{"data":' + b"9" * 10_000 + b"}", "not JSON"),
        (b"[" * 100_000, "nested|not JSON"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested deeper than 32"),
        (b" " * (MAX_BYTES + 1), "131073 bytes"),
    ],
)
def test_a_bad_event_is_refused_with_the_reason(payload: bytes, said: str) -> None:
    with pytest.raises(MessageError, match=said):
        parse_event(payload)


@given(st.binary(max_size=300))
def test_garbage_is_never_more_than_a_message_error(payload: bytes) -> None:
    with pytest.raises(MessageError):
        parse_event(payload)


@given(values.map(lambda value: json.dumps(value).encode()))
def test_foreign_json_is_never_more_than_a_message_error(payload: bytes) -> None:
    with pytest.raises(MessageError):
        parse_event(payload)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), values))
def test_an_event_with_wrong_fields_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        event = parse_event(encoded(**changes))
    except MessageError as error:
        assert str(error)
    else:
        assert isinstance(event.data, dict)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-03-01T12:00:00.123Z", 1772366400.123),
        ("2026-03-01t20:00:00.123456+08:00", 1772366400.123456),
        ("2026-03-01T08:30:00-03:30", 1772366400.0),
        ("2016-12-31T23:59:60Z", 1483228800.0),
        ("2026-03-01T12:00:00.1239999999Z", None),
        ("2026-03-01T12:00:00", None),
        ("2026-03-01", None),
        ("20260301T120000Z", None),
        ("2026-13-01T12:00:00Z", None),
        ("2026-03-01T24:00:00Z", None),
        ("٢٠٢٦-03-01T12:00:00Z", None),
        ("2026-03-01T12:00:00Z\n", None),
    ],
)
def test_a_time_is_rfc_3339_or_refused(text: str, at: float | None) -> None:
    if at is None:
        with pytest.raises(MessageError):
            parse_time(text)
    else:
        assert parse_time(text) == at


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_message_error(text: str) -> None:
    try:
        assert isinstance(parse_time(text), float)
    except MessageError as error:
        assert "RFC 3339" in str(error) or "calendar" in str(error)
