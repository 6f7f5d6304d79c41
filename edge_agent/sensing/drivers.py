"""Driver name in `shelf.toml` to what reads the scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ScaleError
from edge_agent.sensing.simulated_source import SimulatedSource
from edge_agent.sensing.stream_source import StreamSource
from edge_agent.settings import ScaleSettings


class ScaleSource(Protocol):
    """An open scale. Every method may raise `ScaleError`: the scale is lost then."""

    def read(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what arrived since the last call, without waiting for more.

        Times (n,) in Unix seconds, rising, and counts (n, channels) with NaN for a missing value;
        n may be 0.
        """
        ...

    def why_silent(self) -> str:
        """Say what is known about why no sample comes, and what to do next."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


OpenSource = Callable[[ScaleSettings, int, Callable[[], float]], ScaleSource]

DRIVERS: dict[str, OpenSource] = {"stream": StreamSource, "simulated": SimulatedSource}


def open_scale(settings: ScaleSettings, channels: int, clock: Callable[[], float]) -> ScaleSource:
    """Open the scale with its driver; raise `ScaleError` when it is not there."""
    driver = DRIVERS.get(settings.driver)
    if driver is None:
        raise ScaleError(
            f"Scale {settings.id!r}: driver {settings.driver!r} comes with a later version; use "
            f'driver = "stream" (this version has: {", ".join(sorted(DRIVERS))}).'
        )
    return driver(settings, channels, clock)
