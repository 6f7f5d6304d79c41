"""What `shelf.toml` allows at each key, in words, read from the models themselves."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from edge_agent.settings import Settings
from edge_agent.settings_lines import KeyPath

Schema = dict[str, Any]

PATTERNS = {
    r"^[^\s/+#,\"']{1,64}$": "text of 1 to 64 characters without spaces, quotes, / + # or commas",
    r"^\S+$": "text of 1 to 64 characters without spaces",
    r"^[A-Z]{3}$": 'three capital letters such as "CNY"',
}
"""The patterns of settings.py in words; a test sees that none is missing."""


_NUMBERS = {"integer": "a whole number", "number": "a number"}


@cache
def _root() -> Schema:
    return Settings.model_json_schema()


def schema_at(path: KeyPath) -> Schema:
    """Give the JSON schema of the key at `path`, or an empty one where no such key exists."""
    schema = _root()
    for part in path:
        schema = _plain(schema)
        if isinstance(part, int):
            prefix = schema.get("prefixItems", [])
            schema = prefix[part] if part < len(prefix) else schema.get("items", {})
        else:
            schema = schema.get("properties", {}).get(part, {})
    return _plain(schema)


def keys_at(path: KeyPath) -> list[str]:
    """List the keys that the table at `path` may hold."""
    return list(schema_at(path).get("properties", {}))


def is_text(path: KeyPath) -> bool:
    """Tell whether the key at `path` takes text."""
    schema = schema_at(path)
    values = schema.get("enum", [schema.get("const")])
    return schema.get("type") == "string" or isinstance(values[0], str)


def _plain(schema: Schema) -> Schema:
    """Follow a reference, and leave out the `null` that stands for an absent key."""
    if "anyOf" in schema:
        schema = next(s for s in schema["anyOf"] if s.get("type") != "null")
    if "$ref" in schema:
        schema = _root()["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def allowed(path: KeyPath) -> str:
    """Say in words what the key at `path` may be."""
    return _words(schema_at(path))


def _words(schema: Schema) -> str:
    schema = _plain(schema)
    kind = schema.get("type")
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    if kind == "array":
        return _array_words(schema)
    if kind in _NUMBERS:
        return _NUMBERS[kind] + _range_words(schema)
    if kind == "object":
        return "a table with " + ", ".join(schema.get("properties", {}))
    return "true or false" if kind == "boolean" else _text_words(schema)


def _text_words(schema: Schema) -> str:
    if "pattern" in schema:
        return PATTERNS.get(schema["pattern"], f"text matching {schema['pattern']}")
    return "a file name in quotes" if schema.get("format") == "path" else "text in quotes"


def _array_words(schema: Schema) -> str:
    if "prefixItems" in schema:
        items = schema["prefixItems"]
        return f"a list of {len(items)}, each {_words(items[0])}"
    entry = _words(schema["items"])
    least = schema.get("minItems", 0)
    return f"a list of {'at least one' if least else 'any length'}, each {entry}"


def _range_words(schema: Schema) -> str:
    least = schema.get("minimum")
    above = schema.get("exclusiveMinimum")
    most = schema.get("maximum")
    below = schema.get("exclusiveMaximum")
    words = ""
    if least is not None:
        words += f" from {least}"
    if above is not None:
        words += f" above {above}"
    if most is not None:
        words += f" to {most}" if least is not None else f", at most {most}"
    if below is not None:
        words += f" and below {below}"
    return words
