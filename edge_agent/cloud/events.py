"""CloudEvents 1.0 in JSON, structured mode: written the same way always, read with suspicion."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from edge_agent.cloud.wording import first_fault
from edge_agent.errors import MessageError
from edge_agent.times import parse_time, rfc3339

__all__ = ["MAX_BYTES", "CloudEvent", "make_event", "parse_event", "parse_time", "rfc3339"]

MAX_BYTES = 128 * 1024  # what AWS IoT carries at most; no message of the contract comes near
MAX_DEPTH = 32
MAX_DIGITS = 100

_Name = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _time(value: object) -> object:
    return parse_time(value) if isinstance(value, str) else value


class CloudEvent(BaseModel):
    """A message's envelope; `at` is its `time` in Unix seconds, `data` not yet looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    specversion: Literal["1.0"]
    id: _Name
    source: _Name
    type: _Name
    at: Annotated[float | None, BeforeValidator(_time)] = Field(default=None, alias="time")
    datacontenttype: str | None = None
    subject: str | None = None
    data: dict[str, Any]


def make_event(*, source: str, event_id: str, type: str, at: float, data: dict[str, Any]) -> bytes:
    """Write one event as compact JSON with sorted keys, so that equal events are equal bytes.

    Raises ValueError where `data` holds NaN or an infinity.
    """
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": type,
        "time": rfc3339(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    text = json.dumps(
        event, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    )
    return text.encode("utf-8")


def parse_event(payload: bytes) -> CloudEvent:
    """Read one event; MessageError names the field, what was found and what is allowed."""
    event = read_json(payload)
    try:
        return CloudEvent.model_validate(event)
    except ValidationError as error:
        raise MessageError(f"Not a CloudEvent 1.0: {first_fault(error)}") from error


def read_json(payload: bytes) -> dict[str, Any]:
    """Read one JSON object and refuse what two readers could read differently.

    That is: repeated keys, NaN, numbers beyond a float's range, lone surrogates, nesting deeper
    than `MAX_DEPTH`, more than `MAX_BYTES`. Raises MessageError.
    """
    if len(payload) > MAX_BYTES:
        raise MessageError(f"The message has {len(payload)} bytes; at most {MAX_BYTES} are read")
    try:
        text = payload.decode("utf-8")
        parsed = _READER.decode(text)
        if "\\u" in text:
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise MessageError(f"The message is not UTF-8 text ({error.reason})") from error
    except RecursionError as error:
        raise MessageError(f"The message is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise MessageError(f"The message is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise MessageError(f"The message is a JSON {_kind(parsed)}; an object is needed")
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(parsed)
    return parsed


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {repeated[:40]!r} stands there twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _whole(text: str) -> int:
    # Nothing of the contract has more digits, and reading thousands takes a millisecond.
    if len(text) > MAX_DIGITS:
        raise ValueError(f"the number {text[:40]} is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


_READER = json.JSONDecoder(
    object_pairs_hook=_without_repeats,
    parse_constant=_no_constant,
    parse_float=_finite,
    parse_int=_whole,
)


def _check_depth(parsed: dict[str, Any]) -> None:
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise MessageError(f"The message is nested deeper than {MAX_DEPTH} levels")


def _kind(parsed: object) -> str:
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(
        type(parsed), "number"
    )
