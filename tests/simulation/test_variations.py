"""`simulate` makes other shelves than the usual one: other effects, plates, goods and hands."""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.cli.main import main
from edge_agent.errors import UsageError
from edge_agent.recordings import Recording
from edge_agent.settings import Settings
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.picking import Pickers
from edge_agent.simulation.profiles import PROFILES, Profile
from edge_agent.simulation.recording import simulate
from edge_agent.simulation.script import Visit
from edge_agent.simulation.shop import demo_settings
from edge_agent.simulation.variation import Variation
from edge_agent.simulation.weights_text import header, rows

GOODS = Path(__file__).parents[3] / "shared" / "data" / "product-weights.json"
START_AT = 1772413200.0
ONLY_WEIGHTS = Variation(only_weights=True)


def truth_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]


def settings_of(folder: Path) -> Settings:
    return Settings.model_validate(tomllib.loads((folder / "shelf.toml").read_text()))


def picking(
    profile: str = "default", hours: float = 3.0, *, more: Variation = ONLY_WEIGHTS
) -> list[Visit]:
    """The visits of some hours of hands at the demonstration's plates."""
    pickers = Pickers(
        5, demo_settings(), START_AT, 300.0, more.profile(profile), more.gap_s((0.5, 1.2)),
        last_hand_at=START_AT + 3600.0 * hours,
    )  # fmt: skip
    return list(iter(pickers.next_visit, None))


def test_truth_tells_the_grams_that_moved(tmp_path: Path) -> None:
    simulate(7, 0.2, tmp_path, rate_hz=10.0)
    weights = {p.sku: (p.weight_g or 0.0, p.weight_sd_g) for p in settings_of(tmp_path).product}
    changes = [line for line in truth_of(tmp_path) if line["truth"] == "change"]
    assert changes
    for line in changes:
        (item,) = line["items"]
        weight_g, spread_g = weights[item["sku"]]
        expected_g = item["quantity"] * weight_g
        assert line["grams"] == pytest.approx(expected_g, abs=3.01 * 4 * spread_g)
    assert [change.grams for change in Recording(tmp_path).truth() if hasattr(change, "grams")]


def test_nobody_comes_where_no_visits_are_wanted_and_the_noise_goes_on(tmp_path: Path) -> None:
    simulate(3, 0.1, tmp_path, profile="harsh", rate_hz=20.0, visits_per_hour=0.0)
    assert truth_of(tmp_path) == []
    assert (tmp_path / "messages.jsonl").read_text() == ""
    table = np.genfromtxt(tmp_path / "weights.csv", delimiter=",", skip_header=1)
    assert (np.nanstd(table[:, 1:], axis=0) > 0.2).all()


def test_an_effect_is_scaled_or_switched_off(tmp_path: Path) -> None:
    calm = Variation(
        effects={"noise": 0.0, "flicker": 0.0, "drift": 0.0, "hum": 0.0, "quantum": 0.0}
    )
    simulate(3, 0.05, tmp_path / "calm", rate_hz=10.0, visits_per_hour=0.0, variation=calm)
    loud = Variation(effects={"noise": 10.0})
    simulate(3, 0.05, tmp_path / "loud", rate_hz=10.0, visits_per_hour=0.0, variation=loud)
    spread = {
        name: np.nanmedian(
            np.nanstd(
                np.genfromtxt(tmp_path / name / "weights.csv", delimiter=",", skip_header=1), axis=0
            )[1:]
        )
        for name in ("calm", "loud")
    }
    assert spread["calm"] < 0.01
    assert spread["loud"] > 1.0


def test_what_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"no effect 'thunder'.*doubles"):
        Variation(effects={"thunder": 1.0}).profile("default")
    with pytest.raises(UsageError, match="Effect noise = -1"):
        Variation(effects={"noise": -1.0}).profile("default")
    with pytest.raises(UsageError, match="natural frequencies"):
        Variation(platform_hz=(20.0, 10.0)).build("default")
    with pytest.raises(UsageError, match="between two picks"):
        Variation(double_gap_s=(0.0, 1.0)).gap_s((0.5, 1.2))
    with pytest.raises(UsageError, match="plates"):
        Variation(plates=0).settings(1, "default")


def test_a_double_has_its_picks_as_far_apart_as_asked() -> None:
    visits = picking(more=Variation(double_gap_s=(0.6, 0.6), effects={"doubles": 3.0}))
    gaps = [a.gap_s for visit in visits for a in visit.actions if a.manner == "double"]
    assert len(gaps) > 20
    assert set(gaps) == {0.6}
    for visit in visits:
        for action in visit.actions:
            if action.manner == "double":
                first, second = visit.changes
                assert second.at - first.at == pytest.approx(0.6)
                assert first.grams + second.grams == pytest.approx(action.delta_g)


def test_another_shop_has_as_many_plates_and_goods_as_asked_from_light_to_heavy() -> None:
    settings = Variation(plates=40, products_per_plate=6).settings(1, "default")
    assert len(settings.plate) == 40
    assert all(len(plate.products) == 6 for plate in settings.plate)
    assert len({plate.id for plate in settings.plate}) == 40
    weights = [product.weight_g or 0.0 for product in settings.product]
    assert 5.0 <= min(weights) < 12.0
    assert 1500.0 < max(weights) <= 2500.0
    assert 90.0 < np.median(weights) < 190.0
    for product in settings.product:
        assert product.weight_g is not None
        assert 0.0019 * product.weight_g <= product.weight_sd_g <= 0.046 * product.weight_g
    assert settings == Variation(plates=40, products_per_plate=6).settings(1, "default")
    assert settings != Variation(plates=40, products_per_plate=6).settings(2, "default")


def test_the_goods_of_a_list_are_those_of_the_shop(tmp_path: Path) -> None:
    file = tmp_path / "goods.json"
    rows_of_list = [
        {"name": f"Thing {n}", "weight_g": 50.0 + n, "weight_sd_g": 0.5} for n in range(9)
    ]
    file.write_text(json.dumps([*rows_of_list, {"weight_g": 2.0, "weight_sd_g": None}]))
    settings = Variation(plates=3, products_per_plate=3, goods=file).settings(1, "default")
    assert sorted(p.weight_g or 0.0 for p in settings.product) == [50.0 + n for n in range(9)]
    with pytest.raises(UsageError, match="no list of goods"):
        file.write_text('{"weight": 3}')
        Variation(goods=file).settings(1, "default")


@pytest.mark.skipif(not GOODS.is_file(), reason="../shared/data is absent")
def test_the_built_in_goods_lie_where_real_ones_do() -> None:
    real = [row["weight_g"] for row in json.loads(GOODS.read_text())]
    settings = Variation(plates=200, products_per_plate=1).settings(1, "default")
    made = [product.weight_g for product in settings.product]
    low, middle, high = np.percentile(np.log(real), [16, 50, 84])
    made_low, made_middle, made_high = np.percentile(np.log(np.array(made, float)), [16, 50, 84])
    assert made_middle == pytest.approx(middle, abs=0.5)
    assert made_high - made_low == pytest.approx(high - low, rel=0.4)


def test_the_coarse_profile_brings_its_plates_goods_and_rate(tmp_path: Path) -> None:
    simulate(2, 0.1, tmp_path, profile="coarse", visits_per_hour=300.0, variation=ONLY_WEIGHTS)
    settings = settings_of(tmp_path)
    assert all(plate.capacity_g >= 20_000.0 for plate in settings.plate)
    assert all((product.weight_g or 0.0) >= 40.0 for product in settings.product)
    with (tmp_path / "weights.csv").open() as file:
        assert len(list(csv.reader(file))) == 1 + 360 * 12


def test_what_hands_moved_is_what_lies_on_the_plates(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = {
        name: 1.0
        for name in ("doubles", "leans", "slow", "quick", "rests", "regrets", "straddles",
                     "cleanings", "litter", "foreign", "outliers", "new_sizes")
    }  # fmt: skip
    monkeypatch.setitem(PROFILES, "hands", Profile.only(**hands))
    shelf = LiveShelf(
        2, START_AT, "hands", 10.0, 300.0, variation=ONLY_WEIGHTS, last_hand_at=START_AT + 3500.0
    )
    _, first = shelf.next_grams(1.0)
    _, grams = shelf.next_grams(3599.0)
    changes, _ = shelf.truth_until(shelf.now)
    told_g = sum(change.grams for change in changes)
    # Goods across two plates are told on one of them, so only the whole shelf adds up.
    assert float((grams[-1] - first[0]).sum()) == pytest.approx(told_g, abs=0.5)
    assert len(changes) > 150


def test_hands_take_several_twice_and_pairs_put_back_and_misplace() -> None:
    visits = picking()
    home = {
        sku: plate.id
        for plate in Variation().settings(5, "default").plate
        for sku in plate.products
    }
    found: Counter[str] = Counter()
    for visit in visits:
        for action in visit.actions:
            found[action.manner] += 1
            if visit.kind == "restock":
                continue
            found["several"] += action.manner == "plain" and action.quantity < -1
            found["pair"] += action.manner == "plain" and len(action.items) == 2
            for sku, quantity in action.items:
                found["misplaced"] += quantity > 0 and home[sku] != action.plate
                found["put back"] += quantity > 0 and home[sku] == action.plate
    names = ("plain", "double", "touch", "lean", "several", "pair", "misplaced", "put back")
    assert all(found[name] > 5 for name in names), found
    assert not found["rest"]
    assert not found["lift"]


def test_stock_is_never_taken_that_is_not_there() -> None:
    visits = picking("faulty")
    stock: defaultdict[tuple[str, str], int] = defaultdict(lambda: 10)
    for visit in visits:
        for change in visit.changes:
            for sku, quantity in change.items:
                stock[change.plate, sku] += quantity
                assert stock[change.plate, sku] >= 0


def test_a_faulty_shelf_holds_every_odd_thing_and_tells_litter_without_items() -> None:
    visits = picking("faulty", hours=6.0)
    actions = [action for visit in visits for action in visit.actions]
    manners = Counter(action.manner for action in actions)
    assert manners["rest"] > 5
    assert manners["lift"] > 2
    assert sum(action.beside is not None for action in actions) > 5
    changes = [change for visit in visits for change in visit.changes]
    unknown = [change for change in changes if not change.items]
    assert len(unknown) > 5
    assert any(change.grams < 0 for change in unknown)
    assert any(change.grams > 0 for change in unknown)
    regrets = [v for v in visits if v.kind == "picking" and len(v.changes) == 2
               and v.changes[0].grams == -v.changes[1].grams]  # fmt: skip
    assert regrets
    assert all(0.5 < v.changes[1].at - v.changes[0].at < 8.0 for v in regrets)


def test_an_order_is_open_while_goods_are_filled_in_and_nobody_else_is_there() -> None:
    visits = picking(hours=3.0)
    restocks = [visit for visit in visits if visit.kind == "restock"]
    assert restocks
    for visit in restocks:
        states = [m.event["data"]["state"] for m in visit.messages]
        assert {"planned", "started", "finished"} == set(states)
        ordered = Counter[str]()
        for line in visit.messages[0].event["data"]["lines"]:
            ordered[line["sku"]] += line["quantity"]
        came = Counter[str]()
        for change in visit.changes:
            came[change.sku] += change.quantity
        assert came == ordered
    for before, after in pairwise(visits):
        assert after.starts_at > before.ends_at


def test_some_units_are_outliers_and_some_products_come_in_a_new_size() -> None:
    def deviations(effects: dict[str, float]) -> list[float]:
        weight_g = {p.sku: p.weight_g or 0.0 for p in demo_settings().product}
        return [
            abs(change.grams / (change.quantity * weight_g[change.sku]) - 1.0)
            for visit in picking(hours=8.0, more=Variation(effects=effects))
            for change in visit.changes
            if len(change.items) == 1
        ]

    # Three standard deviations are at most 7.5 % of any of these goods.
    assert max(deviations({})) < 0.076
    assert max(deviations({"outliers": 10.0})) > 0.1
    assert np.mean(np.array(deviations({"new_sizes": 5.0})) > 0.08) > 0.05


def test_shoppers_rest_regret_and_cleaners_lift_plates_with_the_truth_still_whole() -> None:
    shelf = LiveShelf(
        3, START_AT, "faulty", 10.0, 60.0, office_rhythm=False,
        variation=Variation(effects={"rests": 3.0, "regrets": 3.0, "cleanings": 3.0}),
    )  # fmt: skip
    visits = shelf.visits_due(START_AT + 3 * 3600.0)
    kinds = Counter(visit.kind for visit in visits)
    assert kinds["rest"] and kinds["regret"] and kinds["cleaning"]
    for visit in visits:
        if visit.kind in ("rest", "regret", "cleaning"):
            assert not visit.losses
        if visit.kind == "regret":
            assert sum(change.quantity for change in visit.changes) == 0
            assert sum(change.grams for change in visit.changes) == pytest.approx(0.0)
        if visit.kind == "cleaning":
            assert not visit.changes
            assert sum(action.delta_g for action in visit.actions) == pytest.approx(0.0)


def test_more_than_ten_kilograms_are_told_to_a_tenth_of_a_gram() -> None:
    grams = np.array([[9999.99, 10000.06, 80000.0], [-400.25, 12345.67, 1e9]], dtype=np.float32)
    text = header(["A1", "A2", "A3"]) + rows(np.array([10_000, 20_000]), grams) + b"\n"
    table = list(csv.reader(text.decode().splitlines()))
    assert table[1][1:] == ["9999.99", "10000.1", "80000.0"]
    assert table[2][1:] == ["-400.25", "12345.7", "99999.9"]


def test_the_command_makes_the_same_bytes_for_the_same_options(tmp_path: Path) -> None:
    options = [
        "simulate", "--seed", "3", "--hours", "0.05", "--profile", "faulty", "--rate", "20",
        "--visits-per-hour", "300", "--only-weights", "--plates", "3", "--products-per-plate", "2",
        "--effect", "doubles=0", "--effect", "ringing=2", "--platform-hz", "18:18",
        "--double-gap", "0.5:0.7",
    ]  # fmt: skip
    for name in ("one", "two"):
        assert main([*options, "--out", str(tmp_path / name)]) == 0
    for file in ("shelf.toml", "weights.csv", "messages.jsonl", "truth.jsonl"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert len(settings_of(tmp_path / "one").plate) == 3


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--effect", "doubles", "NAME=NUMBER"),
        ("--effect", "thunder=1", "no effect 'thunder'"),
        ("--platform-hz", "18", "LOW:HIGH"),
        ("--double-gap", "1:0.5", "between two picks"),
        ("--goods", "nowhere.json", "no list of goods"),
    ],
)
def test_a_wrong_option_ends_with_two_and_says_what_to_give(
    option: str, value: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["simulate", "--seed", "1", "--hours", "0.05", "--out", str(tmp_path / "made")]
    assert main([*command, option, value]) == 2
    assert told in capsys.readouterr().err
