"""Edit `shelf.toml` in place: comments stay, and nothing is written that would not load."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from edge_agent.errors import SettingsError, UsageError
from edge_agent.settings import ProductSettings, Settings
from edge_agent.settings_allowed import is_text, keys_at
from edge_agent.settings_file import parse_settings, read_settings_text

Value = str | int | float | bool | list[Any] | tuple[Any, ...]

ENTRY_KEYS = {"scale": "id", "plate": "id", "product": "sku", "camera": "id"}
"""The key that names an entry of each array of tables."""


def set_value(path: Path, dotted_key: str, value: Value) -> Settings:
    """Set one key: `matching.grace_s`, `plate.A1.zero_counts`, `product.6901028075831.price`.

    Text is read as the command line gives it: as a TOML value, or bare where the key takes text.
    Returns the new settings. Raises UsageError where there is no such key, SettingsError where the
    file would not load any more; the file is then as it was.
    """
    return set_values(path, {dotted_key: value})


def set_values(path: Path, values: Mapping[str, Value]) -> Settings:
    """Set several keys at once, all or none; otherwise as `set_value`."""
    document = _document(path)
    for dotted_key, value in values.items():
        table, where, key = _place(document, dotted_key, path)
        table[key] = _typed(value, (*where, key))
    return _check_and_replace(path, document)


def add_product(path: Path, product: ProductSettings) -> Settings:
    """Append a product. Raises UsageError where its SKU is there already, else as `set_value`."""
    document = _document(path)
    products = document.get("product")
    if any(entry.get("sku") == product.sku for entry in products or ()):
        raise UsageError(
            f"{path} already has product {product.sku!r}. Change it with "
            f"`edge-agent config set product.{product.sku}.price …`."
        )
    table = tomlkit.table()
    table.update(product.model_dump(exclude_none=True, exclude_defaults=True))
    if products is None:
        products = document["product"] = tomlkit.aot()
    products.append(table)
    return _check_and_replace(path, document)


def _document(path: Path) -> tomlkit.TOMLDocument:
    text = read_settings_text(path)
    try:
        return tomlkit.parse(text)
    except TOMLKitError:
        # The loader's own words for the same fault are better.
        parse_settings(text, path)
        raise


def _place(
    document: tomlkit.TOMLDocument, dotted_key: str, path: Path
) -> tuple[Any, tuple[str | int, ...], str]:
    """Find the table that holds the key: the table, its path in the settings, the key's name."""
    first, _, rest = dotted_key.partition(".")
    where: tuple[str | int, ...] = (first,)
    if first in ENTRY_KEYS:
        name, _, key = rest.rpartition(".")
        table = _entry(document, first, name, dotted_key, path)
        where = (first, 0)
    elif rest:
        key = rest
        if first in keys_at(()) and first not in document:
            document[first] = tomlkit.table()
        table = document.get(first)
    else:
        table, where, key = document, (), first
    known = keys_at(where)
    if key not in known or not hasattr(table, "keys") or (not where and keys_at((key,))):
        raise UsageError(_no_such_key(dotted_key, where, known))
    return table, where, key


def _entry(
    document: tomlkit.TOMLDocument, what: str, name: str, dotted_key: str, path: Path
) -> Any:
    entries = document.get(what, [])
    own = ENTRY_KEYS[what]
    for entry in entries:
        if entry.get(own) == name:
            return entry
    known = ", ".join(str(entry.get(own)) for entry in entries) or "none"
    raise UsageError(
        f"No {what} {name!r} in {path} for key {dotted_key!r}. Write {what}.{own.upper()}.KEY with "
        f"one of: {known}"
    )


def _no_such_key(dotted_key: str, where: tuple[str | int, ...], known: list[str]) -> str:
    names = {0: "", 1: f"{where[0]}." if where else "", 2: f"{where[0]}.ID." if where else ""}
    prefix = names[len(where)]
    return f"No settings key {dotted_key!r}. Use one of: " + ", ".join(prefix + k for k in known)


def _typed(value: Value, where: tuple[str | int, ...]) -> Value:
    """Read command-line text as the key wants it; other values are kept."""
    if not isinstance(value, str):
        return list(value) if isinstance(value, tuple) else value
    try:
        parsed: Value = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value
    return value if is_text(where) and not isinstance(parsed, str) else parsed


def _check_and_replace(path: Path, document: tomlkit.TOMLDocument) -> Settings:
    text = tomlkit.dumps(document)
    try:
        settings = parse_settings(text, path)
    except SettingsError as error:
        raise SettingsError(f"Nothing was written, for the file would be wrong: {error}") from error
    try:
        _replace(path.resolve(), text)
    except OSError as error:
        raise SettingsError(
            f"Cannot write {path}: {error.strerror}. Nothing was changed; run the command as a "
            "user who may write there."
        ) from error
    return settings


def _replace(path: Path, text: str) -> None:
    """Put `text` in the file's place, so that a power cut leaves the old or the new one whole."""
    before = path.stat()
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        new = Path(file.name)
        try:
            file.write(text)
            file.flush()
            new.chmod(before.st_mode & 0o7777)
            if os.geteuid() == 0:
                os.chown(new, before.st_uid, before.st_gid)
            os.fsync(file.fileno())
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
