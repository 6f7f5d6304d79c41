"""Weights and counts for commands: from the running agent, else from the scales themselves."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from edge_agent.control_client import ask, stream
from edge_agent.errors import AgentNotRunning, ScaleError, UsageError
from edge_agent.ledger import catalogue_of
from edge_agent.pipeline import calibrated, plate_spec
from edge_agent.sensing.scale import ScaleBlock, ScaleEvent, ScaleLost, ScaleReader
from edge_agent.weighing.weigher import Weigher

if TYPE_CHECKING:
    from edge_agent.settings import PlateSettings, Settings

FloatArray = npt.NDArray[np.float64]

# Boards that restart when opened stay silent for some seconds (sensing/scale.py waits six).
FIRST_SAMPLE_S = 8.0
# Longer than the agent itself waits for its loop, so that its own word on it arrives.
ANSWER_S = 8.0


class Readings(Protocol):
    """Where a command gets weights from."""

    def weights(self) -> list[dict[str, Any]]:
        """How each plate is doing now; the keys are those of `PlateHealth`, None: not known."""
        ...

    def counts(self, plate: PlateSettings, seconds: float) -> FloatArray:
        """Raw counts (n,) of one plate during the next `seconds`; ScaleError where none came."""
        ...

    def rows(self) -> Iterator[tuple[float, dict[str, float]]]:
        """Samples as (Unix seconds, grams by plate) until the source ends, or for ever.

        A row without plates says only that time has passed.
        """
        ...


@contextmanager
def open_readings(settings: Settings, state: Path) -> Iterator[Readings]:
    """The running agent's readings, or where none runs those of scales opened here."""
    try:
        ask(state, {"ask": "weights"}, timeout_s=ANSWER_S)
    except AgentNotRunning:
        with OwnReadings(settings) as own:
            yield own
    else:
        yield AgentReadings(state)


class AgentReadings:
    """Asks the agent that holds the scales."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def weights(self) -> list[dict[str, Any]]:
        """See `Readings`."""
        plates: list[dict[str, Any]] = ask(self._state, {"ask": "weights"}, timeout_s=ANSWER_S)[
            "plates"
        ]
        return plates

    def counts(self, plate: PlateSettings, seconds: float) -> FloatArray:
        """See `Readings`."""
        request = {"ask": "counts", "plate": plate.id, "seconds": seconds}
        answer = ask(self._state, request, timeout_s=seconds + FIRST_SAMPLE_S)
        return np.array(answer["counts"], dtype=np.float64)

    def rows(self) -> Iterator[tuple[float, dict[str, float]]]:
        """See `Readings`."""
        for row in stream(self._state, {"ask": "live"}):
            # Without samples the agent sends rows that have no time of their own.
            yield row["at"] if row["at"] is not None else time.time(), row["plates"]


class OwnReadings:
    """Opens the scales itself, because no agent has them; a context."""

    def __init__(self, settings: Settings) -> None:
        self._events: queue.SimpleQueue[ScaleEvent] = queue.SimpleQueue()
        self._plates = {
            scale.id: [p for p in settings.plate if p.scale == scale.id] for scale in settings.scale
        }
        catalogue = catalogue_of(settings)
        self._weighers = {
            scale: Weigher([plate_spec(p, catalogue) for p in plates])
            for scale, plates in self._plates.items()
        }
        clock = _steady_clock()
        self._readers = [
            ScaleReader(scale, _channels(self._plates[scale.id]), clock, self._events.put)
            for scale in settings.scale
            if self._plates[scale.id]
        ]
        self._lost: dict[str, str] = {}
        self._heard: set[str] = set()

    def __enter__(self) -> Self:
        if not self._readers:
            raise UsageError(
                "The settings have no plate on a scale, so there is nothing to weigh. "
                "Add a [[scale]] and a plate that names it."
            )
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self._readers:
            reader.stop()

    def weights(self) -> list[dict[str, Any]]:
        """See `Readings`; ScaleError while no scale has given anything and one is known as lost."""
        for event in self._waiting():
            self._weigh(event)
        if not self._heard and self._lost:
            raise ScaleError(next(iter(self._lost.values())))
        return [
            {name: _plain(getattr(health, name)) for name in health.__dataclass_fields__}
            for weigher in self._weighers.values()
            for health in weigher.health().values()
        ]

    def counts(self, plate: PlateSettings, seconds: float) -> FloatArray:
        """See `Readings`."""
        # What has waited since the last call is from before this reading was asked for.
        for waiting in self._waiting():
            self._note(waiting)
        found: list[FloatArray] = []
        first_at: float | None = None
        deadline = time.monotonic() + FIRST_SAMPLE_S + seconds
        while time.monotonic() < deadline:
            if plate.scale in self._lost:
                raise ScaleError(self._lost[plate.scale])
            event = self._next(0.2)
            self._note(event)
            if isinstance(event, ScaleBlock) and event.scale_id == plate.scale:
                found.append(event.counts[:, plate.channel or 0])
                first_at = float(event.times[0]) if first_at is None else first_at
                if float(event.times[-1]) - first_at >= seconds:
                    break
        if not found:
            raise ScaleError(
                f"Scale {plate.scale!r} gave no samples for {FIRST_SAMPLE_S + seconds:.0f} s. "
                "Check its power and cable, then run `edge-agent doctor`."
            )
        return np.concatenate(found)

    def rows(self) -> Iterator[tuple[float, dict[str, float]]]:
        """See `Readings`."""
        while True:
            event = self._next(0.5)
            if isinstance(event, ScaleLost):
                raise ScaleError(event.reason)
            if not isinstance(event, ScaleBlock):
                yield time.time(), {}
                continue
            grams = self._grams(event)
            names = [p.id for p in self._plates[event.scale_id]]
            for at, row in zip(event.times, grams, strict=True):
                yield (
                    float(at),
                    {n: float(g) for n, g in zip(names, row, strict=True) if math.isfinite(g)},
                )

    def _next(self, timeout_s: float) -> ScaleEvent | None:
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _waiting(self) -> Iterator[ScaleEvent]:
        while not self._events.empty():
            event = self._next(0.0)
            if event is not None:
                yield event

    def _note(self, event: ScaleEvent | None) -> None:
        if isinstance(event, ScaleLost):
            self._lost[event.scale_id] = event.reason
        elif event is not None:
            self._lost.pop(event.scale_id, None)

    def _weigh(self, event: ScaleEvent) -> None:
        self._note(event)
        if isinstance(event, ScaleBlock):
            self._heard.add(event.scale_id)
            self._weighers[event.scale_id].feed(event.times, self._grams(event))

    def _grams(self, block: ScaleBlock) -> FloatArray:
        plates = self._plates[block.scale_id]
        return calibrated(block.counts[:, [p.channel or 0 for p in plates]], plates)


def plate_of(settings: Settings, plate_id: str) -> PlateSettings:
    """The weighed plate of that name; UsageError where there is none."""
    weighed = [p for p in settings.plate if p.is_weighed]
    for plate in weighed:
        if plate.id == plate_id:
            return plate
    known = ", ".join(p.id for p in weighed) or "none"
    raise UsageError(f"No weighed plate {plate_id!r} in the settings. Use one of: {known}")


def _channels(plates: list[PlateSettings]) -> int:
    return max(p.channel for p in plates if p.channel is not None) + 1


def _steady_clock() -> Any:
    """Unix seconds that do not jump while the command runs."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
