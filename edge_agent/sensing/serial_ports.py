"""Which serial ports this machine has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

_BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class FoundScale:
    """A serial port that may have a scale behind it.

    `port` is what belongs into `shelf.toml`: the name under /dev/serial/by-id where there is one,
    since /dev/ttyUSB0 and /dev/ttyUSB1 change places at boot. `device` is the kernel's name.
    """

    port: str
    device: str
    description: str


def find_scales() -> list[FoundScale]:
    """List the serial ports that are present, those with a lasting name first."""
    lasting = _lasting_names()
    found = [
        FoundScale(lasting.get(port.device, port.device), port.device, port.description)
        for port in list_ports.comports()
    ]
    return sorted(found, key=lambda scale: (scale.port == scale.device, scale.port))


def _lasting_names() -> dict[str, str]:
    if not _BY_ID.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(_BY_ID.iterdir())}


def ports_sentence() -> str:
    """Say in one sentence which ports were found, for the end of an error message."""
    ports = ", ".join(scale.port for scale in find_scales())
    return f"Found {ports}." if ports else "Found no serial port at all."
