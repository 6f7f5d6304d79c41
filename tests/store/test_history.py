"""Folding: nothing is counted twice or forgotten, and a report cannot tell the difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.errors import StoreError
from edge_agent.ledger import Ledger
from edge_agent.report.cells import Cells
from edge_agent.report.keeping import fold_old, keep_payment
from edge_agent.report.tallying import tally
from edge_agent.shelf.facts import PaymentFact
from edge_agent.shelf.state import Output
from edge_agent.store import Store
from edge_agent.store.history import Detail
from tests.report.month_scene import SHANGHAI, Shelf, moment, payment, refund
from tests.shelf.scene import settings as shelf_settings

DAY_S = 86400.0
LATER = moment("2026-04-20 12:00")


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    store = Store.in_memory()
    yield Shelf(store)
    store.close()


def fold(shelf: Shelf, now: float = LATER, retention_days: float = 10.0) -> int:
    return fold_old(shelf.store, now, retention_days, shelf.zone)


def size_of(shelf: Shelf, table: str) -> int:
    found: int = shelf.store._db.value(f"select count(*) from {table}")
    return found


def busy_day(shelf: Shelf) -> None:
    at = moment("2026-03-10 09:30")
    shelf.visit(at, {"cola": 2, "nuts": 1}, paid=["P1", "P2"], due={"gum": 1})
    shelf.case(at, {"nuts": 1}, "confirmed", key="C")
    shelf.pay(payment("P1", at + 9, {"cola": 2, "gum": 1}, discount=50, gifts=["gum"]))
    shelf.restock(at - 7200, "cola", 12, 11)
    shelf.watch(at, 600)


def test_a_folded_day_reports_as_its_details_did(shelf: Shelf) -> None:
    busy_day(shelf)
    before = shelf.report()
    assert fold(shelf) == 6
    assert size_of(shelf, "view") == 0
    assert shelf.report() == before
    assert before.total.loss.lost == 1


def test_folding_again_changes_nothing(shelf: Shelf) -> None:
    busy_day(shelf)
    fold(shelf)
    once = shelf.report()
    assert fold(shelf) == 0
    assert shelf.report() == once


def test_a_few_at_a_time_is_as_good_as_all_at_once(shelf: Shelf) -> None:
    busy_day(shelf)
    before = shelf.report()
    folded = 0
    while step := fold_old(shelf.store, LATER, 10.0, SHANGHAI, limit=2):
        assert step <= 2
        assert shelf.report() == before
        folded += step
    assert folded == 6


def test_young_details_and_open_cases_stay_whole(shelf: Shelf) -> None:
    shelf.case(moment("2026-03-01 10:00"), {"nuts": 1}, "open", key="old and open")
    shelf.case(moment("2026-03-01 11:00"), {"nuts": 1}, "provisional", key="old and unsure")
    shelf.case(moment("2026-04-19 10:00"), {"nuts": 1}, "confirmed", key="young")
    shelf.case(moment("2026-03-01 12:00"), {"nuts": 1}, "confirmed", key="old")
    assert fold(shelf) == 1
    assert shelf.store.views.get("case", "old") is None
    assert len(shelf.store.views.list("case")) == 3


def test_a_case_judged_after_its_day_was_folded_corrects_the_tally(shelf: Shelf) -> None:
    busy_day(shelf)
    fold(shelf)
    at = moment("2026-03-10 09:30")
    shelf.case(at, {"nuts": 1}, "dismissed", key="C", revision=3, told_after_s=35 * DAY_S)
    found = {r.key: r.events for r in shelf.report().outcomes}
    assert (found["confirmed"], found["dismissed"]) == (0, 1)
    assert shelf.report().total.loss.lost == 0
    fold(shelf, LATER + 30 * DAY_S)
    assert {r.key: r.events for r in shelf.report().outcomes} == found


def test_an_open_case_that_closes_after_months_counts_once(shelf: Shelf) -> None:
    at = moment("2026-03-10 09:30")
    shelf.case(at, {"nuts": 1}, "open", key="C")
    fold(shelf, at + 300 * DAY_S)
    shelf.case(at, {"nuts": 1}, "confirmed", key="C", revision=2, told_after_s=310 * DAY_S)
    fold(shelf, at + 330 * DAY_S)
    assert size_of(shelf, "view") == 0
    assert shelf.report().total.loss.lost == 1


def test_a_refund_after_the_fold_is_counted(shelf: Shelf) -> None:
    busy_day(shelf)
    fold(shelf)
    at = moment("2026-03-10 09:30")
    before = shelf.report()
    paid = payment("P1", at + 9, {"cola": 2, "gum": 1}, discount=50, gifts=["gum"], revision=2)
    paid = replace(paid, refunds=(refund(LATER, "cola", "goodwill"),))
    shelf.pay(paid, at=LATER)
    after = shelf.report()
    assert {r.key: r.value for r in after.refunds_given}["goodwill"] == 350
    assert after.margin == before.margin
    assert after.total == before.total


def test_an_old_revision_of_a_folded_payment_changes_nothing(shelf: Shelf) -> None:
    at = moment("2026-03-10 09:30")
    shelf.pay(payment("P1", at, {"cola": 2}, revision=4))
    fold(shelf)
    shelf.pay(payment("P1", at, {"nuts": 5}, revision=4), at=LATER)
    shelf.pay(payment("P1", at, {"nuts": 5}, revision=2), at=LATER)
    assert size_of(shelf, "view") == 0
    assert shelf.report().total.loss.sold == 700


def test_a_payment_keeps_its_highest_revision(shelf: Shelf) -> None:
    at = moment("2026-03-10 09:30")
    for revision, colas in ((2, 2), (1, 1), (3, 3), (2, 2)):
        shelf.pay(payment("P1", at, {"cola": colas}, revision=revision))
    kept = shelf.store.views.get("payment", "P1")
    assert kept is not None
    assert (kept["revision"], kept["lines"][0]["quantity"]) == (3, 3)


def test_a_revision_a_year_late_is_not_counted_a_second_time(shelf: Shelf) -> None:
    at = moment("2026-03-10 09:30")
    shelf.pay(payment("P1", at, {"cola": 1}))
    fold(shelf)
    long_after = at + 500 * DAY_S
    fold(shelf, long_after)
    assert size_of(shelf, "folded") == 0
    shelf.pay(payment("P1", at, {"cola": 1}, revision=2), at=long_after)
    assert shelf.report().total.loss.sold == 350
    fold(shelf, long_after + 20 * DAY_S)
    assert shelf.report().total.loss.sold == 350


def test_tallies_are_kept_for_three_years(shelf: Shelf) -> None:
    busy_day(shelf)
    fold(shelf)
    at = moment("2026-03-10 12:00")
    fold(shelf, at + 1090 * DAY_S)
    assert shelf.report().total.loss.lost == 1
    fold(shelf, at + 1105 * DAY_S)
    assert size_of(shelf, "tally") == 0
    assert size_of(shelf, "folded") == 1
    fold(shelf, at + 1200 * DAY_S)
    assert size_of(shelf, "folded") == 0


def test_a_fold_that_fails_half_way_leaves_everything_as_it_was(shelf: Shelf) -> None:
    busy_day(shelf)
    before = shelf.report()

    def fails_at_the_fourth(detail: Detail) -> Cells:
        fails_at_the_fourth.count += 1  # type: ignore[attr-defined]
        if fails_at_the_fourth.count == 4:  # type: ignore[attr-defined]
            raise StoreError("the card was pulled")
        return tally(detail.kind, detail.payload, detail.at, SHANGHAI)

    fails_at_the_fourth.count = 0  # type: ignore[attr-defined]
    with pytest.raises(StoreError):
        shelf.store.history.fold(LATER, LATER, fails_at_the_fourth)
    assert (size_of(shelf, "view"), size_of(shelf, "folded")) == (6, 0)
    assert shelf.report() == before


def test_what_cannot_be_counted_does_not_stop_the_rest(shelf: Shelf) -> None:
    busy_day(shelf)
    shelf.put("visit", "broken", moment("2026-03-02 09:00"), {"visit_id": "broken"})
    assert fold(shelf) == 7
    assert shelf.report().total.visits == 1


def test_the_ledger_puts_payments_and_restocks_where_reports_find_them() -> None:
    store = Store.in_memory()
    ledger = Ledger(shelf_settings(), store)
    shelf = Shelf(store)
    at = moment("2026-03-10 09:30")
    report: dict[str, Any] = {
        "restock_id": "R9",
        "started_at": None,
        "finished_at": None,
        "lines": [],
    }
    ledger.tell(Output("restock-reports", "shelf.restock-report", "R9", at, report))
    assert store.views.get("restock", "R9") == report
    for revision, colas in ((2, 2), (1, 9)):
        paid = payment("P1", at, {"cola": colas}, revision=revision)
        ledger.take(PaymentFact(at + 1, paid))
    assert shelf.report().total.loss.sold == 700
    store.close()


def test_the_ledger_takes_a_folded_case_back_when_it_tells_it_anew() -> None:
    store = Store.in_memory()
    ledger = Ledger(shelf_settings(), store)
    shelf = Shelf(store)
    at = moment("2026-03-10 09:30")
    shelf.case(at, {"nuts": 1}, "confirmed", key="C")
    case = store.views.get("case", "C")
    assert case is not None
    fold(shelf)
    ledger.tell(Output("losses", "shelf.loss", "C", LATER, case | {"resolution": "dismissed"}))
    assert shelf.report().total.loss.lost == 0
    ledger.tidy(LATER + 31 * DAY_S)
    assert store.views.get("case", "C") is None
    assert {r.key: r.events for r in shelf.report().outcomes}["dismissed"] == 1
    store.close()


OUTCOMES = ("provisional", "open", "confirmed", "dismissed", "paid", "returned")
SKUS = st.sampled_from(["cola", "nuts", "gum"])
GOODS = st.dictionaries(SKUS, st.integers(1, 3), min_size=1)
HOURS = st.integers(0, 31 * 24 - 1)
DEEDS = st.one_of(
    st.tuples(st.just("visit"), HOURS, st.integers(0, 4), GOODS, st.integers(0, 2)),
    st.tuples(st.just("case"), HOURS, st.integers(0, 4), GOODS, st.sampled_from(OUTCOMES)),
    st.tuples(st.just("pay"), HOURS, st.integers(0, 4), GOODS, st.integers(1, 4)),
    st.tuples(st.just("restock"), HOURS, st.integers(0, 4), SKUS, st.integers(0, 9)),
    st.tuples(st.just("watch"), HOURS, st.just(0), st.just(0), st.integers(1, 3600)),
    st.tuples(st.just("fold"), st.integers(0, 70), st.just(0), st.just(0), st.integers(1, 9)),
)


def act(shelf: Shelf, deed: tuple[Any, ...], revision: int) -> None:
    """Do one deed; things have few names, so that many are told anew."""
    what, hour, name, goods, more = deed
    at = moment("2026-03-01 00:00") + hour * 3600
    if what == "visit":
        shelf.visit(at, goods, paid=["P"] * more, due={"gum": more}, key=f"V{name}")
    elif what == "case":
        kind = "unidentified" if name == 4 else "unpaid"
        shelf.case(at, goods, more, key=f"C{name}", kind=kind, revision=revision)
    elif what == "pay":
        refunds = [refund(at, "cola", "returned")] * (more // 3)
        paid = payment(f"P{name}", at, goods, revision=more, discount=50 * name, gifts=["gum"])
        shelf.pay(replace(paid, refunds=tuple(refunds)))
    elif what == "restock":
        shelf.restock(at, goods, 5, more)
    elif what == "watch":
        shelf.watch(at, more)


@settings(max_examples=25, deadline=None)
@given(st.lists(DEEDS, max_size=30))
def test_folded_and_kept_together_report_what_details_alone_do(
    deeds: list[tuple[Any, ...]],
) -> None:
    whole, folding = Shelf(Store.in_memory()), Shelf(Store.in_memory())
    for number, deed in enumerate(deeds):
        if deed[0] == "fold":
            now = moment("2026-03-01 00:00") + deed[1] * DAY_S
            fold_old(folding.store, now, 10.0, SHANGHAI, limit=deed[4])
            continue
        for shelf in (whole, folding):
            act(shelf, deed, number)
    detailed = whole.report()
    assert folding.report() == detailed
    fold_old(folding.store, LATER + 60 * DAY_S, 10.0, SHANGHAI)
    assert folding.report() == detailed
    for shelf in (whole, folding):
        shelf.store.close()


def test_keeping_a_payment_rides_on_the_facts_transaction() -> None:
    store = Store.in_memory()
    paid = payment("P1", LATER, {"cola": 1})
    with pytest.raises(StoreError), store.atomic():
        keep_payment(store, paid, LATER)
        raise StoreError("the card was pulled")
    assert store.views.get("payment", "P1") is None
    store.close()
