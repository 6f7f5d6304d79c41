"""The weigher on real signals, kept beside the repository and never in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.weigher import PlateSpec, Weigher
from tests.weighing.weighing_signals import FloatArray, standing

REAL = Path(__file__).parents[3] / "shared" / "data"
STORE = REAL / "aifi-benchmark-1"
LOGS = REAL / "scale-logs"

needs_store = pytest.mark.skipif(not STORE.is_dir(), reason="../shared/data is not here")
needs_logs = pytest.mark.skipif(not LOGS.is_dir(), reason="../shared/data is not here")


def _store() -> tuple[list[PlateSpec], FloatArray]:
    settings = tomllib.loads((STORE / "shelf.toml").read_text())
    weight = {product["sku"]: product.get("weight_g") for product in settings["product"]}
    plates = []
    for plate in settings["plate"]:
        units = [weight[sku] for sku in plate.get("products", []) if weight[sku]]
        plates.append(PlateSpec(plate["id"], plate["capacity_g"], min(units, default=None)))
    with (STORE / "weights.csv").open() as file:
        header = file.readline().strip().split(",")
        rows = np.loadtxt(file, delimiter=",")
    assert header[1:] == [plate.plate for plate in plates]
    return plates, rows


def _feed(weigher: Weigher, rows: FloatArray, block: int) -> list[WeightChange]:
    told: list[WeightChange] = []
    for i in range(0, len(rows), block):
        told += weigher.feed(rows[i : i + block, 0], rows[i : i + block, 1:])
    return told + weigher.finish()


@needs_store
def test_one_bottle_taken_in_a_real_store_is_the_only_change() -> None:
    plates, rows = _store()
    results = [_feed(Weigher(plates), rows, block) for block in (7, 15, len(rows))]
    (change,) = standing(results[0])
    assert change.plate == "1-5-11"
    assert change.delta_g == pytest.approx(-621.7, abs=3.0)
    assert change.settled_at == pytest.approx(1587532009.58, abs=2.0)
    assert results[0] == results[1] == results[2]


@needs_store
def test_the_real_store_without_its_product_list_tells_the_same() -> None:
    plates, rows = _store()
    unknown = [PlateSpec(plate.plate, plate.capacity_g) for plate in plates]
    assert [change.plate for change in standing(_feed(Weigher(unknown), rows, 15))] == ["1-5-11"]


def _log(name: str, rate_hz: float) -> FloatArray:
    grams = np.loadtxt(LOGS / f"samples_{name}.txt")
    return np.stack((np.arange(len(grams)) / rate_hz, grams), axis=1)


@needs_logs
@pytest.mark.parametrize("rate_hz", [10.0, 80.0])
def test_a_slow_decline_and_spikes_of_a_real_cell_are_no_changes(rate_hz: float) -> None:
    rows = _log("a931659d", rate_hz)
    still = rows[:6200]
    assert _feed(Weigher([PlateSpec("A1", 2000.0)]), still, 20) == []


@needs_logs
def test_real_steps_among_the_spikes_are_found() -> None:
    found = standing(_feed(Weigher([PlateSpec("A1", 2000.0)]), _log("a931659d", 10.0), 20))
    steps = {round(change.started_at * 10): change.delta_g for change in found}
    assert any(6250 < at < 6400 and -11 < delta < -7 for at, delta in steps.items())
    assert any(7500 < at < 7550 and 7 < delta < 11 for at, delta in steps.items())
    late = [change for change in found if change.settled_at > 760]
    assert len(found) - len(late) <= 10


@needs_logs
def test_the_end_of_a_real_spool_is_a_step() -> None:
    found = standing(_feed(Weigher([PlateSpec("A1", 2000.0)]), _log("96810c2b", 10.0), 20))
    assert found[-1].delta_g == pytest.approx(-14, abs=1.0)
