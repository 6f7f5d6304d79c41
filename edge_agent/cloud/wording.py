"""Pydantic's findings as one clause a person understands."""

from __future__ import annotations

from pydantic import ValidationError

_FOUND_LENGTH = 60


def first_fault(error: ValidationError) -> str:
    """Say of the first fault its field, what is wrong and what was found there.

    For example: ``lines[0].quantity: Input should be a valid integer (found '2')``.
    """
    faults = error.errors(include_url=False, include_context=False)
    fault = faults[0]
    path = ""
    for part in fault["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    words = fault["msg"].removeprefix("Value error, ")
    found = "" if fault["type"] == "missing" else f" (found {_short(fault['input'])})"
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"{path or 'the whole'}: {words}{found}{more}"


def _short(found: object) -> str:
    if isinstance(found, dict):
        return f"an object with {len(found)} fields"
    if isinstance(found, list):
        return f"a list of {len(found)}"
    text = repr(found)
    return text if len(text) <= _FOUND_LENGTH else text[:_FOUND_LENGTH] + "…"
