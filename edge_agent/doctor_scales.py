"""The doctor's look at scales: some seconds of live samples, opened here or through the agent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from edge_agent.control_client import ask
from edge_agent.doctor_finding import Finding, finding_of
from edge_agent.doctor_plates import PlateSamples, judge_plates
from edge_agent.errors import EdgeAgentError, ScaleError
from edge_agent.ledger import catalogue_of
from edge_agent.pipeline import calibrated, plate_spec
from edge_agent.sensing.drivers import ScaleSource, SourceHealth, open_scale
from edge_agent.sensing.stream_source import StreamSource
from edge_agent.settings import PlateSettings, ScaleSettings, Settings
from edge_agent.standing import health_rows
from edge_agent.weighing.diagnosis.converters import converter_named
from edge_agent.weighing.diagnosis.noise import FloatArray
from edge_agent.weighing.weigher import Weigher

LISTEN_S = 5.0
FIRST_SAMPLE_S = 6.0  # boards that restart when opened
BAD_LINES_SHARE = 0.001
READ_EVERY_S = 0.02
ANSWER_S = 8.0


def check_scales(settings: Settings, seconds: float = LISTEN_S) -> Iterator[Finding]:
    """Open each scale, listen for some seconds, and judge it and its plates."""
    for scale in settings.scale:
        plates = [p for p in settings.plate if p.scale == scale.id]
        if not plates:
            yield Finding("warn", f"scale {scale.id}", "no plate is on it", "Add its plates")
            continue
        try:
            yield from _check_scale(settings, scale, plates, seconds)
        except ScaleError as error:
            yield finding_of(f"scale {scale.id}", error)


def _check_scale(
    settings: Settings, scale: ScaleSettings, plates: list[PlateSettings], seconds: float
) -> Iterator[Finding]:
    channels = max(p.channel or 0 for p in plates) + 1
    offset = time.time() - time.monotonic()
    with closing(open_scale(scale, channels, lambda: time.monotonic() + offset)) as source:
        times, counts = _listen(source, seconds)
        counted, board = source.health(), source.describe()
        # Of all drivers only this one's boards tell a rate.
        identity = source.identity if isinstance(source, StreamSource) else None
    yield _line_of_scale(scale, times, counted, board)
    columns = [p.channel or 0 for p in plates]
    catalogue = catalogue_of(settings)
    weigher = Weigher([plate_spec(p, catalogue) for p in plates])
    weigher.feed(times, calibrated(counts[:, columns], plates))
    health = {row["plate"]: row for row in health_rows(weigher.health())}
    yield from judge_plates(
        settings,
        [
            PlateSamples(
                plate,
                times,
                counts[:, plate.channel or 0],
                health[plate.id],
                counted.overloads[plate.channel or 0],
                converter_named(board or ""),
                identity.samples_per_s if identity is not None else None,
            )
            for plate in plates
        ],
    )


def _line_of_scale(
    scale: ScaleSettings, times: FloatArray, counted: SourceHealth, board: str | None
) -> Finding:
    what = f"scale {scale.id}"
    span_s = float(times[-1] - times[0])
    rate = f" at {(len(times) - 1) / span_s:.1f} Hz" if span_s > 0 else ""
    parts = [f"{len(times)} samples{rate} at {scale.port or 'no port'}", board]
    detail = ", ".join(part for part in parts if part)
    if counted.complaints:
        return Finding("warn", what, f"{detail}; {' '.join(counted.complaints)}")
    told = counted.understood + counted.dropped
    if counted.dropped > max(1, BAD_LINES_SHARE * told):
        return Finding(
            "warn",
            what,
            f"{detail}; {counted.dropped} of {told} lines broken",
            f"Check the cable, its shield and ground, and the baudrate ({scale.baudrate})",
        )
    return Finding("ok", what, detail)


def _listen(source: ScaleSource, seconds: float) -> tuple[FloatArray, FloatArray]:
    """Samples of all channels for so long: times (n,), counts (n, channels)."""
    started = time.monotonic()
    first: float | None = None
    blocks = []
    while first is None or time.monotonic() - first < seconds:
        if first is None and time.monotonic() - started > FIRST_SAMPLE_S:
            raise ScaleError(source.why_silent())
        time.sleep(min(source.pause_s, READ_EVERY_S))
        times, counts = source.read()
        if len(times):
            first = time.monotonic() if first is None else first
            blocks.append((times, counts))
    return (
        np.concatenate([times for times, _ in blocks]),
        np.concatenate([counts for _, counts in blocks]),
    )


def check_scales_through_agent(
    settings: Settings, state: Path, seconds: float = LISTEN_S
) -> Iterator[Finding]:
    """Judge the plates by samples that the running agent passes on, and by its own figures."""
    try:
        heard = ask(state, {"ask": "samples", "seconds": seconds}, timeout_s=seconds + ANSWER_S)
        told = ask(state, {"ask": "weights"}, timeout_s=ANSWER_S)
        faults = ask(state, {"ask": "status"}, timeout_s=ANSWER_S)["faults"]
    except EdgeAgentError as error:
        yield finding_of("scales", error)
        return
    health = {row["plate"]: row for row in told["plates"]}
    lost = {fault["what"]: fault["reason"] for fault in faults}
    none: dict[str, list[float]] = {"at": [], "counts": []}
    for scale in settings.scale:
        plates = [p for p in settings.plate if p.scale == scale.id]
        samples = [(p, heard["plates"].get(p.id, none)) for p in plates]
        what = f"scale {scale.id}"
        if what in lost and not any(rows["at"] for _, rows in samples):
            # Its plates are silent because it is: their plugs are not to blame.
            silent = ", ".join(plate.id for plate in plates)
            yield Finding("fail", what, f"{lost[what]} No weight of {silent} until then")
            continue
        yield from judge_plates(
            settings,
            [
                PlateSamples(
                    plate,
                    np.array(rows["at"]),
                    np.array(rows["counts"]),
                    row := health.get(plate.id, {}),
                    int(bool(row.get("saturated"))),
                )
                for plate, rows in samples
            ],
        )
