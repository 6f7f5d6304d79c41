"""Whoever moves before the shelf is still there: his visit goes on."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from edge_agent.codec import dump_state, load_state
from edge_agent.shelf.facts import Fact, MotionFact
from tests.shelf.scene import START, Scene, payment, take


def motion(at: float) -> MotionFact:
    """Something moved, and it was told a second later."""
    return MotionFact(START + at + 1.0, START + at)


def visits(scene: Scene) -> list[list[str]]:
    """The plates of each visit's changes."""
    told = (v for v in scene.visits().values() if v["changes"])
    return [[change.split("-")[0] for change in visit["changes"]] for visit in told]


TAKEN = (take(0, "A1", "cola"), take(50, "A2", "nuts"))


def test_without_motion_fifty_seconds_part_two_visits() -> None:
    assert visits(Scene(*TAKEN)) == [["A1"], ["A2"]]


def test_who_goes_on_moving_is_one_visitor() -> None:
    assert visits(Scene(*TAKEN, motion(15), motion(32))) == [["A1", "A2"]]


@pytest.mark.parametrize("times", [(15.0,), (35.0,), (10.0, 31.0)])
def test_a_pause_longer_than_the_gap_ends_a_visit_all_the_same(times: tuple[float, ...]) -> None:
    assert visits(Scene(*TAKEN, *map(motion, times))) == [["A1"], ["A2"]]


@pytest.mark.parametrize("seed", range(10))
def test_whatever_the_order_in_which_it_is_told_the_end_is_the_same(seed: int) -> None:
    facts: list[Fact] = [
        *TAKEN,
        take(300, "A3", "gum"),
        *(motion(at) for at in (12, 29, 44, 61, 290, 312)),
        payment(70, "cola", "nuts"),
    ]
    shuffled = list(facts)
    random.Random(seed).shuffle(shuffled)
    later = [replace(fact, at=START + 3000.0 + n) for n, fact in enumerate(shuffled)]
    assert Scene(*later).open_lines() == Scene(*facts).open_lines() == [("unpaid", "gum", 1, 200)]
    assert sorted(visits(Scene(*later))) == [["A1", "A2"], ["A3"]]


def test_motion_is_kept_in_a_snapshot_and_forgotten_with_its_time() -> None:
    scene = Scene(*TAKEN, motion(15), until=60)
    restored = load_state(dump_state(scene.ledger.state))
    assert restored.motions == scene.ledger.state.motions == [START + 15]
    scene.tell(take(5 * 86400.0, "A3", "gum"), until=6 * 86400.0)
    assert scene.ledger.state.motions == []
