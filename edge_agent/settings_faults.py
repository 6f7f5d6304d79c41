"""Say what is wrong in `shelf.toml`: file, line, key, what was found, what is allowed."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge_agent.settings_allowed import allowed, keys_at
from edge_agent.settings_lines import KeyPath, key_lines, nearest_line

NEXT_STEP = "Correct it, then run `edge-agent config check`."

_NAMED = re.compile(r"\b(scale|plate|product|camera)s? '([^']+)'(?: and '([^']+)')?")
_ID_KEY = {"product": "sku"}


def faults_of_values(
    error: ValidationError, table: Mapping[str, Any], text: str, path: Path
) -> str:
    """Tell all faults that pydantic found, a line each, by line; the first says what to do."""
    lines = key_lines(text)
    details = error.errors(include_url=False)
    faults = [_fault(d, table, lines, path) for d in details if not _is_echo(d, table)]
    faults.sort(key=lambda fault: fault[0])
    return "\n".join([f"{faults[0][1]}. {NEXT_STEP}", *(told for _, told in faults[1:])])


def _is_echo(detail: ErrorDetails, table: Mapping[str, Any]) -> bool:
    """Tell a list that counts as too short only because its entries are faulty themselves."""
    return detail["type"] == "too_short" and bool(_value_at(table, tuple(detail["loc"])))


def fault_of_rule(
    message: str, around: KeyPath, table: Mapping[str, Any], text: str, path: Path
) -> str:
    """Tell a fault between tables, at the line of the entry that the message names."""
    return f"{_rule(message, around, table, key_lines(text), path)[1]}. {NEXT_STEP}"


def key_name(path: KeyPath, table: Mapping[str, Any]) -> str:
    """Name a key as `config set` does: `plate.A1.zero_counts`, entries by their id or SKU."""
    parts: list[str] = []
    value: Any = table
    for depth, part in enumerate(path):
        value = _step(value, part)
        if isinstance(part, int) and depth == 1 and isinstance(value, Mapping):
            own = value.get(_ID_KEY.get(str(path[0]), "id"))
            parts.append(own if isinstance(own, str) else f"[{part}]")
        else:
            parts.append(f"[{part}]" if isinstance(part, int) else part)
    return ".".join(parts).replace(".[", "[")


def _fault(
    detail: ErrorDetails, table: Mapping[str, Any], lines: Mapping[KeyPath, int], path: Path
) -> tuple[int, str]:
    where: KeyPath = tuple(detail["loc"])
    kind = detail["type"]
    if kind == "value_error":
        return _rule(str(detail["ctx"]["error"]), where, table, lines, path)
    if kind in ("missing", "extra_forbidden") and isinstance(where[-1], str):
        line = nearest_line(lines, where)
        told = _missing(where, table) if kind == "missing" else _unknown(where, table)
        return line, f"{path}, line {line}: {told}"
    while where and isinstance(where[-1], int) and kind in ("missing", "extra_forbidden"):
        where = where[:-1]
    line = nearest_line(lines, where)
    found = _shown(_value_at(table, where))
    told = f"{key_name(where, table)} is {found}; allowed: {allowed(where)}"
    return line, f"{path}, line {line}: {told}"


def _missing(where: KeyPath, table: Mapping[str, Any]) -> str:
    return f"{key_name(where, table)} is missing; needed: {allowed(where)}"


def _unknown(where: KeyPath, table: Mapping[str, Any]) -> str:
    known = keys_at(where[:-1])
    near = difflib.get_close_matches(str(where[-1]), known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    found = _shown(_value_at(table, where))
    return (
        f"unknown key {key_name(where, table)}, found with {found}.{hint} "
        f"Allowed here: {', '.join(known)}"
    )


def _rule(
    message: str,
    around: KeyPath,
    table: Mapping[str, Any],
    lines: Mapping[KeyPath, int],
    path: Path,
) -> tuple[int, str]:
    where = _named_key(message, _named_entry(message, table) or around, lines)
    value = _value_at(table, where)
    if isinstance(value, list):
        named = [(*where, n) for n, entry in enumerate(value) if repr(entry) in message]
        line = nearest_line(lines, (named or [where])[0])
    else:
        line = nearest_line(lines, where)
    name = key_name(where, table)
    return line, f"{path}, line {line}: {f'{name}: ' if name else ''}{message}"


def _named_key(message: str, entry: KeyPath, lines: Mapping[KeyPath, int]) -> KeyPath:
    """Find the first key of `entry` that the message speaks of, in the singular or the plural."""
    words = re.findall(r"\w+", re.sub(r"'[^']*'", "", message))
    keys = [(*entry, key) for word in words for key in (word, f"{word}s")]
    keys.append((*entry, _ID_KEY.get(str(entry[0]), "id") if entry and "defined" in words else ""))
    return next((key for key in keys if key in lines), entry)


def _named_entry(message: str, table: Mapping[str, Any]) -> KeyPath | None:
    """Find the entry that a rule's message names: of two plates, or of one told twice, the last."""
    found = _NAMED.search(message)
    if found is None:
        return None
    what, name = found[1], found[3] or found[2]
    entries = table.get(what)
    if not isinstance(entries, list):
        return None
    key = _ID_KEY.get(what, "id")
    places = [n for n, e in enumerate(entries) if isinstance(e, Mapping) and e.get(key) == name]
    return (what, places[-1]) if places else None


def _step(value: Any, part: str | int) -> Any:
    if isinstance(part, str):
        return value.get(part) if isinstance(value, Mapping) else None
    return value[part] if isinstance(value, list) and part < len(value) else None


def _value_at(table: Mapping[str, Any], where: KeyPath) -> Any:
    value: Any = table
    for part in where:
        value = _step(value, part)
    return value


def _shown(value: Any) -> str:
    """Show a value as the file writes it, cut where it is long."""
    if isinstance(value, Mapping):
        return "a table"
    told = json.dumps(value, ensure_ascii=False, default=str)
    return told if len(told) <= 60 else told[:57] + "…"
