"""A recording through the same core as the live shelf, at full speed, in fresh state."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.cloud.signatures import Verifier
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.recordings import RecordedFrame, RecordedMessage, Recording
from edge_agent.seeing import Seeing, regions_by_plate
from edge_agent.settings import Settings
from edge_agent.settings_file import resolve
from edge_agent.shelf.scans import scan_output
from edge_agent.store.store import Store
from edge_agent.vision.codes.scanning import ScanWatch
from edge_agent.vision.frames import Frame, decode_picture
from edge_agent.vision.recognisers import recogniser_for
from edge_agent.weighing.level_log import LevelLog

BLOCK_S = 1.0
SCALE = "recorded"
DRAIN = 1000


def replay(
    recording: Recording, progress: Callable[[float], None] = lambda at: None
) -> Iterator[dict[str, Any]]:
    """Yield what the agent would publish, in order, until nothing is pending.

    Each is `{"time", "topic", "payload"}`: Unix seconds of the recording's clock, the topic
    without its prefix, the CloudEvent. The cloud counts as reachable throughout, as the recording
    holds what it said. `progress` hears the recording's time now and then.
    Raises RecordingError where the recording cannot be read.
    """
    settings = recording.settings
    store = Store.in_memory()
    ledger = Ledger(settings, store)
    level_log = LevelLog() if any(True for _ in recording.frames()) else None
    seeing = _seeing(recording, ledger, level_log)
    pipeline = Pipeline(settings, ledger, store, on_change=seeing.ask, level_log=level_log)
    verifier = verifier_for(settings, recording.folder / "shelf.toml")
    inbox = Inbox(ledger, verifier, settings, store)
    if recording.plates_in_file:
        pipeline.add_scale(SCALE, recording.plates_in_file)
    now = 0.0
    try:
        for now in _Player(recording, ledger, pipeline, inbox, seeing).play():
            yield from drain(store)
            progress(now)
        while ledger.due_at is not None:
            pipeline.tick(ledger.due_at)
            yield from drain(store)
    finally:
        store.close()


def _seeing(recording: Recording, ledger: Ledger, level_log: LevelLog | None) -> Seeing:
    """The eyes for a recording's pictures; its products are taught by those in its folder."""
    cameras = sorted({frame.camera for frame in recording.frames()})
    regions = regions_by_plate(recording.settings, cameras)
    recogniser = recogniser_for(recording.settings, recording.folder)
    return Seeing(
        recording.settings,
        regions,
        recogniser,
        lambda: ledger.state.catalogue,
        recording.plates_in_file,
        level_log,
    )


Happening = RecordedMessage | RecordedFrame


@dataclass(frozen=True, slots=True)
class _Player:
    """Plays a recording into the agent's parts, in the order of time."""

    recording: Recording
    ledger: Ledger
    pipeline: Pipeline
    inbox: Inbox
    seeing: Seeing
    scans: ScanWatch = field(default_factory=ScanWatch)

    def play(self) -> Iterator[float]:
        """Feed samples, messages and pictures; yields the time reached."""
        happenings = self._happenings()
        waiting = next(happenings, None)
        now = 0.0
        for times, grams in self.recording.weight_blocks(BLOCK_S):
            now, first = float(times[-1]), 0
            while waiting is not None and waiting.at <= now:
                # What was weighed before something else came is decided without it.
                last = int(np.searchsorted(times, waiting.at))
                if last > first:
                    self.pipeline.weigh(SCALE, times[first:last], grams[first:last])
                    first = last
                self._deliver(waiting)
                waiting = next(happenings, None)
            self.pipeline.weigh(SCALE, times[first:], grams[first:])
            yield now
        self.pipeline.finish(now)
        yield now
        while waiting is not None:
            self._deliver(waiting)
            yield waiting.at
            waiting = next(happenings, None)

    def _happenings(self) -> Iterator[Happening]:
        messages, frames = self.recording.messages(), self.recording.frames()
        return heapq.merge(messages, frames, key=lambda happening: happening.at)

    def _deliver(self, happening: Happening) -> None:
        self.pipeline.tick(happening.at)
        if isinstance(happening, RecordedMessage):
            self.inbox.receive(happening.topic, happening.payload, happening.at)
        else:
            picture = decode_picture(happening.path.read_bytes(), str(happening.path))
            self._look(Frame(happening.camera, happening.at, picture))

    def _look(self, frame: Frame) -> None:
        seen = [each.fact for each in self.seeing.feed(frame)]
        motion = self.seeing.motion(frame.camera, frame.at)
        self.pipeline.take_seen([*seen, *([motion] if motion is not None else [])])
        for scan in self.scans.see(frame):
            self.ledger.tell(scan_output(scan, self.ledger.state.catalogue))


def drain(store: Store) -> Iterator[dict[str, Any]]:
    """Take everything out of the outbox, as a cloud would that is always there."""
    while batch := store.outbox.due(float("inf"), DRAIN):
        for message in batch:
            yield {
                "time": round(message.at, 3),
                "topic": message.topic,
                "payload": json.loads(message.payload),
            }
        store.outbox.delivered([message.event_id for message in batch])


def verifier_for(settings: Settings, settings_path: Path) -> Verifier:
    """The keys that the settings name, relative to their file.

    With `required` and no key file every signed topic is refused, message by message, with the
    reason; the shelf itself goes on.
    """
    required = settings.payments.signature == "required"
    keys = resolve(settings.payments.keys_file, settings_path)
    return Verifier.from_file(keys, required) if keys.exists() else Verifier(None, required)
