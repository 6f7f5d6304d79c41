"""Each scenario once more as facts: other times, orders of arrival and repeats, the same end."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from edge_agent.cloud.events import parse_time
from edge_agent.cloud.signatures import Verifier
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.recordings import Recording
from edge_agent.shelf.facts import ChangeFact, LevelsFact
from edge_agent.shelf.state import Output
from edge_agent.store.store import Store
from edge_agent.times import rfc3339
from edge_agent.weighing.change import WeightChange
from tests.scenario_endings import NAMES, SCENARIOS, ends, expected

HOUR = 3600.0
FOLLOWED_S = 4 * 86400.0

# Monday morning is measured as a whole, and may err in a few of its sixty removals.
VARIED = [name for name in NAMES if name != "monday-morning"]


@dataclass(frozen=True)
class Play:
    """A scenario's first levels, its weight changes as they were told, and its messages."""

    levels: LevelsFact
    changes: tuple[WeightChange, ...]
    messages: tuple[tuple[float, str, str], ...]


@cache
def play(name: str) -> Play:
    """A scenario weighed once."""
    recording = Recording(SCENARIOS / name)
    store = Store.in_memory()
    changes: list[WeightChange] = []
    ledger = Ledger(recording.settings, store)
    pipeline = Pipeline(recording.settings, ledger, store, on_change=changes.append)
    pipeline.add_scale("recorded", recording.plates_in_file)
    first: tuple[float, dict[str, float]] | None = None
    for times, grams in recording.weight_blocks(1.0):
        pipeline.weigh("recorded", times, grams)
        if first is None and len(ledger.state.levels_g) == len(recording.plates_in_file):
            first = float(times[-1]), dict(ledger.state.levels_g)
    pipeline.finish(recording.span[1])
    store.close()
    assert first is not None
    messages = [(m.at, m.topic, m.payload.decode()) for m in recording.messages()]
    return Play(LevelsFact(*first), tuple(changes), tuple(messages))


@dataclass(frozen=True)
class Variation:
    """Seconds by which all moves, by which payments' own times move, and messages come late."""

    later_s: float
    payments_later_s: float
    delays_s: tuple[float, ...]
    repeats: tuple[int, ...]


@st.composite
def variations(draw: st.DrawFn, messages: int, shift_s: float) -> Variation:
    """Moved as a whole by up to a day, the news in any order within hours, some of it twice."""
    delays = st.one_of(st.floats(0, 60), st.floats(0, 5 * HOUR))
    return Variation(
        draw(st.floats(0, 86400.0)),
        draw(st.floats(-shift_s, shift_s)),
        tuple(draw(st.lists(delays, min_size=messages, max_size=messages))),
        tuple(draw(st.lists(st.integers(0, messages - 1), max_size=3))) if messages else (),
    )


def told_of(name: str, variation: Variation) -> list[tuple[str, Any]]:
    """What a varied scenario tells until nothing is pending."""
    found, store = play(name), Store.in_memory()
    recording = Recording(SCENARIOS / name)
    ledger = Ledger(recording.settings, store)
    inbox = Inbox(ledger, Verifier(None, False), recording.settings, store)
    by = variation.later_s
    outputs: list[Output] = list(
        ledger.take(LevelsFact(found.levels.at + by, found.levels.levels_g))
    )
    inputs: list[tuple[float, WeightChange | tuple[str, bytes]]] = [
        (max(change.told_at, change.settled_at) + by, _moved(change, by))
        for change in found.changes
    ]
    posts = [
        (at + by + late_s, (topic, _shifted(text, by, variation.payments_later_s)))
        for (at, topic, text), late_s in zip(found.messages, variation.delays_s, strict=True)
    ]
    inputs += [*posts, *((posts[i][0] + 30.0, posts[i][1]) for i in variation.repeats)]
    for at, what in sorted(inputs, key=lambda each: each[0]):
        outputs += ledger.tick(at)
        if isinstance(what, WeightChange):
            outputs += ledger.take(ChangeFact(at, what))
        else:
            outputs += inbox.receive(what[0], what[1], at).outputs
    outputs += ledger.tick(max(at for at, _ in inputs) + FOLLOWED_S) if inputs else []
    store.close()
    return [(output.topic, output.payload) for output in outputs if output.audience == "cloud"]


def _moved(change: WeightChange, by_s: float) -> WeightChange:
    return replace(
        change,
        started_at=change.started_at + by_s,
        settled_at=change.settled_at + by_s,
        told_at=change.told_at + by_s,
    )


def _shifted(text: str, by_s: float, payments_by_s: float) -> bytes:
    """A message whose times are moved, those of a payment a little more."""
    event = json.loads(text)
    content = event["data"]
    if event["type"] == "shelf.payment":
        by_s += payments_by_s
        for key in ("opened_at", "paid_at", "closed_at"):
            if content[key] is not None:
                content[key] = rfc3339(parse_time(content[key]) + by_s)
        for refund in content["refunds"]:
            refund["at"] = rfc3339(parse_time(refund["at"]) + by_s)
    event["time"] = rfc3339(parse_time(event["time"]) + by_s)
    return json.dumps(event).encode()


def differing(name: str, examples: int) -> list[tuple[Variation, Any, Any]]:
    """Of so many variations those that do not end as the scenario does: how, and how they must."""
    others: list[tuple[Variation, Any, Any]] = []

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(variations(len(play(name).messages), expected(name)["payments_may_shift_s"]))
    def play_one(variation: Variation) -> None:
        found, must = ends(told_of(name, variation), expected(name), however=True)
        if found != must:
            others.append((variation, found, must))

    play_one()
    return others


@pytest.mark.parametrize("name", VARIED)
def test_a_variation_of_a_scenario_ends_as_it_does(name: str) -> None:
    assert differing(name, 3) == []


@pytest.mark.marathon
@pytest.mark.parametrize("name", VARIED)
def test_many_variations_of_a_scenario_end_as_it_does(name: str) -> None:
    assert differing(name, 60) == []
