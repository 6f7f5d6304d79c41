"""A hand-made month whose every answer is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from edge_agent.report.figures import Report
from edge_agent.report.span import Span
from edge_agent.store import Store
from tests.report.month_scene import BERLIN, Shelf, moment, payment, refund


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    store = Store.in_memory()
    yield Shelf(store)
    store.close()


@pytest.fixture
def month(shelf: Shelf) -> Report:
    """2 March 2026 is a Monday. Thirty honest colas, and these:"""
    for n in range(30):
        at = moment("2026-03-02 09:00") + n * 60
        shelf.visit(at, {"cola": 1}, paid=[f"P{n}"])
        shelf.pay(payment(f"P{n}", at + 20, {"cola": 1}))
    shelf.visit(moment("2026-03-03 14:10"), {"nuts": 2, "gum": 1})
    shelf.case(moment("2026-03-03 14:10"), {"nuts": 2, "gum": 1}, "open")
    shelf.visit(moment("2026-03-10 14:20"), {"nuts": 1})
    shelf.case(moment("2026-03-10 14:20"), {"nuts": 1}, "confirmed", kind="feigned")
    shelf.visit(moment("2026-03-11 10:00"), {"cola": 1})
    shelf.case(moment("2026-03-11 10:00"), {"cola": 1}, "provisional")
    shelf.visit(moment("2026-03-12 10:00"), {"cola": 1}, due={"gum": 1})
    shelf.case(moment("2026-03-12 10:00"), {"cola": 1}, "dismissed")
    for n, delay_s in enumerate((600.0, 3600.0, 36000.0)):
        at = moment("2026-03-13 11:00") + n * 3600
        shelf.case(at, {"gum": 1}, "paid", told_after_s=delay_s + 10)
    shelf.case(moment("2026-03-14 10:00"), {"gum": 2}, "returned")
    shelf.case(moment("2026-03-15 10:00"), {"gum": 1}, "open", kind="unidentified")
    shelf.case(moment("2026-03-16 07:00"), {"gum": 3}, "open", kind="restock_shortfall")
    shelf.pay(payment("Q1", moment("2026-03-17 12:00"), {"nuts": 1, "gum": 1}, gifts=["gum"]))
    shelf.pay(payment("Q2", moment("2026-03-17 12:30"), {"cola": 2}, discount=700))
    at = moment("2026-03-17 13:00")
    shelf.pay(payment("Q3", at, {"nuts": 1}, discount=100, refunds=[refund(at + 9, "nuts")]))
    shelf.pay(payment("Q4", at, {"nuts": 9}, state="closed"))
    shelf.restock(moment("2026-03-18 07:00"), "gum", 20, 17)
    shelf.restock(moment("2026-03-25 07:00"), "gum", 20, 21)
    for day in range(1, 11):
        shelf.watch(moment(f"2026-03-{day:02d} 09:59"), 1800)
    # Neither of these is March on the shelf's own clock.
    shelf.case(moment("2026-02-28 23:59"), {"nuts": 1}, "open")
    shelf.visit(moment("2026-04-01 00:00"), {"nuts": 1})
    return shelf.report()


def test_the_total_is_what_open_and_confirmed_cases_say(month: Report) -> None:
    loss = month.total.loss
    assert (loss.cases, loss.lost, loss.value.value) == (2, 4, 2 * 1200 + 200 + 1200)
    assert (loss.provisional, loss.provisional_value) == (1, 350)
    assert loss.taken == 30 + 3 + 1 + 1 + 1
    assert loss.sold == 30 * 350 + (1200 + 200) + 700 + 1200


def test_the_totals_interval_knows_that_three_units_went_together(month: Report) -> None:
    from scipy import stats

    rate = month.total.loss.rate
    # 4 units in cases of 3 and 1: a design effect of (9 + 1) / 4.
    n = 36 / 2.5
    z = stats.norm.ppf(0.975)
    share, width = 4 / 36, 1 + z * z / n
    half = z / width * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    middle = (share + z * z / (2 * n)) / width
    assert (rate.value, rate.low, rate.high) == pytest.approx((share, middle - half, middle + half))


def test_every_outcome_stands_apart(month: Report) -> None:
    found = {r.key: (r.events, r.units, r.value) for r in month.outcomes}
    assert found == {
        "provisional": (1, 1, 350),
        "open": (3, 3 + 1 + 3, 2600 + 0 + 600),
        "confirmed": (1, 1, 1200),
        "dismissed": (1, 1, 350),
        "paid": (3, 3, 600),
        "returned": (1, 2, 400),
    }


def test_products_are_told_by_their_loss(month: Report) -> None:
    assert [r.key for r in month.products] == ["nuts", "gum", "cola"]
    nuts, gum, cola = month.products
    assert (nuts.lost, nuts.taken, nuts.value.value, nuts.sold) == (3, 3, 3600, 2400)
    assert nuts.value_rate.value == pytest.approx(3600 / 6000)
    assert (gum.lost, gum.taken, gum.value.value, gum.cases) == (1, 1, 200, 1)
    assert (cola.lost, cola.taken, cola.provisional) == (0, 32, 1)
    assert cola.rate.value == 0.0
    assert nuts.name == "Nuts <b>&</b> more"


def test_plates_count_what_left_them(month: Report) -> None:
    assert [r.key for r in month.plates] == ["A1", "A2", "A3"]
    found = {r.key: (r.lost, r.taken, r.value.value, r.sold) for r in month.plates}
    assert found == {"A1": (0, 32, 0, None), "A2": (3, 3, 3600, None), "A3": (1, 1, 200, None)}


def test_hours_and_weekdays_are_the_shelfs_own(month: Report) -> None:
    hours = {r.loss.key: r for r in month.hours}
    assert (hours["14"].loss.lost, hours["14"].loss.value.value) == (4, 3800)
    assert (hours["09"].visits, hours["09"].visitors) == (30, 30)
    assert hours["09"].observed_s == 10 * 1800
    assert hours["09"].visits_per_hour == pytest.approx(30 / 5)
    assert hours["14"].visits_per_hour is None
    weekdays = {r.loss.name: r.loss.value.value for r in month.weekdays}
    assert weekdays == dict.fromkeys(
        ("Monday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), 0
    ) | {"Tuesday": 3800}
    assert (month.heat[1, 14].value, month.heat[1, 14].lost) == (3800, 4)
    assert month.heat[0, 9].observed_s == 2 * 1800


def test_every_day_of_the_month_has_its_row(month: Report) -> None:
    assert len(month.days) == 31
    found = {r.loss.key: r.loss.value.value for r in month.days if r.loss.lost}
    assert found == {"2026-03-03": 2600, "2026-03-10": 1200}


def test_kinds_tell_what_stood_and_what_did_not(month: Report) -> None:
    found = {k.kind: (k.units, k.value.value, k.provisional, k.no_loss) for k in month.kinds}
    assert found == {
        "unpaid": (3, 2600, 1, 1 + 3 + 2),
        "feigned": (1, 1200, 0, 0),
        "unidentified": (1, 0, 0, 0),
        "restock_shortfall": (3, 600, 0, 0),
    }


def test_late_payments_have_a_median_delay(month: Report) -> None:
    assert (month.late.cases, month.late.value) == (3, 600)
    assert month.late.median_delay_s == pytest.approx(3600, rel=0.023)


def test_coupons_and_gifts_are_a_cost_and_no_loss(month: Report) -> None:
    found = {r.key: (r.events, r.units, r.value) for r in month.margin}
    assert found == {
        "all": (3, 0, 200 + 700 + 100),
        "order": (2, 0, 800),
        "line": (0, 0, 0),
        "gift": (1, 1, 200),
        "free": (1, 2, 700),
    }
    given = {r.key: (r.events, r.units, r.value) for r in month.refunds_given}
    assert given["quality"] == (1, 1, 1200)


def test_what_was_paid_and_not_taken_is_a_refund_that_is_due(month: Report) -> None:
    (due,) = month.refunds_due
    assert (due.key, due.events, due.units, due.value) == ("gum", 1, 1, 200)


def test_restocks_do_not_cancel_out(month: Report) -> None:
    (gum,) = month.restocks
    assert (gum.lines, gum.ordered, gum.weighed, gum.short, gum.surplus) == (2, 40, 38, 3, 1)


def test_an_empty_month_says_so(shelf: Shelf) -> None:
    report = shelf.report()
    assert (report.total.visits, report.total.loss.lost) == (0, 0)
    assert report.total.loss.rate.value is None
    assert report.products == ()
    assert "nothing is recorded" in report.notes[0]


def test_a_month_that_began_before_the_records_says_so(shelf: Shelf) -> None:
    shelf.watch(moment("2026-03-20 10:00"), 60)
    assert shelf.report().notes == ("the records begin on 2026-03-20.",)


def test_the_hour_that_comes_twice_holds_both(shelf: Shelf) -> None:
    shelf.zone = BERLIN
    first = moment("2026-10-25 02:30", BERLIN)
    for at in (first, first + 3600):
        shelf.visit(at, {"cola": 1})
        shelf.watch(at, 1800)
    day = date(2026, 10, 25)
    report = shelf.report(Span(day, day), moment("2026-12-01 00:00", BERLIN))
    (hour,) = report.hours
    assert (hour.loss.key, hour.visits, hour.observed_s) == ("02", 2, 3600)
    assert report.span_s == 25 * 3600


def test_midnight_in_summer_time_parts_the_days(shelf: Shelf) -> None:
    shelf.zone = BERLIN
    spring = date(2026, 3, 29)
    midnight = moment("2026-03-30 00:00", BERLIN)
    shelf.visit(midnight - 1, {"cola": 1})
    shelf.visit(midnight, {"cola": 1})
    assert shelf.report(Span(spring, spring)).total.visits == 1
    after = spring + timedelta(days=1)
    assert shelf.report(Span(after, after)).total.visits == 1


def test_what_cannot_be_read_is_said_and_the_rest_counts(shelf: Shelf) -> None:
    shelf.visit(moment("2026-03-02 09:00"), {"cola": 1})
    shelf.store.views.put("visit", "broken", moment("2026-03-02 09:00"), {"visit_id": "broken"})
    report = shelf.report()
    assert report.total.visits == 1
    assert any("1 stored things could not be read" in note for note in report.notes)


def test_a_visit_that_was_joined_to_another_is_none(shelf: Shelf) -> None:
    at = moment("2026-03-02 09:00")
    visit = shelf.store.views.get("visit", shelf.visit(at, {"cola": 1}))
    assert visit is not None
    shelf.put("visit", visit["visit_id"], at + 60, visit | {"changes": [], "taken": []})
    assert shelf.report().total.visits == 0


def test_what_left_unobserved_was_taken_too(shelf: Shelf) -> None:
    at = moment("2026-03-02 09:00")
    shelf.visit(at, {"cola": 9})
    shelf.case(at, {"cola": 1}, "open", kind="unobserved")
    shelf.change(at, "cola", -1, "unobserved")
    report = shelf.report()
    assert (report.total.loss.lost, report.total.loss.taken) == (1, 10)
    assert (report.products[0].taken, report.plates[0].taken) == (10, 10)
