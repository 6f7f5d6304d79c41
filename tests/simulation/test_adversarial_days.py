"""Days with every way to pay and not to pay: the truth is what was done, nobody's guess."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from edge_agent.cli.main import main
from edge_agent.errors import UsageError
from edge_agent.simulation.crowds import CROWDS, FOUL_CROWDS
from edge_agent.simulation.fair_plots import FAIR_PLOTS
from edge_agent.simulation.foul_plots import FOUL_PLOTS
from edge_agent.simulation.mix import USUAL_FOUL
from edge_agent.simulation.plots import PLOTS
from edge_agent.simulation.script import Visit
from edge_agent.simulation.shop import demo_settings
from edge_agent.simulation.variation import Variation
from tests.simulation.played_days import covered, last_revisions, lost, taken, visits_of_a_day

SEEDS = range(3)
EVERY_PLOT = {*PLOTS, *FAIR_PLOTS, *CROWDS, *FOUL_PLOTS, *FOUL_CROWDS}
FOUL = {*USUAL_FOUL, *FOUL_PLOTS, *FOUL_CROWDS}
# Told over several visits, or with goods that the shelf does not know.
LONGER = {name for name, plot in (FAIR_PLOTS | FOUL_PLOTS).items() if plot.lasts_s}
PRICES = {product.sku: product.price for product in demo_settings().product}


def a_day(seed: int, share: float = 0.4, visits_per_hour: float = 30.0) -> list[Visit]:
    return visits_of_a_day(seed, visits_per_hour, share)


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    return [visit for seed in SEEDS for visit in a_day(seed)]


def test_every_way_to_pay_and_not_to_pay_is_played_in_its_share(visits: list[Visit]) -> None:
    played = Counter(visit.kind for visit in visits)
    assert set(played) == EVERY_PLOT | {"restock"}
    shoppers = [visit for visit in visits if visit.kind != "restock"]
    assert 0.3 < sum(visit.kind in FOUL for visit in shoppers) / len(shoppers) < 0.5
    assert {loss.kind for visit in visits for loss in visit.losses} == {
        "unpaid", "feigned", "underpaid", "substituted", "refunded", "swapped", "unidentified",
        "restock_shortfall",
    }  # fmt: skip


def test_with_a_share_of_none_nobody_loses_anything_and_with_all_everybody_does() -> None:
    assert not any(v.losses for v in a_day(1, 0.0, 10.0) if v.kind != "restock")
    foul = [v for v in a_day(1, 1.0, 10.0) if v.kind != "restock"]
    assert all(v.losses or v.kind == "one left off" for v in foul)


def test_what_is_lost_in_a_visit_is_what_left_without_money(visits: list[Visit]) -> None:
    for visit in visits:
        if visit.kind in LONGER | {"restock", "too late", "unknown code", "fixture"}:
            continue
        assert lost(visit) == taken(visit) - covered(visit), visit.kind


def test_substitutes_lose_the_difference_and_all_else_its_price(visits: list[Visit]) -> None:
    for visit in visits:
        for loss in visit.losses:
            price = PRICES[loss.sku] * loss.quantity if loss.sku else 0
            if loss.kind == "substituted":
                spare = covered(visit) - taken(visit)
                price -= sum(PRICES[sku] * units for sku, units in spare.items())
            assert loss.value == price
            assert loss.value > 0 or loss.kind == "unidentified"


def test_a_visit_without_loss_that_moved_goods_is_honest(visits: list[Visit]) -> None:
    for visit in visits:
        if visit.kind != "restock":
            assert visit.line()["honest"] == (bool(visit.changes) and not visit.losses)
        else:
            assert not visit.line()["honest"]
    honest = {visit.kind for visit in visits if visit.line()["honest"]}
    assert {*FAIR_PLOTS, *CROWDS} <= honest
    assert not honest & (FOUL - {"one left off"})


def test_people_at_once_have_their_hands_on_different_plates(visits: list[Visit]) -> None:
    overlaps = 0
    for visit in visits:
        if visit.kind not in CROWDS | FOUL_CROWDS:
            continue
        for one, other in zip(visit.actions, visit.actions[1:], strict=False):
            if other.at - other.hand_s < one.at:
                overlaps += 1
                assert one.plate != other.plate
    assert overlaps > 10


def test_who_takes_one_by_one_comes_in_visits_of_their_own_that_one_order_pays(
    visits: list[Visit],
) -> None:
    goods: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    for visit in visits:
        if visit.kind in ("one by one", "two visits"):
            goods += taken(visit)
            paid += covered(visit)
    assert goods.total() > 10
    assert goods == paid


def test_no_payment_is_for_nothing(visits: list[Visit]) -> None:
    for visit in visits:
        for payment in last_revisions(visit):
            assert payment["lines"] or payment["state"] == "opened", visit.kind


def test_goods_brought_back_later_are_the_ones_that_were_taken(visits: list[Visit]) -> None:
    for kind in ("second thoughts", "returned later"):
        grams = [c.grams for v in visits if v.kind == kind for c in v.changes]
        assert len(grams) >= 4
        assert sum(grams) == pytest.approx(0.0)


def test_a_restock_that_comes_short_lacks_what_its_truth_says(visits: list[Visit]) -> None:
    short = 0
    for visit in visits:
        if visit.kind != "restock":
            continue
        lines = visit.messages[-1].event["data"]["lines"]
        ordered = Counter({line["sku"]: line["quantity"] for line in lines})
        came: Counter[str] = Counter()
        for change in visit.changes:
            for sku, quantity in change.items:
                came[sku] += quantity
        ordered.subtract(came)
        assert Counter({s: n for s, n in ordered.items() if n}) == lost(visit)
        short += bool(visit.losses)
    assert short > 3


def test_a_payment_beyond_the_limit_comes_a_day_later(visits: list[Visit]) -> None:
    late = [visit for visit in visits if visit.kind == "too late"]
    assert late
    for visit in late:
        assert max(m.at for m in visit.messages) > visit.starts_at + 86400.0
        assert {loss.kind for loss in visit.losses} == {"unpaid"}


def test_the_recording_of_such_a_day_tells_its_visits_and_the_score_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "day"
    options = ["--seed", "4", "--hours", "0.15", "--visits-per-hour", "60", "--rate", "20"]
    assert main(["simulate", *options, "--adversarial", "0.4", "--out", str(folder)]) == 0
    lines = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    told = [line for line in lines if line["truth"] == "visit"]
    assert len(told) >= 4
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert main(["score", "--json", str(folder)]) == 0
    figures = json.loads(capsys.readouterr().out)["loss_figures"]
    assert figures["honest_visits"]["visits"] == sum(line["honest"] for line in told)
    assert figures["value"]["true"] == sum(x["value"] for x in lines if x["truth"] == "loss")


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="share from 0 to 1"):
        Variation(adversarial=1.5)
    with pytest.raises(UsageError, match="weights alone"):
        Variation(adversarial=0.4, only_weights=True)
