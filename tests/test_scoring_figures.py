"""Scores by weight, of whole actions, double picks, identities and their confidence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.reliability import Claim, calibration_error, equal_bins, fixed_bins
from edge_agent.score import Score, Share, Tally, total
from edge_agent.scoring import score
from edge_agent.times import rfc3339
from edge_agent.truth import TrueChange, Truth

SODA, TEA, GUM = "690", "691", "692"
WEIGHTS_G = {SODA: 346.0, TEA: 263.0}
Items = dict[str, int]
Message = dict[str, Any]


def told(
    settled_at: float,
    delta_g: float,
    items: Items | None = None,
    *,
    plate: str = "A1",
    confidence: float = 0.99,
    alternatives: list[tuple[Items, float]] | None = None,
    told_at: float | None = None,
) -> Message:
    data = {
        "change_id": f"{plate}-{settled_at}",
        "revision": 1,
        "plate": plate,
        "settled_at": rfc3339(settled_at),
        "delta_g": delta_g,
        "items": listed(items or {}),
        "confidence": confidence,
        "alternatives": [
            {"items": listed(other), "confidence": c} for other, c in alternatives or []
        ],
        "kind": "removed" if items else "unidentified",
    }
    at = settled_at if told_at is None else told_at
    return {"time": at, "topic": "changes", "payload": {"data": data}}


def listed(items: Items) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in items.items()]


def took(
    at: float, grams: float | None = -346.0, sku: str = SODA, plate: str = "A1", quantity: int = -1
) -> TrueChange:
    return TrueChange(at, plate, ((sku, quantity),), grams)


def scored(truth: list[Truth], reported: list[Message]) -> Score:
    return score(truth, reported, duration_s=3600, weights_g=WEIGHTS_G)


def test_a_change_is_found_by_weight_whatever_items_were_told() -> None:
    result = scored([took(100)], [told(100, -346.5, {TEA: -1})])
    assert result.changes == Tally(missed=1, false=1)
    assert result.weights == Tally(found=1)


@pytest.mark.parametrize(
    ("true_g", "told_g", "right"),
    [(-20, -23, 1), (-20, -23.1, 0), (-200, -206, 1), (-200, -206.1, 0), (20, -20, 0)],
)
def test_a_weight_is_right_within_3_g_or_3_percent(
    true_g: float, told_g: float, right: int
) -> None:
    assert scored([took(100, true_g)], [told(100, told_g)]).weights.found == right


def test_a_truth_without_grams_weighs_what_its_products_weigh() -> None:
    pair = TrueChange(100, "A1", ((SODA, -1), (TEA, -1)))
    result = scored([pair], [told(100, -610.0)])
    assert result.weights == Tally(found=1)
    assert result.weight_errors_g == (1.0,)
    assert result.weights_expected == 1
    assert scored([took(100, None)], [told(100, -300.0)]).weights == Tally(missed=1, false=1)


def test_any_weight_will_do_for_goods_that_nobody_weighed() -> None:
    result = scored([took(100, None, GUM)], [told(100, -15.0)])
    assert result.weights == Tally(found=1)
    assert result.weight_errors_g == ()
    assert result.actions == Share()


def test_the_report_of_the_right_weight_is_found_among_others() -> None:
    result = scored([took(100)], [told(99.5, 40.0), told(101.5, -346.0), told(102, -40.0)])
    assert result.weights == Tally(found=1, false=2)


def test_two_changes_share_two_reports_even_where_one_fits_both() -> None:
    truth: list[Truth] = [took(100, -50), took(101, -52)]
    # The second truth can only have the first report; the first must give way.
    result = scored(truth, [told(100.2, -54.0), told(101.2, -47.5)])
    assert result.weights == Tally(found=2)


def test_changes_within_two_and_a_half_seconds_are_one_action() -> None:
    truth: list[Truth] = [took(100), took(102), took(104.4), took(107)]
    whole = [told(104.6, -1038.0), told(107.2, -346.0)]
    assert scored(truth, whole).actions == Share(right=2, of=2)
    assert scored(truth, whole[:1]).actions == Share(right=1, of=2)
    assert scored(truth, whole[:1]).wrong_actions == ("107.000 A1 -346.0 g: told nothing",)


def test_an_action_told_in_any_parts_is_right_if_they_sum_up() -> None:
    parts = [told(100.1, -500.0), told(100.7, 308.0), told(101.5, -154.0)]
    assert scored([took(100)], parts).actions == Share(right=1, of=1)


def test_an_action_that_a_false_change_follows_closely_is_wrong_and_later_is_not() -> None:
    right = told(100.2, -346.0)
    assert scored([took(100)], [right, told(101.9, -20.0)]).actions == Share(right=0, of=1)
    assert scored([took(100)], [right, told(140.0, -20.0)]).actions == Share(right=1, of=1)


def test_a_slow_hands_action_counts_when_it_settles() -> None:
    assert scored([took(100)], [told(111.0, -346.0)]).actions == Share(right=1, of=1)


def test_goods_taken_and_put_back_at_once_are_no_change_of_weight() -> None:
    truth: list[Truth] = [took(100), took(101, 346.0, quantity=1)]
    assert scored(truth, []).actions == Share(right=1, of=1)
    assert scored(truth, [told(100.2, -346.0)]).actions == Share(right=0, of=1)


def test_a_report_belongs_to_the_nearer_of_two_actions() -> None:
    truth: list[Truth] = [took(100), took(103, -50)]
    reported = [told(101.2, -346.0), told(101.9, -50.0)]
    assert scored(truth, reported).actions == Share(right=2, of=2)


@pytest.mark.parametrize(
    ("gap_s", "bucket"),
    [(0.3, "0.3-0.6"), (0.59, "0.3-0.6"), (0.6, "0.6-0.9"), (0.9, "0.9-1.2"), (1.2, "0.9-1.2")],
)
def test_a_double_pick_is_split_if_both_picks_are_found(gap_s: float, bucket: str) -> None:
    truth: list[Truth] = [took(100), took(round(100 + gap_s, 3))]
    both = scored(truth, [told(100.2, -346.0), told(100.3 + gap_s, -346.0)])
    assert both.doubles[bucket] == both.split_doubles == Share(right=1, of=1)
    merged = scored(truth, [told(100.3 + gap_s, -692.0)])
    assert merged.doubles[bucket] == Share(right=0, of=1)
    assert merged.actions == Share(right=1, of=1)
    assert merged.merged_doubles == (f"100.000 A1 -692.0 g: told -692.0, {gap_s:.2f} s apart",)


def test_picks_nearer_or_farther_apart_are_no_doubles() -> None:
    for gap_s in (0.29, 1.21):
        truth: list[Truth] = [took(100), took(100 + gap_s), took(100, plate="A2")]
        assert scored(truth, []).split_doubles == Share()


def test_doubles_from_0_6_s_apart_are_counted_by_themselves() -> None:
    truth: list[Truth] = [took(100), took(100.4), took(200), took(200.7)]
    reported = [told(200.2, -346.0), told(200.9, -346.0)]
    result = scored(truth, reported)
    assert result.clear_doubles == Share(right=1, of=1)
    assert result.split_doubles == Share(right=1, of=2)


def test_the_early_delay_counts_changes_found_by_weight() -> None:
    result = scored([took(100)], [told(100.2, -346.0, {TEA: -1}, told_at=100.6)])
    assert result.delays_s == ()
    assert result.early_delays_s == pytest.approx((0.6,))
    assert result.as_dict()["early_delay_s"] == {"p50": 0.6, "p99": 0.6}


def test_the_hand_has_gone_after_the_last_change_of_an_action() -> None:
    truth: list[Truth] = [took(100), took(100.8), took(200)]
    reported = [
        told(100.2, -346.0, told_at=101.4),
        told(100.9, -346.0, told_at=101.4),
        told(200.2, -346.0, told_at=200.5),
    ]
    result = scored(truth, reported)
    assert result.early_delays_s == pytest.approx((1.4, 0.6, 0.5))
    assert result.gone_delays_s == pytest.approx((0.6, 0.5))
    assert result.as_dict()["hand_gone_delay_s"] == {"p50": 0.5, "p99": 0.6}


def test_identities_are_judged_where_the_weight_was_found() -> None:
    truth: list[Truth] = [took(100), took(200), took(300), took(400), took(500)]
    reported = [
        told(100, -346.0, {SODA: -1}),
        told(200, -346.0, {TEA: -1}),
        told(300, -346.0, confidence=0.1, alternatives=[({SODA: -1}, 0.6), ({TEA: -1}, 0.3)]),
        told(400, -346.0, confidence=1.0),
        told(500, -90.0, {GUM: -1}),
    ]
    found = scored(truth, reported).identities
    assert found.accepted == Share(right=1, of=2)
    assert found.abstained == Share(right=2, of=4)
    assert found.alternatives == Share(right=1, of=2)
    assert len(found.wrong) == 1
    assert found.claims == (
        Claim(0.99, True),
        Claim(0.99, False),
        Claim(0.6, True),
        Claim(1.0, False),
    )


def test_a_thing_that_is_no_product_is_rightly_not_named() -> None:
    thing = TrueChange(100, "A1", (), 120.0)
    found = scored([thing], [told(100, 120.0, confidence=0.9)]).identities
    assert found.claims == (Claim(0.9, True),)
    assert found.abstained == found.accepted == Share()


def test_the_likeliest_alternative_is_the_claim_in_whatever_order_they_come() -> None:
    unsure = told(100, -346.0, alternatives=[({TEA: -1}, 0.2), ({SODA: -1}, 0.7)])
    assert scored([took(100)], [unsure]).identities.claims == (Claim(0.7, True),)


def test_the_calibration_error_is_the_mean_gap_between_claimed_and_right() -> None:
    claims = [Claim(0.95, True)] * 9 + [Claim(0.95, False)] + [Claim(0.35, False)] * 10
    fixed = fixed_bins(claims)
    assert [(b.low, b.high, b.count) for b in fixed] == [(0.3, 0.4, 10), (0.9, 1.0, 10)]
    assert calibration_error(fixed) == pytest.approx((0.05 + 0.35) / 2)
    assert calibration_error([]) is None


def test_a_confidence_on_a_bound_belongs_above_it_and_one_to_the_last_bin() -> None:
    bins = fixed_bins([Claim(share / 10, True) for share in range(11)])
    assert [b.count for b in bins] == [1] * 9 + [2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_bins_hold_every_claim_once_and_their_error_is_a_share(
    told: list[tuple[float, bool]],
) -> None:
    claims = [Claim(confidence, right) for confidence, right in told]
    for bins in (fixed_bins(claims), equal_bins(claims)):
        assert sum(b.count for b in bins) == len(claims)
        assert 0 <= (calibration_error(bins) or 0) <= 1
    counts = [b.count for b in equal_bins(claims)]
    assert not counts or max(counts) - min(counts) <= 1 or len(claims) < 10


def test_all_figures_add_up_over_recordings_and_are_plain_json() -> None:
    truth: list[Truth] = [took(100), took(100.7)]
    reported = [told(100.2, -346.0, {SODA: -1}), told(100.9, -346.0, {SODA: -1})]
    both = total([scored(truth, reported), scored(truth, reported[:1])])
    shown = both.as_dict()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["weights"]["found"] == 3
    assert shown["weights"]["false_per_hour"] == 0
    assert shown["actions"] == {"right": 1, "of": 2, "share": 0.5}
    assert shown["doubles_split"]["0.6-0.9"] == {"right": 1, "of": 2, "share": 0.5}
    assert shown["doubles_split"]["from_0.6"] == shown["doubles_split"]["all"]
    assert shown["identities"]["accepted"] == {"right": 3, "of": 3, "share": 1.0}
    assert shown["identities"]["abstained"] == {"count": 0, "of": 3, "share": 0.0}
    assert shown["calibration"]["n"] == 3
    assert shown["calibration"]["ece_fixed"] == 0.01


def test_no_figures_of_nothing_are_made_up() -> None:
    shown = total([]).as_dict()
    assert shown["actions"]["share"] is None
    assert shown["identities"]["accepted"]["share"] is None
    assert shown["calibration"]["ece_equal_mass"] is None
    assert shown["replay"]["core_percent"] is None
