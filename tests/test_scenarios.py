"""Every recording under `tests/scenarios/` replayed: it ends as its `expected.json` says."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.recordings import Recording
from edge_agent.replaying import replay
from scripts.scenarios.plots import PLOTS, told
from scripts.scenarios.writing import INDEX, files_of, index
from tests.scenario_endings import NAMES, SCENARIOS, ends, expected


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_ends_as_it_must(name: str) -> None:
    lines = replay(Recording(SCENARIOS / name))
    news = [(line["topic"], line["payload"]["data"]) for line in lines]
    assert [content for topic, content in news if topic == "rejections"] == []
    found, must = ends(news, expected(name))
    assert found == must


def test_there_are_scenarios_enough() -> None:
    assert len(NAMES) >= 50


def test_every_plot_is_written_and_every_folder_has_a_plot() -> None:
    assert sorted(PLOTS) == NAMES
    assert (SCENARIOS / INDEX).read_bytes() == index()


@pytest.mark.parametrize("name", ["paid-after", "restock-as-ordered", "refunded-and-not-returned"])
def test_a_plot_makes_the_files_that_stand_there(name: str) -> None:
    made, again = files_of(told(name)), files_of(told(name))
    assert made == again
    weights = made.pop("weights.csv")
    assert {file: (SCENARIOS / name / file).read_bytes() for file in made} == made
    # Another processor may round a sample in a thousand to the next hundredth.
    there = np.loadtxt(SCENARIOS / name / "weights.csv", delimiter=",", skiprows=1)
    rows = np.loadtxt(weights.decode().splitlines(), delimiter=",", skiprows=1)
    np.testing.assert_allclose(rows, there, rtol=0, atol=0.021)
