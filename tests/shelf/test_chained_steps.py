"""Two steps that share a level nobody could measure well are read by their sum."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.facts import ChangeFact
from edge_agent.shelf.identify import Step, Surroundings, identify, identify_together
from edge_agent.weighing.change import WeightChange
from tests.shelf.scene import Scene, change

LIGHT = Product("light", "Light", 90.0, 0.3, 500)
HEAVY = Product("heavy", "Heavy", 96.0, 0.3, 600)
BOTH = Surroundings([LIGHT, HEAVY], [], {}, {})


def test_alone_neither_of_two_doubtful_steps_can_be_told() -> None:
    assert identify(-91.8, 2.5, BOTH)[0].confidence < 0.9
    assert identify(-88.2, 2.5, BOTH)[0].confidence < 0.98


def test_their_sum_tells_both() -> None:
    first, second = identify_together(Step(-91.8, 2.5, 2.5, BOTH), Step(-88.2, 2.5, 0.1, BOTH))
    assert [first[0].items, second[0].items] == [(("light", -1),), (("light", -1),)]
    assert min(first[0].confidence, second[0].confidence) > 0.95


def test_a_sure_level_between_leaves_each_its_own_reading() -> None:
    first, second = identify_together(Step(-90.1, 0.1, 0.07, BOTH), Step(-95.9, 0.1, 0.07, BOTH))
    assert [first[0].items, second[0].items] == [(("light", -1),), (("heavy", -1),)]


def _step(
    at: float, delta_g: float, level_g: float, sigma_g: float, level_sigma_g: float
) -> ChangeFact:
    fact = change(at, "A3", delta_g)
    weight: WeightChange = replace(
        fact.change, level_g=level_g, sigma_g=sigma_g, level_sigma_g=level_sigma_g
    )
    return replace(fact, change=weight)


def test_the_first_step_is_read_again_when_the_second_is_told() -> None:
    """One gum weighs 15 g: 24 g may be one or two, but 30 g in two steps are one each."""
    first = _step(10.0, -24.0, 1000.0, 4.0, 4.0)
    second = _step(11.0, -6.0, 994.0, 4.0, 0.1)
    alone = Scene(first).of("changes")
    assert [told["kind"] for told in alone] == ["unidentified"]
    told = Scene(first, second).of("changes")
    assert [(t["kind"], t["revision"]) for t in told] == [
        ("unidentified", 1),
        ("removed", 1),
        ("removed", 2),
    ]
    assert told[-1]["change_id"] == told[0]["change_id"]
    assert all(t["items"] == [{"sku": "gum", "quantity": -1}] for t in told[1:])
