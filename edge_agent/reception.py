"""What commands ask of the running agent, answered from the agent's own loop."""

from __future__ import annotations

import base64
import math
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from edge_agent.errors import AgentNotRunning, EdgeAgentError, UsageError

ANSWER_S = 5.0
LIVE_QUEUE = 1024

Request = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command's request on its way to the loop, and where its answer goes."""

    request: Request
    answer: queue.SimpleQueue[Answer | EdgeAgentError] = field(default_factory=queue.SimpleQueue)


class Reception:
    """Passes requests from the socket's threads to the loop, and samples to who listens."""

    def __init__(self, to_loop: Callable[[Asked], None]) -> None:
        self._to_loop = to_loop
        self._listeners: set[queue.Queue[tuple[str, float, dict[str, float]]]] = set()

    @property
    def has_listeners(self) -> bool:
        """Whether somebody wants to see live samples."""
        return bool(self._listeners)

    def handle(self, request: Request) -> Iterator[Answer]:
        """Answer one request; called in a thread of the socket."""
        kind = request.get("ask")
        if kind == "live":
            yield from self._live("grams")
        elif kind == "counts":
            yield self._counts(str(request.get("plate")), number_of(request, "seconds"))
        elif kind == "samples":
            yield self._samples(number_of(request, "seconds"))
        else:
            asked = Asked(request)
            self._to_loop(asked)
            try:
                answer = asked.answer.get(timeout=ANSWER_S)
            except queue.Empty:
                raise AgentNotRunning(
                    f"The agent did not answer within {ANSWER_S:.0f} s: it is stopping, or its "
                    "disk is very slow. Try again; then `edge-agent service status`."
                ) from None
            if isinstance(answer, EdgeAgentError):
                raise answer
            yield answer

    def pass_on(self, kind: str, at: float, values: dict[str, float]) -> None:
        """Give one row of `grams` or `counts` by plate to everyone who listens."""
        for listener in list(self._listeners):
            try:
                listener.put_nowait((kind, at, values))
            except queue.Full:
                # Who reads slower than the shelf weighs misses samples; the shelf does not wait.
                continue

    def _rows(self, kind: str) -> Iterator[tuple[float, dict[str, float]] | None]:
        """Rows of one kind as they come; None now and then, when there are none."""
        listener: queue.Queue[tuple[str, float, dict[str, float]]] = queue.Queue(LIVE_QUEUE)
        self._listeners.add(listener)
        try:
            while True:
                try:
                    row_kind, at, values = listener.get(timeout=1.0)
                except queue.Empty:
                    yield None
                    continue
                if row_kind == kind:
                    yield at, values
        finally:
            self._listeners.discard(listener)

    def _live(self, kind: str) -> Iterator[Answer]:
        for row in self._rows(kind):
            if row is None:
                yield {"at": None, "plates": {}}
            else:
                yield {"at": row[0], "plates": row[1]}

    def _counts(self, plate: str, seconds: float) -> Answer:
        counts: list[float] = []
        times: list[float] = []
        silent = 0
        for row in self._rows("counts"):
            if row is None:
                silent += 1
                if silent > 3:
                    break
                continue
            at, values = row
            if plate in values:
                counts.append(values[plate])
                times.append(at)
            if times and at - times[0] >= seconds:
                break
        if not counts:
            raise UsageError(
                f"No samples of plate {plate!r}: its scale is silent, or there is no such plate. "
                "Run `edge-agent doctor`."
            )
        return {"plate": plate, "counts": counts, "at": times}

    def _samples(self, seconds: float) -> Answer:
        """The counts of all plates for so long, with their times; those that are silent: none."""
        plates: dict[str, dict[str, list[float]]] = {}
        first_at: float | None = None
        silent = 0
        for row in self._rows("counts"):
            silent = silent + 1 if row is None else 0
            if silent > 3:
                break
            if row is None:
                continue
            at, values = row
            first_at = at if first_at is None else first_at
            for plate, count in values.items():
                samples = plates.setdefault(plate, {"at": [], "counts": []})
                samples["at"].append(at)
                samples["counts"].append(count)
            if at - first_at >= seconds:
                break
        return {"plates": plates}


def number_of(request: Request, name: str) -> float:
    """A number that a request must hold; UsageError names the field where it does not."""
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"The request's {name!r} must be a number (found {value!r}).")
    return float(value)


def picture_answer(camera: str, jpeg: bytes) -> Answer:
    """A picture as the socket's JSON carries it."""
    return {"camera": camera, "jpeg_base64": base64.b64encode(jpeg).decode("ascii")}
