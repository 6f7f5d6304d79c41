"""The unit as systemd itself judges it, and what the agent needs of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[1] / "systemd" / "edge-agent.service"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def analyse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False
    )


@needs_systemd
def test_the_unit_is_hardened_to_an_exposure_of_at_most_2() -> None:
    done = analyse("security", "--offline=true", "--threshold=20", str(UNIT))
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_systemd_finds_nothing_to_object_to(tmp_path: Path) -> None:
    lines = UNIT.read_text().splitlines()
    command = shutil.which("true")
    copy = tmp_path / UNIT.name
    copy.write_text(
        "\n".join(f"ExecStart={command} run" if x.startswith("ExecStart=") else x for x in lines)
    )
    done = analyse("verify", "--man=no", str(copy))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_agent_runs_as_nobody_and_is_watched() -> None:
    unit = directives()
    assert unit["Type"] == ["notify"]
    assert unit["WatchdogSec"] == ["30"]
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["User"] != ["root"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["ExecStart"] == ["/opt/edge-agent/.venv/bin/edge-agent run"]


def test_scales_and_cameras_stay_within_reach() -> None:
    unit = directives()
    assert unit["SupplementaryGroups"] == ["dialout video"]
    assert {"char-ttyUSB rw", "char-ttyACM rw", "char-video4linux rw"} <= set(unit["DeviceAllow"])
    assert "PrivateDevices" not in unit
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} <= set(unit["RestrictAddressFamilies"][0].split())
    # A device class is only allowed when its driver was loaded before the start.
    assert "modprobe@usbserial.service" in unit["After"][1].split()


def test_the_agent_may_write_where_its_state_is_and_nowhere_else() -> None:
    unit = directives()
    assert unit["StateDirectory"] == ["edge-agent"]
    assert unit["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in unit
