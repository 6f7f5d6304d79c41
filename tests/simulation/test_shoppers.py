"""A day's script: its truth follows from what hands and payments do."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from edge_agent.settings import MatchingSettings
from edge_agent.simulation.plots import PLOTS
from edge_agent.simulation.shop import demo_settings, initial_stock
from edge_agent.simulation.shoppers import Shoppers
from tests.simulation.played_days import (
    START_AT,
    last_revisions,
    lost,
    paid,
    returned_for_refund,
    taken,
    visits_of_a_day,
)

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_stands_on_a_plate_is_never_negative_nor_more_than_fits(seed: int) -> None:
    full = {sku: units for (_, sku), units in initial_stock(demo_settings()).items()}
    stock = dict(full)
    for visit in visits_of_a_day(seed):
        for change in visit.changes:
            stock[change.sku] += change.quantity
            assert 0 <= stock[change.sku] <= full[change.sku]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_losses_of_a_visit_are_its_goods_without_money(seed: int) -> None:
    price = {product.sku: product.price for product in demo_settings().product}
    for visit in visits_of_a_day(seed):
        if visit.kind == "restock":
            assert not visit.losses
            continue
        assert lost(visit) == taken(visit) - (paid(visit) - returned_for_refund(visit))
        for loss in visit.losses:
            assert loss.sku is not None
            assert loss.kind == visit.kind
            cheaper = sum(price[sku] for sku in paid(visit) - taken(visit))
            expected = price[loss.sku] * loss.quantity
            assert loss.value == expected - (cheaper if loss.kind == "substituted" else 0)
            assert loss.value > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_an_observer_can_tell_visits_apart_by_their_pauses(seed: int) -> None:
    gap_s = MatchingSettings().visit_gap_s
    visits = visits_of_a_day(seed)
    for visit in visits:
        ends = [visit.actions[0].at] if visit.actions else []
        for action in visit.actions:
            assert action.at - action.hand_s - ends[-1] < gap_s
            ends.append(action.at)
    for earlier, later in pairwise(visits):
        assert later.starts_at - max(a.at for a in earlier.actions) > 1.2 * gap_s


@pytest.mark.parametrize("seed", SEEDS)
def test_payments_keep_the_times_that_the_matching_allows(seed: int) -> None:
    rules = MatchingSettings()
    for visit in visits_of_a_day(seed):
        if visit.kind in ("late", "restock"):
            continue
        gone_at = max(action.at for action in visit.actions)
        first_at = min(action.at - action.hand_s for action in visit.actions)
        for message in visit.messages:
            told = message.event["data"]
            if told["state"] == "paid" and not told["refunds"]:
                assert message.at - gone_at < rules.grace_s
                assert first_at - message.at < rules.pay_ahead_s


def test_a_late_payer_pays_after_the_grace_and_nobody_steals_that_product() -> None:
    found = 0
    for seed in SEEDS:
        visits = visits_of_a_day(seed)
        stolen = {loss.sku for visit in visits for loss in visit.losses}
        for visit in visits:
            if visit.kind == "late":
                found += 1
                paid_at = max(message.at for message in visit.messages)
                assert paid_at > visit.ends_at + MatchingSettings().grace_s
                assert not stolen & set(taken(visit))
    assert found > 5


def test_a_feigned_payment_ends_closed_and_without_money() -> None:
    feigned = [v for seed in SEEDS for v in visits_of_a_day(seed) if v.kind == "feigned"]
    assert feigned
    for visit in feigned:
        (payment,) = last_revisions(visit)
        assert payment["state"] == "closed"
        assert payment["paid"] == 0
        assert payment["paid_at"] is None


def test_all_kinds_of_shoppers_come_within_some_days_about_a_third_dishonest() -> None:
    visits = [v for seed in range(8) for v in visits_of_a_day(seed) if v.kind != "restock"]
    assert {visit.kind for visit in visits} == set(PLOTS)
    dishonest = sum(bool(visit.losses) for visit in visits) / len(visits)
    assert 0.22 < dishonest < 0.38


def test_the_times_of_the_settings_shape_the_script() -> None:
    hurried = demo_settings().model_copy(
        update={"matching": MatchingSettings(visit_gap_s=5, pay_ahead_s=60, grace_s=20)}
    )
    shoppers = Shoppers(3, hurried, START_AT, 120.0, office_rhythm=False)
    visits = [shoppers.next_visit() for _ in range(150)]
    for visit in visits:
        assert visit is not None
        if visit.kind == "restock":
            continue
        by_plate = defaultdict(list)
        for earlier, later in pairwise(visit.actions):
            assert later.at - later.hand_s - earlier.at < 5.0
        for action in visit.actions:
            by_plate[action.plate].append(action.at)
        decided = [loss.decided_at for loss in visit.losses]
        assert all(at - visit.ends_at < 400.0 for at in decided)
    assert visits[-1] is not None
    assert visits[-1].ends_at - START_AT < 3.0 * 3600.0


def test_a_restock_is_started_before_the_first_goods_and_finished_after_the_last() -> None:
    restocks = [v for seed in SEEDS for v in visits_of_a_day(seed) if v.kind == "restock"]
    assert restocks
    for visit in restocks:
        told = {m.event["data"]["state"]: m for m in reversed(visit.messages)}
        ordered = Counter(
            {line["sku"]: line["quantity"] for line in told["started"].event["data"]["lines"]}
        )
        assert told["started"].at < min(a.at - a.hand_s for a in visit.actions)
        assert told["finished"].at > max(a.at for a in visit.actions)
        assert ordered == Counter({sku: -units for sku, units in taken(visit).items()})
