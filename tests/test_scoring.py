"""Scores: what was found, missed and false, by the rules of the contract's section 4."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.score import Score, Tally, quantile, total
from edge_agent.scoring import score
from edge_agent.times import rfc3339
from edge_agent.truth import TrueChange, TrueLoss, Truth, normal_items

SODA, TEA = "690", "691"
Message = dict[str, Any]


def change(
    settled_at: float,
    items: dict[str, int],
    *,
    plate: str = "A1",
    name: str = "",
    revision: int = 1,
    told_at: float | None = None,
    delta_g: float = -346.0,
    kind: str = "removed",
) -> Message:
    data = {
        "change_id": name or f"{plate}-{settled_at}",
        "revision": revision,
        "plate": plate,
        "settled_at": rfc3339(settled_at),
        "delta_g": delta_g,
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity in items.items()],
        "kind": kind,
    }
    at = settled_at if told_at is None else told_at
    return {"time": at, "topic": "changes", "payload": {"data": data}}


def case(
    lines: list[tuple[str, str, int]],
    *,
    started_at: float = 100.0,
    ended_at: float = 120.0,
    name: str = "C1",
    visit: str | None = "V1",
    revision: int = 1,
    state: str = "open",
) -> Message:
    data = {
        "case_id": name,
        "revision": revision,
        "state": state,
        "visit_id": visit,
        "started_at": rfc3339(started_at) if visit else None,
        "ended_at": rfc3339(ended_at) if visit else None,
        "lines": [{"kind": kind, "sku": sku, "quantity": n} for kind, sku, n in lines],
    }
    return {"time": ended_at + 180, "topic": "losses", "payload": {"data": data}}


def taken(at: float, sku: str = SODA, quantity: int = -1, plate: str = "A1") -> TrueChange:
    return TrueChange(at, plate, ((sku, quantity),))


def lost(at: float, kind: str = "unpaid", sku: str = SODA, quantity: int = 1) -> TrueLoss:
    return TrueLoss(at, kind, sku, quantity, 350)


def scored(truth: list[Truth], reported: list[Message], hours: float = 1.0) -> Score:
    return score(truth, reported, duration_s=hours * 3600)


def test_a_change_with_the_same_items_within_two_seconds_is_found() -> None:
    result = scored([taken(100)], [change(101.9, {SODA: -1})])
    assert result.changes == Tally(found=1)
    assert (result.changes.precision, result.changes.recall, result.changes.f1) == (1, 1, 1)


def test_a_slow_hand_has_until_the_next_change_on_its_plate() -> None:
    truth: list[Truth] = [taken(100), taken(109, TEA), taken(104, plate="A2")]
    assert scored(truth, [change(108, {SODA: -1})]).changes == Tally(found=1, missed=2)
    assert scored(truth, [change(111.5, {SODA: -1})]).changes == Tally(missed=3, false=1)


def test_a_change_told_before_it_happened_is_false() -> None:
    assert scored([taken(100)], [change(97.9, {SODA: -1})]).changes == Tally(missed=1, false=1)


def test_another_plate_or_other_items_are_not_the_change() -> None:
    reported = [change(100, {SODA: -1}, plate="A2"), change(100, {SODA: -2})]
    result = scored([taken(100)], reported)
    assert result.changes == Tally(missed=1, false=2)
    assert result.steps == Tally(found=1, false=1)


def test_what_was_not_identified_is_a_step_found_and_no_change_found() -> None:
    result = scored([taken(100)], [change(100, {}, kind="unidentified")])
    assert result.changes == Tally(missed=1, false=1)
    assert result.steps == Tally(found=1)
    assert result.abstained == 1


def test_items_are_compared_without_regard_to_order_and_repeats() -> None:
    truth = TrueChange(
        100, "A1", normal_items([{"sku": TEA, "quantity": -1}, {"sku": SODA, "quantity": -2}])
    )
    assert scored([truth], [change(100, {SODA: -2, TEA: -1})]).changes == Tally(found=1)
    assert normal_items([{"sku": SODA, "quantity": 1}, {"sku": SODA, "quantity": -1}]) == ()


def test_the_highest_revision_counts_whatever_the_order() -> None:
    reported = [
        change(100, {SODA: -1}, name="x", revision=2),
        change(100, {TEA: -1}, name="x", revision=1),
    ]
    assert scored([taken(100)], reported).changes == Tally(found=1)


def test_a_withdrawn_change_was_never_reported() -> None:
    reported = [
        change(100, {SODA: -1}, name="x"),
        change(100, {}, name="x", revision=2, kind="withdrawn"),
    ]
    assert scored([], reported).changes == Tally()


def test_each_report_is_used_once() -> None:
    truth: list[Truth] = [taken(100), taken(101)]
    assert scored(truth, [change(100.5, {SODA: -1})]).changes == Tally(found=1, missed=1)
    reported = [change(100.5, {SODA: -1}), change(101.5, {SODA: -1}), change(102, {SODA: -1})]
    assert scored(truth, reported).changes == Tally(found=2, false=1)


def test_the_delay_runs_until_the_change_was_first_told() -> None:
    reported = [
        change(100.2, {TEA: -1}, name="x", told_at=100.5),
        change(100.2, {SODA: -1}, name="x", revision=2, told_at=103),
    ]
    assert scored([taken(100)], reported).delays_s == pytest.approx((0.5,))


def test_the_weight_error_needs_a_truth_that_knows_the_grams() -> None:
    truth: list[Truth] = [TrueChange(100, "A1", ((SODA, -1),), -345.5), taken(200)]
    reported = [change(100, {SODA: -1}, delta_g=-346.0), change(200, {SODA: -1})]
    assert scored(truth, reported).weight_errors_g == (0.5,)


def test_a_loss_needs_the_same_kind_sku_and_quantity() -> None:
    for line in (("underpaid", SODA, 1), ("unpaid", TEA, 1), ("unpaid", SODA, 2)):
        assert scored([lost(110)], [case([line])]).losses == Tally(missed=1, false=1)
    result = scored([lost(110)], [case([("unpaid", SODA, 1)])])
    assert result.losses == Tally(found=1)
    assert result.losses_by_kind == {"unpaid": Tally(found=1)}


def test_a_case_that_closed_was_never_reported() -> None:
    reported = [
        case([("unpaid", SODA, 1)]),
        case([("unpaid", SODA, 1)], revision=2, state="closed"),
    ]
    assert scored([lost(110)], reported).losses == Tally(missed=1)
    assert scored([lost(110)], reported[:1]).losses == Tally(found=1)


def test_a_loss_belongs_to_the_nearest_visit() -> None:
    reported = [
        case([("unpaid", SODA, 1)], name="C1", visit="V1"),
        case([("unpaid", SODA, 1)], name="C2", visit="V2", started_at=400, ended_at=420),
    ]
    result = scored([lost(405)], reported)
    assert result.losses == Tally(found=1, false=1)
    assert "(C1)" in result.false_losses[0]
    assert result.cases_against_paid_visits == 1


def test_a_case_hours_away_from_a_loss_is_another() -> None:
    assert scored([lost(9000)], [case([("unpaid", SODA, 1)])]).losses == Tally(missed=1, false=1)


def test_a_refund_or_what_left_unobserved_may_show_hours_later() -> None:
    reported = [
        case([("refunded", SODA, 1)]),
        case([("unobserved", TEA, 2)], name="C2", visit=None),
    ]
    truth: list[Truth] = [lost(9000, "refunded"), lost(20000, "unobserved", TEA, 2)]
    assert scored(truth, reported).losses == Tally(found=2)


def test_a_wrong_line_in_a_visit_with_a_loss_is_not_against_a_paid_visit() -> None:
    result = scored([lost(110, sku=TEA)], [case([("unpaid", SODA, 1)])])
    assert result.losses == Tally(missed=1, false=1)
    assert result.cases_against_paid_visits == 0


def test_a_case_with_several_lines_counts_once_against_a_paid_visit() -> None:
    reported = [case([("unpaid", SODA, 1), ("unpaid", TEA, 1)])]
    assert scored([], reported).cases_against_paid_visits == 1
    assert scored([], [case([("unobserved", TEA, 1)], visit=None)]).cases_against_paid_visits == 0


def test_recordings_add_up() -> None:
    first = scored([taken(100), lost(110)], [change(100, {SODA: -1}), case([("unpaid", SODA, 1)])])
    second = scored([lost(110, "feigned")], [change(50, {SODA: -1})], hours=3)
    both = total([first, second])
    assert both.recordings == 2
    assert both.changes == Tally(found=1, false=1)
    assert both.losses_by_kind == {"unpaid": Tally(found=1), "feigned": Tally(missed=1)}
    assert both.false_changes_per_hour == 0.25
    assert total([]).recordings == 0


def test_the_figures_are_plain_json() -> None:
    truth: list[Truth] = [TrueChange(100, "A1", ((SODA, -1),), -345.5), lost(110)]
    shown = scored(truth, [change(100, {SODA: -1}, told_at=100.75)]).as_dict()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["changes"]["f1"] == 1
    assert shown["losses"] == {
        "found": 0,
        "missed": 1,
        "false": 0,
        "precision": None,
        "recall": 0.0,
        "f1": 0.0,
        "by_kind": {
            "unpaid": {
                "found": 0,
                "missed": 1,
                "false": 0,
                "precision": None,
                "recall": 0.0,
                "f1": 0.0,
            }
        },
    }
    assert shown["weight_error_g"] == {"median": 0.5, "p95": 0.5}
    assert shown["delay_s"] == {"p50": 0.75, "p99": 0.75}
    assert shown["missed_losses"] == [f"110.000 unpaid 1 × {SODA}"]


def test_nothing_true_and_nothing_told_has_no_f1() -> None:
    assert Tally().f1 is None
    assert Score().false_changes_per_hour is None
    assert quantile([], 0.5) is None
    assert [quantile([4, 1, 3, 2], share) for share in (0.5, 0.95, 0.0)] == [2, 4, 1]


# As many pairs as possible, against trying them all (Kuhn's augmenting paths).


def most_pairs(true: list[float], reported: list[float]) -> int:
    fits = [
        [
            m
            for m, at in enumerate(reported)
            if t - 2 <= at <= max([t + 2, *true[n + 1 : n + 2]] if n + 1 < len(true) else [1e9])
        ]
        for n, t in enumerate(true)
    ]
    owner: dict[int, int] = {}

    def place(n: int, seen: set[int]) -> bool:
        for m in fits[n]:
            if m not in seen:
                seen.add(m)
                if m not in owner or place(owner[m], seen):
                    owner[m] = n
                    return True
        return False

    return sum(place(n, set()) for n in range(len(true)))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 40), max_size=8).map(sorted),
    st.lists(st.integers(0, 40), max_size=8, unique=True),
)
def test_no_pairing_of_changes_finds_more(true: list[int], reported: list[int]) -> None:
    result = scored([taken(t / 2) for t in true], [change(at / 2, {SODA: -1}) for at in reported])
    assert result.changes.found == most_pairs([t / 2 for t in true], [at / 2 for at in reported])
