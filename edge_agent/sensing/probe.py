"""Which ports there are, and which scale answers there: for `init` and `doctor`."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from edge_agent.errors import ScaleError
from edge_agent.sensing.drivers import ScaleSource, SourceHealth, open_scale
from edge_agent.sensing.serial_ports import FoundScale, find_scales, ports_sentence
from edge_agent.sensing.source import Samples
from edge_agent.settings import ScaleSettings

_log = logging.getLogger(__name__)

__all__ = [
    "FoundScale",
    "Identification",
    "find_scales",
    "identify",
    "ports_sentence",
    "recognise",
]

LISTEN_S = 2.0
FIRST_SAMPLE_S = 6.0
"""Boards that restart when their port is opened need some seconds for their first sample."""

QUICK_LISTEN_S = 1.0
_LOOK_S = 0.02

# Driver, baudrate, framing as from the works, and how long the first sample may take. The stream
# first, since its question does a silent board no harm.
_USUAL = (
    ("stream", 115200, "8N1", 4.0),
    ("continuous", 9600, "8N1", 1.5),
    ("continuous", 2400, "7E1", 1.5),
    ("mt-sics", 9600, "8N1", 2.5),
)


@dataclass(frozen=True, slots=True)
class Identification:
    """What a scale showed of itself in a few seconds.

    `told` is what it said it is, None where it cannot say so. `samples` came at `rate_hz` (NaN with
    fewer than two), with weights on the channels `present`.
    """

    settings: ScaleSettings
    told: str | None
    samples: int
    rate_hz: float
    present: tuple[int, ...]
    health: SourceHealth


def identify(
    settings: ScaleSettings,
    channels: int = 1,
    *,
    listen_s: float = LISTEN_S,
    first_sample_s: float = FIRST_SAMPLE_S,
    clock: Callable[[], float] = time.time,
) -> Identification:
    """Open a scale, listen for some seconds, and tell what it is.

    Raises ScaleError, with what to do next, when it cannot be opened or gives no sample in
    `first_sample_s`. Nobody else may have the scale open.
    """
    with closing(open_scale(settings, channels, clock)) as source:
        return _identify(settings, source, listen_s, first_sample_s)


def recognise(port: str, scale_id: str = "main", *, patience: float = 1.0) -> Identification | None:
    """Try the usual drivers and line settings at `port`; None when nothing that is known answers.

    Takes up to ten seconds, times `patience`. `modbus` is not among them: it needs a register map.
    Raises ScaleError when the port cannot be opened at all.
    """
    tried: set[str] = set()
    for driver, baudrate, framing, first_sample_s in _USUAL:
        if "://" in port and driver in tried:
            # A gateway has its own line settings.
            continue
        tried.add(driver)
        settings = ScaleSettings.model_validate(
            {
                "id": scale_id,
                "driver": driver,
                "port": port,
                "baudrate": baudrate,
                "framing": framing,
            }
        )
        with closing(open_scale(settings, 1, time.time)) as source:
            try:
                return _identify(settings, source, QUICK_LISTEN_S, patience * first_sample_s)
            except ScaleError as error:
                _log.debug("%s is no %s scale: %s", port, driver, error)
    return None


def _identify(
    settings: ScaleSettings, source: ScaleSource, listen_s: float, first_sample_s: float
) -> Identification:
    blocks = list(_listen(source, listen_s, first_sample_s))
    times = np.concatenate([times for times, _ in blocks])
    counts = np.concatenate([counts for _, counts in blocks])
    span_s = float(times[-1] - times[0])
    here = np.flatnonzero(~np.isnan(counts).all(axis=0))
    return Identification(
        settings,
        source.describe(),
        len(times),
        (len(times) - 1) / span_s if span_s > 0 else math.nan,
        tuple(int(channel) for channel in here),
        source.health(),
    )


def _listen(source: ScaleSource, listen_s: float, first_sample_s: float) -> Iterator[Samples]:
    started, first = time.monotonic(), None
    while first is None or time.monotonic() - first < listen_s:
        times, counts = source.read()
        if len(times):
            first = time.monotonic() if first is None else first
            yield times, counts
        elif first is None and time.monotonic() - started > first_sample_s:
            raise ScaleError(source.why_silent())
        time.sleep(min(source.pause_s, _LOOK_S))
