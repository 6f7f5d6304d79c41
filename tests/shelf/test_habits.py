"""How hands take is learned, a part from each belief, and makes later readings surer."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from edge_agent.shelf.habits import USUAL, Habits, Handful, habits_of
from edge_agent.shelf.identify import Surroundings, identify
from edge_agent.shelf.sights import Items
from tests.shelf.test_identify import BAR, COLA, NUTS, around


def handful(*beliefs: Items) -> Handful:
    """One action on a plate of four products, and what it may have been, each as likely."""
    return Handful(tuple((items, 1.0 / len(beliefs)) for items in beliefs), 4)


ONE = handful((("nuts", -1),))
TWO = handful((("nuts", -2),))
PAIR = handful((("cola", -1), ("nuts", -1)))
DOUBTFUL = handful((("nuts", -3),), (("bar", -1), ("nuts", -2)))


def test_nothing_seen_is_as_usual() -> None:
    learned = habits_of([])
    assert learned.counts == approx(USUAL.counts)
    assert learned.free == approx(USUAL.free)


def test_what_hands_do_often_becomes_likelier() -> None:
    learned = habits_of([ONE] * 10 + [PAIR] * 30)
    assert learned.count_share(2) > 2 * USUAL.count_share(2)
    assert learned.mixed_share(2, 4) > USUAL.mixed_share(2, 4)
    # Of handfuls of three nothing was seen but that they are rare.
    assert learned.count_share(3) < USUAL.count_share(3)
    assert learned.mixed_share(3, 4) == approx(USUAL.mixed_share(3, 4))


def test_a_doubtful_handful_counts_in_parts() -> None:
    learned = habits_of([DOUBTFUL] * 10)
    assert learned.count_share(3) > 2 * USUAL.count_share(3)
    assert 0.5 < learned.mixed_share(3, 4) / (1 - 1 / 4) < 0.75


def test_one_kind_is_never_mixed() -> None:
    assert habits_of([PAIR] * 50).mixed_share(2, 1) == 0.0
    assert USUAL.mixed_share(1, 4) == 0.0


@given(st.lists(st.sampled_from([ONE, PAIR, DOUBTFUL]), max_size=30), st.randoms())
def test_the_order_of_handfuls_does_not_matter(handfuls: list[Handful], random: Random) -> None:
    shuffled = list(handfuls)
    random.shuffle(shuffled)
    assert habits_of(shuffled).counts == approx(habits_of(handfuls).counts)
    assert all(0.0 <= share <= 1.0 for share in habits_of(handfuls).free)


def read_with(habits: Habits) -> float:
    """How surely 162 g are a pair of two kinds, where two units of either kind weigh about that."""
    place: Surroundings = around(COLA, NUTS, BAR, habits=habits)
    found = {h.items: h.confidence for h in identify(-162.0, 0.1, place)}
    return found[("bar", -1), ("nuts", -1)]


def test_where_hands_take_pairs_of_two_kinds_a_weight_is_taken_for_one_sooner() -> None:
    assert read_with(habits_of([PAIR] * 40)) > read_with(USUAL) + 0.05
    assert read_with(habits_of([TWO] * 40)) < read_with(USUAL)
