"""One thread a scale: samples while it works, one word when it goes and when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge_agent.adapter import AdapterThread
from edge_agent.errors import ScaleError
from edge_agent.sensing.drivers import ScaleSource, open_scale
from edge_agent.sensing.outage import Outage, RetryPauses
from edge_agent.settings import ScaleSettings

# A wait may end a little early.
_NEARLY = 0.9
_STOP_S = 0.9


@dataclass(frozen=True, slots=True)
class ScaleBlock:
    """Samples of one scale: `times` (n,) Unix seconds, `counts` (n, channels), NaN = missing.

    `saturated` are the channels with samples beyond what the scale can weigh: counts at a
    converter's rails, which are given as they are, or an indicator's word, which comes with NaN.
    """

    scale_id: str
    times: NDArray[np.float64]
    counts: NDArray[np.float64]
    saturated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ScaleLost:
    """The scale gives no samples any more, or never did. Said once until it is found again."""

    scale_id: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class ScaleFound:
    """The scale gives samples again, `after_s` seconds after it was said to be lost."""

    scale_id: str
    at: float
    after_s: float


ScaleEvent = ScaleBlock | ScaleLost | ScaleFound


@dataclass(frozen=True, slots=True)
class ScalePace:
    """How often blocks are made and how long silence is borne, in seconds.

    Many boards restart when their port is opened, with up to two seconds of boot loader and one of
    settling converters: hence more patience for the first sample.
    """

    block_s: float = 0.1
    silence_s: float = 3.0
    first_sample_s: float = 6.0
    retry: RetryPauses = field(default_factory=RetryPauses)


class ScaleReader(AdapterThread):
    """Reads one scale in a thread of its own and calls `emit` from there.

    `channels` is the highest channel in use plus one. `clock` gives Unix seconds and should not
    jump; waiting is measured by `monotonic`. A scale that is absent, falls silent or vanishes is
    retried for ever.
    """

    def __init__(
        self,
        settings: ScaleSettings,
        channels: int,
        clock: Callable[[], float],
        emit: Callable[[ScaleEvent], None],
        *,
        pace: ScalePace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(f"scale-{settings.id}", _STOP_S)
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._emit = emit
        self._pace = pace or ScalePace()
        self._monotonic = monotonic
        self._outage = Outage(self._pace.retry)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._read_until_stopped()
            except ScaleError as error:
                if self._stopping.is_set():
                    return
                if self._outage.failed(self._monotonic()):
                    self._emit(ScaleLost(self._settings.id, self._clock(), str(error)))
                self._stopping.wait(self._outage.pause_s)

    def _read_until_stopped(self) -> None:
        with closing(open_scale(self._settings, self._channels, self._clock)) as source:
            block = _BlockInTheMaking(self._settings.id, self._channels)
            try:
                self._fill(block, source)
            finally:
                if block:
                    self._emit(block.done(source.health().overloads))

    def _fill(self, block: _BlockInTheMaking, source: ScaleSource) -> None:
        opened = last = emitted = self._monotonic()
        while not self._stopping.wait(min(source.pause_s, self._pace.block_s)):
            times, counts = source.read()
            now = self._monotonic()
            patience_s = self._pace.first_sample_s if last == opened else self._pace.silence_s
            if len(times):
                last = now
                self._tell_found(now)
                block.add(times, counts)
            elif now - last > patience_s:
                raise ScaleError(source.why_silent())
            if block and now - emitted >= _NEARLY * self._pace.block_s:
                self._emit(block.done(source.health().overloads))
                emitted = now

    def _tell_found(self, now: float) -> None:
        away_s = self._outage.worked(now)
        if away_s is not None:
            self._emit(ScaleFound(self._settings.id, self._clock(), away_s))


class _BlockInTheMaking:
    """Gathers what several reads gave; false while it holds nothing."""

    def __init__(self, scale_id: str, channels: int) -> None:
        self._scale_id = scale_id
        self._times: list[NDArray[np.float64]] = []
        self._counts: list[NDArray[np.float64]] = []
        self._overloads = (0,) * channels

    def __bool__(self) -> bool:
        return bool(self._times)

    def add(self, times: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
        """Take what one read gave: times (n,), counts (n, channels)."""
        self._times.append(times)
        self._counts.append(counts)

    def done(self, overloads: tuple[int, ...]) -> ScaleBlock:
        """Give the block and begin a new one; `overloads` by channel since the scale was opened."""
        grown = (c for c, n in enumerate(overloads) if n > self._overloads[c])
        block = ScaleBlock(
            self._scale_id,
            np.concatenate(self._times),
            np.concatenate(self._counts),
            frozenset(grown),
        )
        self._times, self._counts, self._overloads = [], [], overloads
        return block
