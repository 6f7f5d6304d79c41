"""Why a case says what it says: units, the payments considered for each, and their prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from edge_agent.ledger import rules_of
from edge_agent.shelf.facts import Fact
from edge_agent.shelf.findings import find_missing
from edge_agent.shelf.matching import is_at_hand, match
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.parties import Purse, Stay
from edge_agent.shelf.payments import Payment, Refund, RefundLine, paid_units
from edge_agent.shelf.price_parts import UNPAID, Fit, PriceParts, price_parts
from edge_agent.shelf.reasons import reasons, restock_reasons
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.settling import reckon
from edge_agent.shelf.state import ShelfState
from tests.shelf.scene import START, Scene, change, payment, put, settings, take, told_at

RULES = rules_of(settings())
FIRST = f"V{round((START - 0.8) * 1000)}"


def explained(*facts: Fact, until: float = 8000) -> dict[str, dict[str, Any]]:
    """The reasons of every visit, by its id."""
    state = Scene(*facts, until=until).ledger.state
    shop = reckon(state, RULES, Memo())
    findings = find_missing(state, shop, RULES)
    return {v: reasons(state, shop, v, findings[v], RULES) for v in shop.accounts}


def considered(unit: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Verdict and reason by payment."""
    return {c["payment_id"]: (c["verdict"], c["why"]) for c in unit["considered"]}


def test_reasons_are_json_and_name_each_unit_that_left() -> None:
    why = explained(take(0, "A1", "cola", 2), payment(20, "cola"))[FIRST]
    assert json.loads(json.dumps(why)) == why
    assert [u["outcome"] for u in why["units"]] == ["paid", "missing"] or [
        u["outcome"] for u in why["units"]
    ] == ["missing", "paid"]
    assert why["unpaid_price"] == UNPAID
    assert why["names"]["cola"] == "Cola"
    (told,) = why["changes"]
    assert told["items"] == [{"sku": "cola", "quantity": -2}]
    assert told["settled_at"] == "2026-03-02T03:00:00.000Z"


def test_a_payment_whose_goods_another_unit_took_says_whose() -> None:
    why = explained(take(0, "A1", "cola"), take(300, "A1", "cola"), payment(315, "cola"))
    (unit,) = why[FIRST]["units"]
    assert (unit["outcome"], unit["kind"]) == ("missing", "unpaid")
    later = next(visit_id for visit_id in why if visit_id != FIRST)
    verdict, said = considered(unit)["P1"]
    assert verdict == "taken"
    assert f"visit {later} at " in said
    assert considered(why[later]["units"][0]) == {"P1": ("chosen", "chosen")}


def test_a_dearer_payment_is_named_with_the_price_of_the_chosen_one() -> None:
    facts: list[Fact] = [
        take(0, "A1", "cola"),
        payment(10, "cola"),
        payment(170, "cola", name="P2"),
    ]
    (unit,) = explained(*facts)[FIRST]["units"]
    found = {c["payment_id"]: c for c in unit["considered"]}
    assert found["P2"]["why"] == f"dearer than P1 at {found['P1']['price']['total']:.2f}"
    assert found["P2"]["price"]["total"] > found["P1"]["price"]["total"]
    assert unit["considered"][0]["payment_id"] == "P1"


def test_payments_that_missed_the_limits_say_by_how_much() -> None:
    facts: list[Fact] = [
        take(0, "A2", "nuts"),
        payment(-301 - 720, "nuts", name="early"),
        payment(86400 + 600, "nuts", name="late"),
        payment(-9000, "nuts", name="long ago"),
    ]
    (unit,) = explained(*facts, until=90_000)[FIRST]["units"]
    assert considered(unit) == {
        "early": ("out of time", "paid 12 min too early"),
        "late": ("out of time", "paid 10 min too late"),
    }


def test_a_payment_without_money_and_one_for_other_goods_are_considered() -> None:
    feigned = explained(take(0, "A2", "nuts"), payment(30, "nuts", state="closed"))[FIRST]
    assert considered(feigned["units"][0]) == {
        "P1": ("no money", "it has brought no money (closed)")
    }
    (unit,) = explained(take(0, "A2", "nuts"), payment(30, "cola"))[FIRST]["units"]
    assert (unit["kind"], unit["paid_as"], unit["payment_id"]) == ("substituted", "cola", "P1")
    verdict, said = considered(unit)["P1"]
    assert verdict == "instead"
    assert "Cola, which did not leave" in said


def test_what_a_payment_read_out_of_a_weight_stands_beside_its_alternatives() -> None:
    why = explained(change(0, "B1", -346.4), payment(20, "zero"))[FIRST]
    (told,) = why["changes"]
    assert told["items"] == []
    assert told["read_as"] == [{"sku": "zero", "quantity": -1}]
    assert {a["items"][0]["sku"] for a in told["alternatives"]} == {"cola", "zero"}


def test_goods_that_came_back_later_say_so_and_by_which_change() -> None:
    why = explained(take(0, "A2", "nuts"), put(4000, "A2", "nuts"))[FIRST]
    (unit,) = why["units"]
    assert (unit["outcome"], unit["considered"]) == ("came back", [])
    assert [c["delta_g"] for c in why["changes"]] == [-80.0, 80.0]


def test_refunds_are_told_with_the_payment_and_in_the_price() -> None:
    refund = Refund("R1", START + 3600, 1200, "returned", (RefundLine("nuts", 1),))
    late = told_at(payment(20, "nuts", revision=4, refunds=[refund]), 3600)
    why = explained(take(0, "A2", "nuts"), late)[FIRST]
    (unit,) = why["units"]
    assert (unit["kind"], unit["paid_by"]) == ("refunded", "P1")
    assert unit["considered"][0]["price"]["refunded"] > 0
    (told,) = why["payments"]
    assert told["revision"] == 4
    assert told["refunds"][0]["reason"] == "returned"


def test_many_payments_are_told_up_to_a_number() -> None:
    others = [take(60 + n, "A1", "cola") for n in range(12)]
    facts = [payment(60 + n, "cola", name=f"P{n}") for n in range(12)]
    why = explained(take(0, "A1", "cola"), *others, *facts)
    units = [unit for told in why.values() for unit in told["units"]]
    assert max(len(u["considered"]) for u in units if u["outcome"] == "missing") == 8
    assert max(len(u["considered"]) for u in units if u["outcome"] == "paid") == 3


def test_a_restock_s_reasons_hold_the_order() -> None:
    from edge_agent.shelf.facts import RestockFact, RestockLine

    order = RestockFact(START, "R7", 1, "started", START, "Li", (RestockLine("nuts", 3, "A2"),))
    over = RestockFact(START + 60, "R7", 2, "finished", START + 60, "Li", ())
    state = Scene(order, put(10, "A2", "nuts", 2), over, until=1000).ledger.state
    why = restock_reasons(state, "R7")
    assert why["ordered"] == [{"sku": "nuts", "quantity": 3, "plate": "A2"}]
    assert [c["items"] for c in why["changes"]] == [[{"sku": "nuts", "quantity": 2}]]


def account_of(state: ShelfState) -> Account:
    return reckon(state, RULES, Memo()).accounts[FIRST]


def price_of(told: Payment, account: Account) -> PriceParts:
    """The parts of the price of a payment's first unit for the visit's only one."""
    units = paid_units(told)
    fit = Fit.of(Stay.of(account.visit, account.gone), Purse.of(told.payment_id, units))
    return price_parts(account.gone[0], account.visit, units[0], fit, RULES)


@given(paid_at=st.floats(-299, 80_000), opened_before=st.floats(0, 400), more=st.integers(0, 9))
@examples(max_examples=60, deadline=None)
def test_the_parts_sum_up_to_a_price_that_is_dearer_the_worse_it_fits(
    paid_at: float, opened_before: float, more: int
) -> None:
    account = account_of(Scene(take(0, "A1", "cola"), until=1).ledger.state)
    opened = paid_at - opened_before
    told = payment(paid_at, "cola", *["other"] * more, opened=opened).payment
    parts = price_of(told, account)
    perfect = price_of(payment(paid_at, "cola", opened=opened).payment, account)
    assert UNPAID > parts.total >= perfect.total >= 0
    reference_at = paid_units(told)[0].reference_at
    assert parts.late > 0 if reference_at > account.visit.ended_at + 180 else parts.late == 0


def test_paying_at_once_is_cheaper_than_before_and_than_late() -> None:
    account = account_of(Scene(take(0, "A1", "cola"), until=1).ledger.state)
    at_once, before, late = (
        price_of(payment(at, "cola").payment, account).total for at in (15, -60, 5000)
    )
    assert at_once < before < late


@given(
    first=st.tuples(st.floats(-290, 300), st.floats(0, 150), st.integers(0, 3)),
    second=st.tuples(st.floats(-290, 300), st.floats(0, 150), st.integers(0, 3)),
)
@examples(max_examples=80, deadline=None)
def test_the_matching_chooses_the_payment_that_the_parts_say_is_cheaper(
    first: tuple[float, float, int], second: tuple[float, float, int]
) -> None:
    told = [
        payment(at, "cola", *["other"] * more, name=name, opened=at - opened_before).payment
        for name, (at, opened_before, more) in (("P1", first), ("P2", second))
    ]
    account = account_of(Scene(take(0, "A1", "cola"), until=1).ledger.state)
    (unit,) = account.gone
    purses = [Purse.of(one.payment_id, paid_units(one)) for one in told]
    near = [is_at_hand(account.visit, purse, RULES) for purse in purses]
    costs = [price_of(one, account).total for one in told]
    assume(near[0] == near[1])
    assume(abs(costs[0] - costs[1]) > 1e-6)
    stay = Stay.of(account.visit, account.gone)
    chosen = match([stay], purses, lambda *_: True, RULES, Memo(), "alone").pairs[unit.key]
    assert chosen.payment_id == ("P1" if costs[0] < costs[1] else "P2")
