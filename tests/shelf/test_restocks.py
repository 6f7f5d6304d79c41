"""Restocks: what came against what was ordered."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.shelf.facts import RestockFact, RestockLine
from tests.shelf.scene import START, Scene, put, take


def order(at: float, state: str, revision: int, quantity: int = 3) -> RestockFact:
    """An order of nuts for plate A2, told when it happens."""
    lines = (RestockLine("nuts", quantity, "A2"),)
    return RestockFact(START + at, "L1", revision, state, START + at, "op", lines)  # type: ignore[arg-type]


def test_goods_that_came_as_ordered_are_reported_and_no_case() -> None:
    scene = Scene(order(0, "started", 1), put(10, "A2", "nuts", 3), order(30, "finished", 2))
    (report,) = scene.of("restock-reports")
    assert report["lines"] == [
        {
            "sku": "nuts",
            "plate": "A2",
            "ordered": 3,
            "weighed": 3,
            "difference": 0,
            "weight_g": 240.0,
            "unit_price": 1200,
        }
    ]
    assert scene.of("losses") == []
    assert scene.of("visits") == []


def test_goods_that_did_not_come_are_a_shortfall() -> None:
    scene = Scene(order(0, "started", 1), put(10, "A2", "nuts", 2), order(30, "finished", 2))
    assert scene.open_lines() == [("restock_shortfall", "nuts", 1, 1200)]


def test_goods_set_down_just_after_the_end_still_count() -> None:
    scene = Scene(order(0, "started", 1), order(10, "finished", 2), put(12, "A2", "nuts", 3))
    assert scene.open_lines() == []


def test_what_left_unwatched_between_a_restock_and_a_start_is_no_part_of_it() -> None:
    gone = take(60, "A2", "nuts")
    # The last level that is known is of the restock's time; the power came back after its end.
    unwatched = replace(gone.change, started_at=START + 20, unobserved=True)
    scene = Scene(
        order(0, "started", 1),
        put(10, "A2", "nuts", 3),
        order(30, "finished", 2),
        replace(gone, change=unwatched),
    )
    assert scene.open_lines() == [("unobserved", "nuts", 1, 1200)]


def test_a_restock_that_nobody_finished_ends_by_itself() -> None:
    scene = Scene(order(0, "started", 1), put(10, "A2", "nuts", 3), take(20000, "A2", "nuts"))
    assert len(scene.of("restock-reports")) == 1
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]
