"""A recording through the same core as the live shelf, at full speed, in fresh state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.cloud.signatures import Verifier
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.recordings import RecordedMessage, Recording
from edge_agent.settings import Settings
from edge_agent.settings_file import resolve
from edge_agent.store.store import Store

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
    pipeline = Pipeline(settings, ledger, store)
    verifier = verifier_for(settings, recording.folder / "shelf.toml")
    inbox = Inbox(ledger, verifier, settings, store)
    if recording.plates_in_file:
        pipeline.add_scale(SCALE, recording.plates_in_file)
    now = 0.0
    try:
        for now in _play(recording, pipeline, inbox):
            yield from drain(store)
            progress(now)
        while ledger.due_at is not None:
            pipeline.tick(ledger.due_at)
            yield from drain(store)
    finally:
        store.close()


def _play(recording: Recording, pipeline: Pipeline, inbox: Inbox) -> Iterator[float]:
    """Feed samples and messages in the order of time; yields the time reached."""
    messages = iter(recording.messages())
    waiting = next(messages, None)
    now = 0.0
    for times, grams in recording.weight_blocks(BLOCK_S):
        now, first = float(times[-1]), 0
        while waiting is not None and waiting.at <= now:
            # What was weighed before a message came is decided without it.
            last = int(np.searchsorted(times, waiting.at))
            if last > first:
                pipeline.weigh(SCALE, times[first:last], grams[first:last])
                first = last
            _deliver(waiting, pipeline, inbox)
            waiting = next(messages, None)
        pipeline.weigh(SCALE, times[first:], grams[first:])
        yield now
    pipeline.finish(now)
    yield now
    while waiting is not None:
        _deliver(waiting, pipeline, inbox)
        yield waiting.at
        waiting = next(messages, None)


def _deliver(message: RecordedMessage, pipeline: Pipeline, inbox: Inbox) -> None:
    pipeline.tick(message.at)
    inbox.receive(message.topic, message.payload, message.at)


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
