"""Losses by product and visit, by value, and the visits paid in full: what counts as wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.reported import OpenLine, ToldCase, told_cases
from edge_agent.score import Score
from edge_agent.scoring import score
from edge_agent.scoring_losses import LossFigures, loss_figures
from edge_agent.tallies import Share, Tally, wilson
from edge_agent.times import rfc3339
from edge_agent.truth import TrueLoss, TrueVisit

SODA, NUTS = "690", "691"


def lost(kind: str = "unpaid", sku: str = SODA, units: int = 1, at: float = 110.0) -> TrueLoss:
    return TrueLoss(at, kind, sku, units, 350 * units)


def told(
    kind: str = "unpaid", sku: str = SODA, units: int = 1, start: float = 100.0, name: str = "C1"
) -> OpenLine:
    return OpenLine(name, f"V{name}", start, start + 20.0, kind, sku, units, 350 * units)


def case(start: float = 100.0, *, stands: bool = True, was_open: bool = True) -> ToldCase:
    return ToldCase("C1", "V1", start, start + 20.0, stands, was_open)


def visit(at: float = 100.0, *, honest: bool = True) -> TrueVisit:
    return TrueVisit(at, at + 20.0, "after", honest)


def figures(
    true: list[TrueLoss], lines: list[OpenLine], visits: tuple[TrueVisit, ...] = (),
    cases: tuple[ToldCase, ...] = (),
) -> LossFigures:  # fmt: skip
    return loss_figures(true, visits, lines, cases)


def test_another_kind_of_the_same_product_in_the_same_visit_is_found_by_product() -> None:
    assert figures([lost("unpaid")], [told("underpaid")]).by_product == Tally(found=1)


def test_units_count_one_by_one() -> None:
    assert figures([lost(units=3)], [told(units=2)]).by_product == Tally(found=2, missed=1)
    parts = [told(units=1), told("feigned", units=3)]
    assert figures([lost(units=3)], parts).by_product == Tally(found=3, false=1)


def test_another_visit_or_another_product_is_both_missed_and_false() -> None:
    wrong = Tally(missed=1, false=1)
    assert figures([lost(at=300.0)], [told()]).by_product == wrong
    assert figures([lost(sku=NUTS)], [told()]).by_product == wrong


def test_a_refund_that_comes_long_after_the_goods_is_found_in_their_visit() -> None:
    late = lost("refunded", at=5000.0)
    assert figures([late], [told("refunded")]).by_product == Tally(found=1)
    assert figures([late], [told("unpaid")]).by_product == Tally(missed=1, false=1)


def test_the_same_kind_goes_before_another_kind() -> None:
    true = [lost("feigned", units=1), lost("unpaid", units=1)]
    result = figures(true, [told("unpaid")])
    assert result.by_product == Tally(found=1, missed=1)
    assert result.words == (f"110.000 missed 1 × {SODA} (feigned)",)


def test_values_are_compared_as_sums() -> None:
    result = figures([lost(units=2), lost(sku=NUTS)], [told(units=3)])
    assert (result.value_true, result.value_told) == (1050, 1050)
    assert result.value_error == 0.0
    assert figures([], [told()]).value_error is None
    assert figures([lost()], []).value_error == -1.0


def test_a_case_that_stands_against_a_visit_paid_in_full_is_counted() -> None:
    both = (visit(), visit(400.0), visit(800.0, honest=False))
    result = figures([], [told()], both, (case(110.0),))
    assert result.honest == Share(1, 2)
    assert any("honest visit (after), C1" in words for words in result.words)
    against_other = figures([], [told()], both, (case(805.0),))
    assert against_other.honest == Share(2, 2)


def test_a_true_loss_elsewhere_does_not_excuse_a_case_against_the_honest() -> None:
    # Contract, section 4, finds a loss by kind, SKU and quantity: also in the visit next door.
    result = figures([lost(at=400.0)], [told()], (visit(),), (case(),))
    assert result.honest == Share(0, 1)


def test_a_case_that_closed_again_is_told_apart() -> None:
    closed = figures([], [], (visit(),), (case(stands=False),))
    assert (closed.honest, closed.passing_cases) == (Share(1, 1), 1)
    provisional = figures([], [], (visit(),), (case(stands=False, was_open=False),))
    assert provisional.passing_cases == 0


def test_a_case_of_no_visit_is_against_nobody() -> None:
    restock = ToldCase("R1", None, 100.0, 120.0, True, True)
    assert figures([], [], (visit(),), (restock,)).honest == Share(1, 1)


def message(state: str, revision: int, at: float = 200.0) -> dict[str, Any]:
    data = {
        "case_id": "C1",
        "visit_id": "V1",
        "revision": revision,
        "state": state,
        "resolution": "paid" if state == "closed" else None,
        "started_at": rfc3339(100.0),
        "ended_at": rfc3339(120.0),
        "lines": [{"kind": "unpaid", "sku": SODA, "quantity": 1, "value": 350}],
    }
    return {"time": at, "topic": "losses", "payload": {"data": data}}


def test_the_last_revision_says_whether_a_case_stands() -> None:
    (closed,) = told_cases([message("provisional", 1), message("open", 2), message("closed", 3)])
    assert (closed.stands, closed.was_open) == (False, True)
    (still,) = told_cases([message("closed", 3), message("open", 4), message("open", 2)])
    assert still.stands
    (early,) = told_cases([message("provisional", 1), message("closed", 2)])
    assert not early.was_open


def test_the_score_of_a_recording_has_the_figures_and_adds_them_up() -> None:
    first = score([lost(), visit()], [message("open", 1)], duration_s=3600.0)
    assert first.cases_against_paid_visits == 1
    whole = first + score([visit()], [], duration_s=3600.0)
    assert whole.loss_figures.honest == Share(1, 2)
    shown = whole.as_dict()["loss_figures"]
    assert shown["value"] == {"true": 350, "told": 350, "error": 0.0}
    assert shown["honest_visits"]["with_a_case"] == 1
    assert shown["by_product"]["recall_interval"] == wilson(1, 1)
    assert Score().as_dict()["loss_figures"]["honest_visits"]["clear"] is None


def test_wilsons_interval_is_that_of_the_tables() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 0 of 20, 1 of 29.
    assert wilson(81, 263) == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert wilson(0, 20) == pytest.approx([0.0, 0.1611], abs=1e-4)
    assert wilson(1, 29) == pytest.approx([0.0061, 0.1718], abs=1e-4)
    assert wilson(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share(counts: tuple[int, int]) -> None:
    right, of = counts
    interval = wilson(right, of)
    assert interval is not None
    assert 0.0 <= interval[0] <= right / of + 1e-4
    assert right / of - 1e-4 <= interval[1] <= 1.0
