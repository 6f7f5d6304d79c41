"""A scale that is not there, goes, and comes back: said once, and no restart."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.store.store import Store
from tests.faults.fault_scene import scene


def test_a_scale_absent_at_the_start_is_said_once_and_found_without_a_restart(
    tmp_path: Path,
) -> None:
    with scene(tmp_path) as made:
        made.shelf.unplug()
        life = made.run().ready()
        life.until(lambda: life.said("No scale at") == 1, "the absent scale is said")
        time.sleep(0.8)  # it is tried for again, and not said again
        made.shelf.plug()
        life.until(lambda: life.said("scale main is back after") == 1, "the scale is found")
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.views.get("stock", "stock") is not None, "it has counted")
        assert life.said("No scale at") == 1
        life.until(lambda: life.words[-1] == "STATUS=weighing, cloud offline", "all is well")


def test_a_scale_that_comes_back_as_another_device_finds_what_left_meanwhile(
    tmp_path: Path,
) -> None:
    with scene(tmp_path) as made:
        life = made.run().ready()
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.views.get("stock", "stock") is not None, "it has counted")
            made.shelf.unplug()
            life.until(lambda: life.said("scale main: The scale at") == 1, "the loss is said")
            made.shelf.units["A1"] -= 1
            made.shelf.plug()
            life.until(lambda: life.said("scale main is back after") == 1, "the scale is found")
            life.until(lambda: len(store.views.list("change")) == 1, "what left is told")
            made.shelf.units["B1"] -= 1
            life.until(lambda: len(store.views.list("change")) == 2, "weighing goes on")
            changes = {c["plate"]: c["delta_g"] for c in store.views.list("change")}
        assert changes == {
            "A1": pytest.approx(-346, abs=1.5),
            "B1": pytest.approx(-60, abs=1.5),
        }
        assert life.said("scale main: ") == 1
