"""Find, read and check `shelf.toml`, and point at the line where it is wrong."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edge_agent.errors import SettingsError
from edge_agent.settings import Settings
from edge_agent.settings_faults import fault_of_rule, faults_of_values

DEFAULT_SETTINGS = Path("/etc/edge-agent/shelf.toml")
DEFAULT_STATE = Path("/var/lib/edge-agent")
PASSWORD_VARIABLE = "EDGE_AGENT_MQTT_PASSWORD"
HIDDEN = "(hidden)"

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def find_settings(config: Path | None) -> Path:
    """Give the settings file: the option, else EDGE_AGENT_CONFIG, else the usual place."""
    return config or _from_environment("EDGE_AGENT_CONFIG") or DEFAULT_SETTINGS


def find_state(state: Path | None) -> Path:
    """Give the state folder: the option, else EDGE_AGENT_STATE, else the usual place."""
    return state or _from_environment("EDGE_AGENT_STATE") or DEFAULT_STATE


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def load_settings(path: Path, *, hardware: bool = True) -> Settings:
    """Read and check the settings file at `path`.

    `hardware=False` is for recordings: the scale and camera tables are left out, whatever they say.
    Raises SettingsError, whose first line names file, line, key, what was found, what is allowed.
    """
    return parse_settings(read_settings_text(path), path, hardware=hardware)


def read_settings_text(path: Path) -> str:
    """Read the file's text, or raise SettingsError saying why that is not possible."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(
            f"No settings at {path}. Copy config/shelf.example.toml there, or use --config or "
            "EDGE_AGENT_CONFIG."
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{path}, line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"Cannot read the settings at {path}: {error.strerror}. "
            "It must be a file that this user may read."
        ) from error


def parse_settings(text: str, path: Path, *, hardware: bool = True) -> Settings:
    """Check `text` as if it stood in the file `path`; same errors as `load_settings`."""
    table = _parse_toml(text, path)
    if not hardware:
        table.pop("scale", None)
        table.pop("camera", None)
    try:
        # Through JSON, because only there does pydantic's strict mode take lists for tuples and
        # text for paths, while "5" for 5 stays the error that it is.
        settings = Settings.model_validate_json(json.dumps(table, default=_date), strict=True)
    except ValidationError as error:
        raise SettingsError(faults_of_values(error, table, text, path)) from error
    if hardware:
        try:
            settings.check_hardware()
        except ValueError as error:
            raise SettingsError(fault_of_rule(str(error), (), table, text, path)) from error
    return settings


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        place = re.search(r" \(at line (\d+), column (\d+)\)", reason)
        line = int(place[1]) if place else text.count("\n") + 1
        reason = reason[: place.start()] if place else reason.removesuffix(" (at end of document)")
        lines = text.splitlines()
        found = lines[line - 1].strip()[:80] if line <= len(lines) else "the end of the file"
        raise SettingsError(
            f"{path}, line {line}: this is not TOML: {reason}; found: {found}\n"
            "Text needs quotes, lists need [ ], and each key stands once, as `key = value`."
        ) from error


def _date(value: object) -> dict[str, str]:
    # No setting takes a date; as a table it is wrong everywhere and still shows what was written.
    return {"date": str(value)}


def resolve(path_in_settings: Path, settings_path: Path) -> Path:
    """Give a file that the settings name: relative to the settings file's own folder."""
    return settings_path.resolve().parent / path_in_settings.expanduser()


def mqtt_password(settings: Settings, settings_path: Path) -> str | None:
    """Give the broker password: EDGE_AGENT_MQTT_PASSWORD, else the password file's first line.

    None where neither is set. Raises SettingsError where the file is set and cannot be used.
    """
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if settings.mqtt is None or settings.mqtt.password_file is None:
        return None
    file = resolve(settings.mqtt.password_file, settings_path)
    try:
        password = file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"{settings_path}: mqtt.password_file is {file}, which cannot be read: {reason}. "
            f"Put the password in that file's first line, or set {PASSWORD_VARIABLE}."
        ) from error
    if not password:
        raise SettingsError(
            f"{settings_path}: mqtt.password_file is {file}, whose first line is empty. Put the "
            f"password there, or set {PASSWORD_VARIABLE}."
        )
    return password


def effective(settings: Settings) -> dict[str, Any]:
    """Give the settings with all defaults as plain JSON values, secrets hidden.

    Hidden are the password, where one is set in the environment, and user names in URLs.
    """
    shown: dict[str, Any] = _without_user_info(settings.model_dump(mode="json"))
    if settings.mqtt is not None:
        shown["mqtt"]["port"] = settings.mqtt.effective_port
        shown["mqtt"]["topic_prefix"] = settings.topic_prefix
        if os.environ.get(PASSWORD_VARIABLE):
            shown["mqtt"]["password"] = HIDDEN
    return shown


def _without_user_info(value: Any) -> Any:
    if isinstance(value, str):
        return _USER_INFO.sub(f"{HIDDEN}@", value)
    if isinstance(value, Mapping):
        return {key: _without_user_info(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_user_info(entry) for entry in value]
    return value
