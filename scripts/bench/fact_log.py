"""What a simulated day told the ledger, kept: weighing is done once, decisions as often as liked.

A log holds the settings, the truth, and in their order the changes that weighing told, the levels
and the messages, so that `decide` runs the same day through the ledger without its samples.
"""

from __future__ import annotations

import gzip
import json
import math
import tempfile
import time
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from edge_agent.cloud.signatures import Verifier
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.recording_lines import read_truth
from edge_agent.settings import Settings
from edge_agent.shelf.facts import ChangeFact, Fact, LevelsFact
from edge_agent.shelf.state import Output
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.recording import shelf_to_record, truth_lines
from edge_agent.simulation.script import CloudMessage
from edge_agent.simulation.shop import settings_toml
from edge_agent.simulation.variation import Variation
from edge_agent.store.store import Store
from edge_agent.truth import Truth
from edge_agent.weighing.change import WeightChange

BLOCK_S = 1.0
_CHANGE = TypeAdapter(WeightChange)
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Day:
    """The day to simulate: its length, how busy it is, and the share of dishonest visits.

    Twelve hours from nine in the morning hold seven in eight of a day's visits.
    """

    hours: float = 12.0
    visits_per_hour: float = 30.0
    adversarial: float = 0.4
    profile: str = "default"


@dataclass(frozen=True, slots=True)
class FactLog:
    """One day as the ledger was told it."""

    settings: Settings
    truth: list[Truth]
    entries: list[Entry]
    duration_s: float


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a log, as `edge-agent replay` prints it, and seconds for each input."""

    reports: list[dict[str, Any]]
    input_s: list[float]


class NotingLedger(Ledger):
    """A ledger that notes what it is told and decides nothing: weighing does not depend on it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.entries: list[Entry] = []
        super().__init__(settings, store)

    def take(self, fact: Fact, *args: Any, **options: Any) -> list[Output]:
        """Note a change, or the first levels of plates."""
        levels = options.get("levels")
        if isinstance(fact, ChangeFact):
            change = _CHANGE.dump_python(fact.change, mode="json")
            self.entries.append({"at": fact.at, "change": change, "levels": levels})
        elif isinstance(fact, LevelsFact):
            self.entries.append({"at": fact.at, "first": fact.levels_g, "levels": levels})
        return []

    def take_levels(
        self, levels_g: Mapping[str, float], now: float, zeroed: Collection[str] = ()
    ) -> list[Output]:
        """Note the settled weights, which may be worth telling or not."""
        told = {plate: round(grams, 3) for plate, grams in levels_g.items()}
        self.entries.append({"at": now, "settled": told})
        return []


def keep(seed: int, day: Day, file: Path) -> None:
    """Simulate a day, weigh it, and write what the ledger was told to `file` (gzipped JSON)."""
    variation = Variation(adversarial=day.adversarial)
    rate_hz = variation.build(day.profile).rate_hz
    shelf = shelf_to_record(seed, day.hours, day.profile, rate_hz, day.visits_per_hour, variation)
    duration_s = 3600.0 * day.hours
    store = Store.in_memory()
    ledger = NotingLedger(shelf.settings, store)
    _play(shelf, Pipeline(shelf.settings, ledger, store), ledger, shelf.start_at + duration_s)
    store.close()
    log = {
        "settings": settings_toml(shelf.settings),
        "truth": truth_lines(shelf, with_visits=True),
        "entries": ledger.entries,
        "duration_s": duration_s,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as unfinished:
        unfinished.write(gzip.compress(json.dumps(log).encode(), 6))
    Path(unfinished.name).replace(file)


def _play(shelf: LiveShelf, pipeline: Pipeline, ledger: NotingLedger, end_at: float) -> None:
    pipeline.add_scale("main", shelf.plates)
    while shelf.now < end_at - 1e-6:
        times, grams = shelf.next_grams(BLOCK_S)
        # A recording has no more than hundredths of a gram.
        rounded = np.round(grams, 2).astype(np.float64)
        first = 0
        for message in shelf.messages_due(float(times[-1])):
            # What was weighed before a message came is decided without it.
            last = int(np.searchsorted(times, message.at))
            if last > first:
                pipeline.weigh("main", times[first:last], rounded[first:last])
                first = last
            ledger.entries.append(_entry(message))
        if first < len(times):
            pipeline.weigh("main", times[first:], rounded[first:])
    pipeline.finish(shelf.now)
    ledger.entries += [_entry(message) for message in shelf.messages_due(math.inf)]


def _entry(message: CloudMessage) -> Entry:
    payload = message.payload_bytes.decode()
    return {"at": message.at, "topic": message.topic, "payload": payload}


def load(file: Path) -> FactLog:
    """Read a log."""
    log = json.loads(gzip.decompress(file.read_bytes()))
    return FactLog(
        settings=Settings.model_validate(tomllib.loads(log["settings"])),
        truth=[read_truth(line) for line in log["truth"]],
        entries=log["entries"],
        duration_s=log["duration_s"],
    )


def decide(log: FactLog) -> Decided:
    """Run a log through a fresh ledger, until nothing is pending."""
    store = Store.in_memory()
    ledger = Ledger(log.settings, store)
    inbox = Inbox(ledger, Verifier(None, False), log.settings, store)
    decided = Decided([], [])
    try:
        for entry in log.entries:
            _note(ledger.tick(entry["at"]), decided)
            began_s = time.perf_counter()
            outputs = _tell(entry, ledger, inbox)
            if "settled" not in entry:
                decided.input_s.append(time.perf_counter() - began_s)
            _note(outputs, decided)
        while ledger.due_at is not None:
            _note(ledger.tick(ledger.due_at), decided)
    finally:
        store.close()
    return decided


def _tell(entry: Entry, ledger: Ledger, inbox: Inbox) -> list[Output]:
    at = entry["at"]
    if "topic" in entry:
        return inbox.receive(entry["topic"], entry["payload"].encode(), at).outputs
    if "settled" in entry:
        return ledger.take_levels(entry["settled"], at)
    levels = {plate: (a, g, s) for plate, (a, g, s) in entry["levels"].items()}
    fact: Fact = LevelsFact(at, entry["first"]) if "first" in entry else ChangeFact(
        at, _CHANGE.validate_python(entry["change"])
    )  # fmt: skip
    return ledger.take(fact, levels=levels)


def _note(outputs: Sequence[Output], decided: Decided) -> None:
    decided.reports.extend(
        report_of(output) for output in outputs if output.topic in ("changes", "losses")
    )


def report_of(output: Output) -> dict[str, Any]:
    """An output as far as a score reads the line that `edge-agent replay` prints of it."""
    return {"time": output.at, "topic": output.topic, "payload": {"data": output.payload}}
