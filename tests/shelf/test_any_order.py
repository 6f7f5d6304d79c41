"""The same facts, told in any order, end in the same findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.shelf.facts import Fact, PaymentFact
from tests.shelf.scene import START, Scene, payment, take

HOUR = 3600.0
# Four visits: one paid in two revisions, one feigned, one underpaid, one substituted.
CHANGES = [
    take(0, "A2", "nuts"),
    take(600, "A1", "cola"),
    take(1200, "A2", "nuts"),
    take(1204, "A3", "gum"),
    take(1800, "A2", "nuts"),
]
PAYMENTS = [
    payment(15, state="opened", revision=1, name="P1"),
    payment(30, "nuts", revision=2, name="P1", opened=15),
    payment(620, "cola", state="pending", revision=1, name="P2"),
    payment(900, "cola", state="closed", revision=2, name="P2", opened=610),
    payment(1220, "gum", name="P3"),
    payment(1815, "gum", name="P4"),
]


def end_of(facts: list[Fact]) -> tuple[Any, Any]:
    """What is open and how each visit stands when all is told."""
    scene = Scene(*facts, until=20 * HOUR)
    visits = {
        key: (visit["state"], visit["taken"], visit["paid"])
        for key, visit in scene.visits().items()
    }
    return scene.open_lines(), visits


def test_the_end_is_as_it_should_be() -> None:
    lines, _ = end_of([*CHANGES, *PAYMENTS])
    assert lines == [
        ("feigned", "cola", 1, 350),
        ("substituted", "nuts", 1, 1000),
        ("underpaid", "nuts", 1, 1200),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.permutations(PAYMENTS),
    st.lists(st.floats(0, 10 * HOUR), min_size=len(PAYMENTS), max_size=len(PAYMENTS)),
    st.lists(st.sampled_from(range(len(PAYMENTS))), max_size=4),
)
def test_late_shuffled_and_repeated_payments_end_alike(
    order: list[PaymentFact], delays: list[float], repeats: list[int]
) -> None:
    late = [replace(p, at=START + delay) for p, delay in zip(order, delays, strict=True)]
    again = [replace(late[i], at=late[i].at + 60.0) for i in repeats]
    assert end_of([*CHANGES, *late, *again]) == end_of([*CHANGES, *PAYMENTS])
