"""Driver name in `shelf.toml` to what reads the scale."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.sensing.continuous_source import ContinuousSource
from edge_agent.sensing.modbus_source import ModbusSource
from edge_agent.sensing.mtsics_source import MtSicsSource
from edge_agent.sensing.simulated_source import SimulatedSource
from edge_agent.sensing.source import ScaleSource, SourceHealth
from edge_agent.sensing.stream_source import StreamSource
from edge_agent.settings import ScaleSettings

__all__ = ["DRIVERS", "ScaleSource", "SourceHealth", "open_scale"]

OpenSource = Callable[[ScaleSettings, int, Callable[[], float]], ScaleSource]

DRIVERS: dict[str, OpenSource] = {
    "stream": StreamSource,
    "continuous": ContinuousSource,
    "mt-sics": MtSicsSource,
    "modbus": ModbusSource,
    "simulated": SimulatedSource,
}


def open_scale(settings: ScaleSettings, channels: int, clock: Callable[[], float]) -> ScaleSource:
    """Open the scale with its driver; raise `ScaleError` when it is not there."""
    return DRIVERS[settings.driver](settings, channels, clock)
