"""A thing that was weighed when it moved weighs the same when it moves back."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.shelf.facts import ChangeFact
from edge_agent.shelf.state import Change
from tests.shelf.scene import START, Scene, change, take

LATER = 3000.0


def read(*facts: ChangeFact) -> list[Change]:
    """What some changes were read as in the end, in the order in which they happened."""
    return changes_of(Scene(*facts, until=LATER))


def changes_of(scene: Scene) -> list[Change]:
    """The changes of a scene in the order in which they happened."""
    return sorted(scene.ledger.state.changes.values(), key=lambda c: c.settled_at)


def test_a_stray_unit_is_known_by_its_own_weight_where_its_products_weight_would_not_do() -> None:
    # Among colas 347.9 g is nothing special; but this very one weighed that when it left.
    _, back = read(change(0, "A1", -347.9), change(30, "A2", 347.9))
    assert back.items == (("cola", 1),)
    _, other = read(change(0, "A1", -347.9), change(30, "A2", 344.1))
    assert other.hypotheses[0].confidence < back.hypotheses[0].confidence


def test_what_could_not_be_named_comes_back_as_what_it_was() -> None:
    taken, back = read(change(0, "B1", -346.5), change(30, "A2", 346.5))
    assert not taken.accepted
    for of_taken, of_back in zip(taken.hypotheses[:2], back.hypotheses[:2], strict=True):
        assert of_back.items == tuple((sku, -n) for sku, n in of_taken.items)
        assert abs(of_back.confidence - of_taken.confidence) < 0.02


def test_one_of_several_that_left_together_is_known_by_their_sum() -> None:
    # Both of the two were heavy.
    _, back = read(change(0, "A2", -164.0), change(30, "A1", 82.0))
    assert (back.items, back.accepted) == ((("nuts", 1),), True)
    _, alone = read(change(0, "A2", -160.0), change(30, "A1", 82.0))
    assert back.hypotheses[0].confidence > alone.hypotheses[0].confidence


def test_a_unit_comes_back_once() -> None:
    moves = change(0, "A2", -82.4), change(30, "A1", 82.4), change(50, "A3", 82.4)
    scene = Scene(*moves, until=LATER)
    first, back, again = changes_of(scene)
    assert scene.ledger.state.origins == {back.change_id: ((first.change_id, 1.0),)}
    assert (back.items, again.items) == ((("nuts", 1),), ())


def test_what_was_put_in_the_wrong_place_is_taken_from_there() -> None:
    moves = change(0, "A1", -346.4), change(30, "A2", 346.4), change(400, "A2", -346.4)
    scene = Scene(*moves, until=LATER)
    _, put, again = changes_of(scene)
    assert (put.items, again.items) == ((("cola", 1),), (("cola", -1),))
    assert [origin for origin, _ in scene.ledger.state.origins[again.change_id]] == [put.change_id]


def test_what_moved_back_is_forgotten_with_its_change() -> None:
    scene = Scene(change(0, "A2", -82.4), change(30, "A1", 82.4))
    assert (scene.ledger.state.changes, scene.ledger.state.origins) == ({}, {})


def test_goods_in_the_wrong_place_are_taken_together_with_those_of_the_plate() -> None:
    *_, both = read(take(0, "A1", "cola"), change(30, "A2", 346.0), change(400, "A2", -426.0))
    assert both.items == (("cola", -1), ("nuts", -1))


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3", "B1"]),
        st.sampled_from([-1, 1]),
        st.sampled_from([15.2, 80.3, 160.4, 346.2, 346.5, 346.9, 426.3]),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(MOVES, st.randoms())
def test_readings_are_the_same_in_whatever_order_changes_are_told(
    moves: list[tuple[str, int, float]], random: Random
) -> None:
    facts = [change(40.0 * n, plate, sign * g) for n, (plate, sign, g) in enumerate(moves)]
    shuffled = list(facts)
    random.shuffle(shuffled)
    told = [replace(fact, at=START + 1000.0 + n) for n, fact in enumerate(shuffled)]
    as_they_came, late = Scene(*facts, until=LATER), Scene(*told, until=LATER)
    assert [(c.change_id, c.items) for c in changes_of(as_they_came)] == [
        (c.change_id, c.items) for c in changes_of(late)
    ]
    assert as_they_came.ledger.state.origins == late.ledger.state.origins
