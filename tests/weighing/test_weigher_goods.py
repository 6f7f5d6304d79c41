"""What weighing makes of hands and platforms because it knows what the goods weigh."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.goods import Goods
from edge_agent.weighing.weigher import PlateSpec, Weigher
from tests.weighing.weighing_signals import T0, Cell, FloatArray, Signal, standing

CAN = Goods(((346.0, 2.0),))


def plate(name: str, *units: tuple[float, float]) -> PlateSpec:
    """A 5 kg plate for goods of these weights and spreads."""
    goods = Goods(units) if units else CAN
    return PlateSpec(name, 5000.0, min(w for w, _ in goods.units), goods)


def weigh(plates: list[PlateSpec], *signals: Signal) -> list[WeightChange]:
    """Run plates side by side through one weigher, a tenth of a second at a time."""
    times, _ = signals[0].samples()
    grams: FloatArray = np.stack([signal.samples()[1] for signal in signals], axis=1)
    weigher = Weigher(plates)
    told: list[WeightChange] = []
    for i in range(0, len(times), 8):
        told += weigher.feed(times[i : i + 8], grams[i : i + 8])
    return told + weigher.finish()


def signal(seconds: float, seed: int, start_g: float = 3000.0, **cell: float) -> Signal:
    """A plate's force over time, at rest so far."""
    return Signal(Cell(**cell), seconds, np.random.default_rng(seed), start_g)


def rounded(told: list[WeightChange]) -> list[int]:
    """What stands in the end, in whole grams and in the order of time."""
    return [round(c.delta_g) for c in sorted(standing(told), key=lambda c: c.settled_at)]


@pytest.mark.parametrize("seed", range(4))
def test_a_platform_that_rings_for_seconds_is_told_before_it_rests(seed: int) -> None:
    shelf = signal(20.0, seed, ring_hz=8.0)
    gone_at = shelf.step(10.0, -346.0)
    told = weigh([plate("A1")], shelf)
    assert told[0].told_at - T0 - gone_at < 0.9
    assert told[0].delta_g == pytest.approx(-346.0, abs=3.0)
    (last,) = standing(told)
    assert last.delta_g == pytest.approx(-346.0, abs=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_two_picks_on_a_ringing_platform_are_two(seed: int) -> None:
    shelf = signal(20.0, seed, ring_hz=18.0)
    shelf.step(10.0, -346.0)
    shelf.step(10.7, -345.0)
    assert rounded(weigh([plate("A1")], shelf)) == [-346, -345]


def test_what_is_put_down_quickly_and_taken_a_minute_later_is_two_changes() -> None:
    shelf = signal(100.0, 3)
    shelf.step(10.0, 346.0)
    # Something shakes the plate, but leaves it as it is.
    shelf.press(11.0, 0.5, 60.0)
    shelf.step(80.0, -346.0)
    assert rounded(weigh([plate("A1")], shelf)) == [346, -346]


@pytest.mark.parametrize("rate_hz", [12.0, 80.0])
def test_a_hand_that_rests_before_it_takes_is_no_goods(rate_hz: float) -> None:
    shelf = signal(30.0, 5, rate_hz=rate_hz)
    shelf.press(10.0, 2.2, 75.0, tremor=0.0)
    shelf.step(12.1, -346.0)
    assert rounded(weigh([plate("A1")], shelf)) == [-346]


def test_what_lies_stiller_than_a_hand_is_goods_though_another_plates() -> None:
    shelf = signal(30.0, 5)
    shelf.step(10.0, 568.0)
    shelf.step(14.0, -568.0 - 346.0)
    assert rounded(weigh([plate("A1")], shelf)) == [568, -914]


def test_two_picks_under_a_hand_that_does_not_let_go_are_two() -> None:
    shelf = signal(30.0, 6, start_g=5000.0, rate_hz=12.0, ring_hz=30.0, noise_g=3.0)
    shelf.press(10.0, 2.0, 90.0, tremor=0.4)
    shelf.step(10.5, -900.0)
    shelf.step(11.5, -902.0)
    told = weigh([plate("A1", (901.0, 5.0))], shelf)
    assert len(rounded(told)) == 2
    assert sum(c.delta_g for c in standing(told)) == pytest.approx(-1802.0, abs=4.0)


def test_a_plate_that_is_lifted_off_and_put_back_tells_nothing() -> None:
    shelf = signal(60.0, 7, start_g=1500.0)
    shelf.step(10.0, -2000.0, over_s=0.6)
    shelf.step(45.0, 2000.0, over_s=0.6)
    assert standing(weigh([plate("A1")], shelf)) == []


def test_what_was_taken_while_a_plate_was_off_is_told() -> None:
    shelf = signal(60.0, 8, start_g=1500.0)
    shelf.step(10.0, -2000.0, over_s=0.6)
    shelf.step(45.0, 2000.0 - 346.0, over_s=0.6)
    assert rounded(weigh([plate("A1")], shelf)) == [-346]


def test_goods_on_two_plates_are_one_change_of_the_whole() -> None:
    left, right = signal(60.0, 9), signal(60.0, 10)
    left.step(10.0, 121.0)
    right.step(10.0, 225.5)
    left.step(40.0, -121.0)
    right.step(40.0, -225.5)
    told = weigh([plate("A1"), plate("A2")], left, right)
    assert [c.plate for c in standing(told)] == ["A2", "A2"]
    assert [c.delta_g for c in standing(told)] == pytest.approx([346.5, -346.5], abs=0.4)


def test_two_people_who_take_at_once_are_two_changes() -> None:
    left, right = signal(40.0, 11), signal(40.0, 12)
    left.step(10.0, -346.0)
    right.step(10.1, -80.5)
    told = weigh([plate("A1"), plate("A2", (80.0, 1.0))], left, right)
    assert {(c.plate, round(c.delta_g)) for c in standing(told)} == {("A1", -346), ("A2", -80)}


def test_a_board_that_bends_is_learned_and_taken_out() -> None:
    """Each step on A2 lowers A1 by 0.5 % of it; the last one falls into a hand on A1."""
    near, far = signal(200.0, 13, noise_g=0.1), signal(200.0, 14, 4000.0, noise_g=0.1)
    for n in range(6):
        far.step(10.0 + 20 * n, -500.0)
        near.step(10.0 + 20 * n, -2.5)
    far.step(150.5, -500.0)
    near.press(149.8, 1.5, 60.0)
    near.step(150.5, -2.5)
    near.step(151.0, -80.0)
    goods = [plate("A1", (80.0, 0.5)), plate("A2", (500.0, 2.0))]
    told = [c for c in standing(weigh(goods, near, far)) if c.plate == "A1"]
    assert [c.delta_g for c in told] == [pytest.approx(-80.0, abs=0.4)]


def test_a_display_of_five_grams_says_how_little_it_knows() -> None:
    times = T0 + np.arange(0, 40, 0.1)
    shown = 5 * np.round((1002.0 - 52.0 * (times >= T0 + 15) - 51.0 * (times >= T0 + 27)) / 5)
    weigher = Weigher([plate("A1", (50.0, 0.5), (53.0, 0.5))])
    told = standing(weigher.feed(times, shown[:, None]) + weigher.finish())
    assert [c.delta_g for c in told] == [-50.0, -50.0]
    assert all(c.sigma_g > 1.5 for c in told)
    assert weigher.health()["A1"].smallest_change_g > 10


def test_what_left_while_the_scale_was_away_for_minutes_is_unobserved() -> None:
    times = np.concatenate((np.arange(0, 20, 0.1), np.arange(400, 420, 0.1)))
    grams = 2000.0 - 346.0 * (times > 300) + np.random.default_rng(15).normal(0, 0.2, len(times))
    weigher = Weigher([plate("A1")])
    (change,) = standing(weigher.feed(T0 + times, grams[:, None]) + weigher.finish())
    assert change.unobserved
    assert change.delta_g == pytest.approx(-346.0, abs=0.3)
    assert change.started_at == pytest.approx(T0 + 20, abs=0.2)


def test_both_plates_of_a_straddling_thing_have_their_levels_told() -> None:
    """The pipeline stores a plate's level with each change told of it, for a start after a kill."""
    left, right = signal(20.0, 9), signal(20.0, 10)
    left.step(10.0, 121.0)
    right.step(10.0, 225.5)
    told = weigh([plate("A1"), plate("A2")], left, right)
    levels = {c.plate: c.level_g for c in told}
    assert levels["A1"] == pytest.approx(3121.0, abs=0.5)
    assert levels["A2"] == pytest.approx(3225.5, abs=0.5)


def test_a_hand_that_pushes_a_restock_into_place_does_not_deafen_the_plate() -> None:
    shelf = signal(60.0, 16, start_g=1000.0)
    shelf.press(9.8, 1.2, 90.0, tremor=0.2)
    shelf.step(10.0, 4 * 346.0, over_s=0.15)
    shelf.step(30.0, -346.0)
    shelf.step(45.0, -346.0)
    assert rounded(weigh([plate("A1")], shelf)) == [1384, -346, -346]


def test_goods_are_told_from_a_plate_whose_zero_has_shifted_below_them() -> None:
    """A thing that nobody knows was weighed in with the empty plate, and is taken."""
    shelf = signal(120.0, 15, start_g=560.0)
    shelf.step(10.0, -558.0)
    for at in (30.0, 50.0, 70.0):
        shelf.step(at, -80.0)
    shelf.step(90.0, 160.0)
    told = weigh([plate("A1", (80.0, 0.5))], shelf)
    assert rounded(told) == [-558, -80, -80, -80, 160]
    taken = next(c for c in told if round(c.delta_g) == -80)
    assert taken.told_at - T0 < 33.0
