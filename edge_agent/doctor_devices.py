"""The doctor's look at scales and cameras, from here or through the agent that holds them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.control_client import ask
from edge_agent.doctor_finding import Finding, Verdict, finding_of
from edge_agent.errors import CameraError, EdgeAgentError, ScaleError
from edge_agent.ledger import catalogue_of
from edge_agent.pipeline import calibrated, plate_spec
from edge_agent.sensing.drivers import ScaleSource, open_scale
from edge_agent.sensing.stream_source import StreamSource
from edge_agent.settings import CameraSettings, PlateSettings, ScaleSettings, Settings
from edge_agent.weighing.weigher import Weigher

LISTEN_S = 3.0
FIRST_SAMPLE_S = 6.0  # boards that restart when opened
STALE_S = 3.0
BAD_LINES_SHARE = 0.001
MANY_DROPOUTS_SHARE = 0.01
# The other drivers' scales report grams themselves.
IN_COUNTS = ("stream", "simulated")


class _CountingSource(StreamSource):
    """The same scale, which also tells what its parser has counted."""

    def lines(self) -> tuple[int, int]:
        """Good lines, and those that were dropped."""
        return self._parser.lines, self._parser.dropped


def check_scales(settings: Settings) -> Iterator[Finding]:
    """Open each scale, listen for some seconds, and judge it and its plates."""
    for scale in settings.scale:
        plates = [p for p in settings.plate if p.scale == scale.id]
        if not plates:
            yield Finding("warn", f"scale {scale.id}", "no plate is on it", "Add its plates")
            continue
        try:
            yield from _check_scale(settings, scale, plates)
        except ScaleError as error:
            yield finding_of(f"scale {scale.id}", error)


def _check_scale(
    settings: Settings, scale: ScaleSettings, plates: list[PlateSettings]
) -> Iterator[Finding]:
    channels = max(p.channel or 0 for p in plates) + 1
    offset = time.time() - time.monotonic()
    with closing(_open(scale, channels, offset)) as source:
        times, counts = _listen(source)
        lines = source.lines() if isinstance(source, _CountingSource) else None
    span_s = float(times[-1] - times[0])
    rate_hz = (len(times) - 1) / span_s if span_s > 0 else math.nan
    detail = f"{len(times)} samples at {rate_hz:.1f} Hz at {scale.port or 'no port'}"
    if lines is not None and lines[1] > max(1, BAD_LINES_SHARE * lines[0]):
        yield Finding(
            "warn",
            f"scale {scale.id}",
            f"{detail}; {lines[1]} of {sum(lines)} lines broken",
            f"Check the cable, its shield and ground, and the baudrate ({scale.baudrate})",
        )
    else:
        yield Finding("ok", f"scale {scale.id}", detail)
    catalogue = catalogue_of(settings)
    weigher = Weigher([plate_spec(p, catalogue) for p in plates])
    weigher.feed(times, calibrated(counts[:, [p.channel or 0 for p in plates]], plates))
    for plate in plates:
        health = asdict(weigher.health()[plate.id])
        yield judge_plate(settings, plate, health, float(times[-1]), len(times))


def _open(scale: ScaleSettings, channels: int, offset: float) -> ScaleSource:
    def clock() -> float:
        return time.monotonic() + offset

    if scale.driver == "stream":
        return _CountingSource(scale, channels, clock)
    return open_scale(scale, channels, clock)


def _listen(source: ScaleSource) -> tuple[Any, Any]:
    started = time.monotonic()
    first: float | None = None
    blocks = []
    while first is None or time.monotonic() - first < LISTEN_S:
        if first is None and time.monotonic() - started > FIRST_SAMPLE_S:
            raise ScaleError(source.why_silent())
        times, counts = source.read()
        if len(times):
            first = time.monotonic() if first is None else first
            blocks.append((times, counts))
        time.sleep(0.02)
    return (
        np.concatenate([times for times, _ in blocks]),
        np.concatenate([counts for _, counts in blocks]),
    )


def check_scales_through_agent(settings: Settings, state: Path) -> Iterator[Finding]:
    """Judge the plates by what the running agent has measured."""
    try:
        answer = ask(state, {"ask": "weights"})
    except EdgeAgentError as error:
        yield finding_of("scales", error)
        return
    told = {p["plate"]: p for p in answer["plates"]}
    for plate in settings.plate:
        if plate.is_weighed:
            yield judge_plate(settings, plate, told.get(plate.id), time.time(), None)


def judge_plate(
    settings: Settings,
    plate: PlateSettings,
    health: dict[str, Any] | None,
    now: float,
    samples: int | None,
) -> Finding:
    """One finding for one plate: the worst that its numbers (those of `PlateHealth`) say."""
    what = f"plate {plate.id}"
    at = _known(health, "at")
    if health is None or at is None or now - at > STALE_S:
        channel = f"channel {plate.channel} of scale {plate.scale}"
        remedy = f"Check the load cell's plug at {channel}, and the plate's `channel`"
        return Finding("fail", what, f"no samples from {channel}", remedy)
    noise_g, smallest_g = _known(health, "noise_g"), _known(health, "smallest_change_g")
    weight_g, rate_hz = _known(health, "weight_g"), _known(health, "rate_hz")
    lightest_g = min(_weights(settings, plate), default=None)
    detail = f"{_say(weight_g, 1)} g, {_say(rate_hz, 1)} Hz, noise {_say(noise_g, 2)} g"
    dropouts_share = health["dropouts"] / samples if samples else 0.0
    if plate.counts_per_g == 1.0 and _driver(settings, plate) in IN_COUNTS:
        remedy = f"edge-agent calibrate {plate.id} --mass 500"
        return Finding("warn", what, f"{_say(rate_hz, 1)} Hz, not calibrated", remedy)
    for is_so, verdict, complaint, remedy in _complaints(plate, health, dropouts_share):
        if is_so:
            return Finding(verdict, what, f"{detail}; {complaint}", remedy)
    if lightest_g is not None and smallest_g is not None and smallest_g > lightest_g:
        remedy = "Keep draughts and vibration off, check its ground, or use a smaller load cell"
        complaint = f"too noisy to see {lightest_g:g} g leave"
        return Finding("warn", what, f"{detail}; {complaint}", remedy)
    return Finding("ok", what, detail)


def _complaints(
    plate: PlateSettings, health: dict[str, Any], dropouts_share: float
) -> list[tuple[bool, Verdict, str, str]]:
    """What a plate's own numbers may say against it, the worst first."""
    return [
        (
            health["saturated"],
            "fail",
            f"beyond its capacity of {plate.capacity_g:g} g",
            "Take weight off; else check the load cell's wiring, then calibrate again",
        ),
        (
            health["frozen"],
            "fail",
            "frozen",
            "The converter repeats one value: check its wiring, then power the board off and on",
        ),
        (
            dropouts_share > MANY_DROPOUTS_SHARE,
            "warn",
            f"{100 * dropouts_share:.0f} % of its samples missing",
            "Check the load cell's plug and cable",
        ),
    ]


def _known(health: dict[str, Any] | None, name: str) -> float | None:
    value = None if health is None else health[name]
    return None if value is None or not math.isfinite(value) else float(value)


def _say(value: float | None, digits: int) -> str:
    return "?" if value is None else f"{value:.{digits}f}"


def _driver(settings: Settings, plate: PlateSettings) -> str | None:
    return next((s.driver for s in settings.scale if s.id == plate.scale), None)


def _weights(settings: Settings, plate: PlateSettings) -> list[float]:
    return [p.weight_g for p in settings.product if p.sku in plate.products and p.weight_g]


def check_camera(camera: CameraSettings) -> Finding:
    """Open the camera and take a picture."""
    from edge_agent.vision.sources import open_source

    what = f"camera {camera.id}"
    try:
        with closing(open_source(camera, time.time)) as source:
            shot = source.read()
    except CameraError as error:
        return finding_of(what, error)
    if shot is None:
        return Finding("fail", what, f"{camera.source} holds no pictures", "Correct its source")
    height, width = shot.frame.image.shape[:2]
    return Finding("ok", what, f"{width} × {height} from {camera.source}")


def check_camera_through_agent(camera: CameraSettings, state: Path) -> Finding:
    """Ask the running agent for a picture."""
    try:
        answer = ask(state, {"ask": "snapshot", "camera": camera.id}, timeout_s=10.0)
    except EdgeAgentError as error:
        return finding_of(f"camera {camera.id}", error)
    kilobytes = len(answer["jpeg_base64"]) * 3 // 4000
    return Finding("ok", f"camera {camera.id}", f"gives pictures, {kilobytes} kB")
