"""Records the plates of the live shelf (contract, section 4)."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge_agent.cli.console import note
from edge_agent.cli.readings import Readings, open_readings
from edge_agent.errors import ScaleError
from edge_agent.recording_writer import RecordingWriter
from edge_agent.settings_file import find_settings, find_state, load_settings, read_settings_text

# Scales deliver in blocks, each at its own pace: rows are put in order within this.
REORDER_S = 1.0


Row = tuple[float, dict[str, float]]


def record_weights(
    out: Path, for_s: float | None, config: Path | None, state: Path | None
) -> dict[str, Any]:
    """Record until `for_s` are over or Ctrl-C; returns what was written.

    Raises RecordingError where `out` cannot be used, ScaleError where a scale is lost.
    """
    path = find_settings(config)
    settings = load_settings(path)
    plates = [p.id for p in settings.plate if p.is_weighed]
    started = time.monotonic()
    rows = 0
    with (
        open_readings(settings, find_state(state)) as readings,
        RecordingWriter(out, read_settings_text(path), plates) as recording,
    ):
        note(f"Recording {len(plates)} plates to {out}; Ctrl-C ends.")
        try:
            for at, grams in in_order(_until(readings, for_s)):
                recording.row(at, [grams.get(plate) for plate in plates])
                rows += 1
        except KeyboardInterrupt:
            note("Ended.")
    if not rows:
        raise ScaleError("No sample came while recording. Run `edge-agent doctor`.")
    return {"folder": str(out), "rows": rows, "seconds": round(time.monotonic() - started, 1)}


def _until(readings: Readings, for_s: float | None) -> Iterator[Row]:
    started = time.monotonic()
    for row in readings.rows():
        yield row
        if for_s is not None and time.monotonic() - started >= for_s:
            return


def in_order(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows by time, held back by `REORDER_S` for those that come late; empty ones left out.

    A row that comes later than that still is told with the time of the last one told, because a
    recording's time never goes back.
    """
    waiting: list[tuple[float, int, dict[str, float]]] = []
    newest = latest_told = float("-inf")
    for number, (at, grams) in enumerate(rows):
        newest = max(newest, at)
        if grams:
            heapq.heappush(waiting, (at, number, grams))
        while waiting and waiting[0][0] <= newest - REORDER_S:
            told_at, _, told = heapq.heappop(waiting)
            latest_told = max(latest_told, told_at)
            yield latest_told, told
    while waiting:
        told_at, _, told = heapq.heappop(waiting)
        latest_told = max(latest_told, told_at)
        yield latest_told, told
