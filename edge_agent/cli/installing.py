"""The systemd unit: found beside the package, filled in, installed, asked about."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import edge_agent
from edge_agent.errors import EdgeAgentError, SettingsError, UsageError
from edge_agent.settings_file import load_settings

UNIT = "edge-agent.service"
INSTALLED = Path("/etc/systemd/system") / UNIT
_RUNNING = Path("/run/systemd/system")  # sd_booted(3)
# What the unit hides from the agent (ProtectHome=).
_HIDDEN = ("/home/", "/root/", "/run/user/")
_SYSTEMCTL_S = 60

_ASKED = (
    "LoadState",
    "UnitFileState",
    "ActiveState",
    "SubState",
    "Result",
    "StatusText",
    "MainPID",
    "NRestarts",
    "ExecMainStartTimestamp",
    "WatchdogUSec",
    "WatchdogTimestamp",
    "MemoryCurrent",
)


class ServiceError(EdgeAgentError):
    """The unit could not be installed."""


def systemd_runs() -> bool:
    """Whether systemd is this machine's init (sd_booted(3))."""
    return _RUNNING.is_dir()


def unit_text(user: str | None, config: Path | None, state: Path | None) -> str:
    """The unit for this environment.

    Raises UsageError where the account does not exist, ServiceError where a part is missing.
    """
    program = Path(sys.prefix) / "bin" / "edge-agent"
    if not program.is_file():
        raise ServiceError(f"No program at {program}. Install the package there (`pip install`).")
    command = [str(program), "run"]
    if config is not None:
        command += ["--config", str(config.absolute())]
    if state is not None:
        command += ["--state", str(state.absolute())]
    text = _set(_shipped().read_text(encoding="utf-8"), "ExecStart", " ".join(map(_word, command)))
    if state is not None:
        text = text.replace(
            "[Service]\n", f"[Service]\nReadWritePaths={_word(str(state.absolute()))}\n"
        )
    return _as_user(text, user) if user is not None else text


def _shipped() -> Path:
    """The unit in a checkout, else where the wheel puts it (its data files)."""
    places = (
        Path(edge_agent.__file__).parent.parent / "systemd" / UNIT,
        Path(sys.prefix) / "share" / "edge-agent" / UNIT,
    )
    for place in places:
        if place.is_file():
            return place
    raise ServiceError(
        f"The unit is neither at {places[0]} nor at {places[1]}. Install the package again."
    )


def _set(text: str, key: str, value: str) -> str:
    found, count = re.subn(rf"(?m)^{key}=.*$", lambda _: f"{key}={value}", text)
    if count != 1:
        raise ServiceError(f"The unit has {count} lines {key}=. Install the package again.")
    return found


def _as_user(text: str, user: str) -> str:
    try:
        pwd.getpwnam(user)
    except KeyError as error:
        raise UsageError(
            f"No account {user!r} on this machine. Make it (`sudo adduser --system --group "
            f"{user}`), or leave --user out."
        ) from error
    return _set(_set(text, "DynamicUser", "no"), "User", user)


def _word(text: str) -> str:
    """One word of a command line in a unit (systemd.service(5), systemd.unit(5) on %)."""
    text = text.replace("%", "%%").replace("$", "$$")
    if not re.search(r"[\s\"'\\;]", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def hidden_part() -> str | None:
    """Why the service could not see this environment, and what to do; None where it can."""
    for used in (str(Path(sys.prefix) / "bin"), os.path.realpath(sys.executable)):
        if used.startswith(_HIDDEN):
            return (
                f"{used} lies in a home folder, which the service may not see. Install the agent "
                "under /opt (`python3 -m venv /opt/edge-agent/.venv`) and run this from there."
            )
    return None


def install_unit(text: str, settings_path: Path, note: Callable[[str], None]) -> bool:
    """Write the unit and enable it; start it and return True where the settings are correct.

    Raises ServiceError, before anything is written, where it could not work.
    """
    hidden = hidden_part()
    if hidden is not None:
        raise ServiceError(hidden)
    if not systemd_runs():
        raise ServiceError(
            "systemd does not run on this machine, so there is nothing to install into. "
            "See the unit with --dry-run, or start the agent with `edge-agent run`."
        )
    if os.geteuid() != 0:
        raise ServiceError(f"Only root may write {INSTALLED}. Run it with sudo.")
    INSTALLED.write_text(text, encoding="utf-8")
    note(f"Wrote {INSTALLED}.")
    settings_path.parent.mkdir(parents=True, exist_ok=True)
    _systemctl("daemon-reload")
    try:
        load_settings(settings_path)
    except SettingsError as error:
        _systemctl("enable", UNIT)
        note(f"error: {error}")
        note(f"Enabled, but not started. Mend {settings_path}, then: sudo systemctl start {UNIT}")
        return False
    _systemctl("enable", UNIT)
    # restart, not start: an agent that runs already is to use the new unit.
    _systemctl("restart", UNIT)
    note("Enabled and started. See it with: edge-agent service status")
    return True


def _systemctl(*arguments: str) -> str:
    done = subprocess.run(
        ["systemctl", *arguments], capture_output=True, text=True, timeout=_SYSTEMCTL_S, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise ServiceError(
            f"`systemctl {' '.join(arguments)}` failed: {said}. "
            "See `journalctl -u edge-agent -n 50`."
        )
    return done.stdout


def unit_state() -> dict[str, Any] | None:
    """What systemd says of the unit, None where systemd does not run; empty answers left out."""
    if not systemd_runs():
        return None
    shown = _systemctl("show", UNIT, "--property=" + ",".join(_ASKED))
    values = dict(line.partition("=")[::2] for line in shown.splitlines())
    return {_snake(k): v for k, v in values.items() if v not in ("", "[not set]", "0", "n/a")}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
