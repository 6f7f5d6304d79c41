"""The doctor's look at the machine: disk, clock, service, board, programs."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from edge_agent.cli.installing import UNIT, systemd_runs, unit_state
from edge_agent.doctor_finding import Finding
from edge_agent.errors import EdgeAgentError
from edge_agent.settings import Settings
from edge_agent.store.store import DATABASE, RESERVE

LEAST_FREE_MB = 100
LEAST_PYTHON = (3, 11)
HOT_C = 80.0

_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
# Raspberry Pi firmware, "get_throttled": bits now, and 16 higher since boot.
_THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
_UNDER_VOLTAGE = 0x1 | 0x10000
_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")


def check_state_folder(state: Path, settings: Settings | None) -> Iterator[Finding]:
    """Whether the agent's folder can be written and has room."""
    place = next(folder for folder in (state, *state.absolute().parents) if folder.is_dir())
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding(
            "fail",
            "state",
            f"this user may not write {place}",
            "Run the doctor as the agent's user or with sudo, or give that user the folder",
        )
    elif place != state:
        yield Finding("warn", "state", f"{state} is not there yet; the agent makes it")
    else:
        yield Finding("ok", "state", f"{state} can be written")
    yield _room(place, settings)
    if (state / DATABASE).exists() and not (state / RESERVE).exists():
        yield Finding(
            "warn",
            "disk reserve",
            f"{state / RESERVE} is gone: the disk was full, or nearly",
            "Free some space on this disk (`df -h`), then restart the agent",
        )


def _room(place: Path, settings: Settings | None) -> Finding:
    free_mb = shutil.disk_usage(place).free / 1e6
    wanted_mb = LEAST_FREE_MB + (settings.evidence.max_mb if settings is not None else 0)
    detail = f"{free_mb:.0f} MB free at {place}"
    if free_mb < LEAST_FREE_MB:
        return Finding(
            "fail", "disk", detail, "Free some space (`df -h`, `journalctl --vacuum-size`)"
        )
    if free_mb < wanted_mb:
        remedy = f"Free some, or lower [evidence] max_mb: {wanted_mb:.0f} MB may be wanted"
        return Finding("warn", "disk", detail, remedy)
    return Finding("ok", "disk", detail)


def check_clock() -> Iterator[Finding]:
    """Whether the clock follows a time server: payments are matched by time."""
    if _SYNCHRONISED.exists() or _kernel_says_synchronised():
        yield Finding("ok", "clock", "synchronised")
        return
    yield Finding(
        "warn",
        "clock",
        "not synchronised with a time server; payments are matched by time",
        "timedatectl set-ntp true; see `timedatectl timesync-status`",
    )


def _kernel_says_synchronised() -> bool:
    """Ask adjtimex(2) with modes = 0, which only reads; other time daemons tell the kernel too."""
    libc = ctypes.CDLL(None, use_errno=True)
    # struct timex is 208 bytes on 64-bit Linux; modes, its first field, stays 0.
    state: int = libc.adjtimex(ctypes.create_string_buffer(512))
    return 0 <= state < _TIME_ERROR


def check_service() -> Iterator[Finding]:
    """What systemd says of the unit."""
    if not systemd_runs():
        yield Finding("warn", "service", "systemd does not run here, so nothing restarts the agent")
        return
    try:
        unit = unit_state() or {}
    except EdgeAgentError as error:
        yield Finding("fail", "service", str(error))
        return
    if unit.get("load_state") != "loaded":
        yield Finding(
            "warn", "service", f"{UNIT} is not installed", "sudo edge-agent service install"
        )
    elif unit.get("active_state") != "active":
        detail = f"{UNIT} is {unit.get('active_state')} ({unit.get('result', 'unknown')})"
        yield Finding("fail", "service", detail, "journalctl -u edge-agent -n 50")
    elif unit.get("unit_file_state") != "enabled":
        remedy = f"sudo systemctl enable {UNIT}"
        yield Finding("warn", "service", f"{UNIT} runs and will not after a reboot", remedy)
    else:
        restarts = unit.get("nrestarts", "0")
        yield Finding("ok", "service", f"{UNIT} is active; restarted {restarts} times")


def check_board() -> Iterator[Finding]:
    """What a Raspberry Pi says of its own power and heat; nothing on other machines."""
    if _THROTTLED.is_file():
        bits = int(_THROTTLED.read_text(), 16)
        if bits & _UNDER_VOLTAGE:
            detail = f"under-voltage since boot (throttled = {bits:#x})"
            yield Finding(
                "warn", "power", detail, "Use the board's own power supply, a short cable"
            )
        else:
            yield Finding("ok", "power", "no under-voltage since boot")
    if _TEMPERATURE.is_file():
        celsius = int(_TEMPERATURE.read_text()) / 1000
        hot = celsius >= HOT_C
        remedy = "Give the board air, or a heat sink" if hot else ""
        yield Finding("warn" if hot else "ok", "temperature", f"{celsius:.0f} °C", remedy)


def check_programs(settings: Settings | None) -> Iterator[Finding]:
    """Python, the packages the agent needs, and the system libraries some of them need."""
    version = platform.python_version()
    if sys.version_info < LEAST_PYTHON:
        yield Finding("fail", "python", f"{version} is too old", "Install Python 3.11 or later")
    else:
        yield Finding("ok", "python", version)
    yield _packages()
    yield _opencv(needed=settings is not None and bool(settings.camera))
    if ctypes.util.find_library("zbar") is None:
        remedy = "sudo apt-get install libzbar0"
        yield Finding("warn", "zbar", "not installed, so barcodes are read less well", remedy)
    else:
        yield Finding("ok", "zbar", "installed")


def _packages() -> Finding:
    missing, found = [], []
    for requirement in metadata.requires("edge-agent") or ():
        if "extra ==" in requirement:
            continue
        match = re.match(r"[A-Za-z0-9._-]+", requirement)
        name = match[0] if match else requirement
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        remedy = f"{sys.executable} -m pip install {' '.join(missing)}"
        return Finding("fail", "packages", f"missing: {', '.join(missing)}", remedy)
    return Finding("ok", "packages", ", ".join(found))


def _opencv(needed: bool) -> Finding:
    """Import OpenCV in a process of its own: it is heavy, and fails without libGL."""
    done = subprocess.run(
        [sys.executable, "-c", "import cv2; print(cv2.__version__)"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if done.returncode == 0:
        return Finding("ok", "opencv", done.stdout.strip())
    said = done.stderr.strip().splitlines()[-1:] or ["no word"]
    remedy = "sudo apt-get install libgl1 libglib2.0-0"
    return Finding("fail" if needed else "warn", "opencv", f"cannot be used: {said[0]}", remedy)
