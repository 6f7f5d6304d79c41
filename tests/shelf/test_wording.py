"""The sentence of a case: all kinds, mixed ones, provisional ones, settled ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from edge_agent.ledger import rules_of
from edge_agent.shelf import phrases
from edge_agent.shelf.facts import ChangeFact, ClockFact, Fact, LinkFact, RestockFact, RestockLine
from edge_agent.shelf.findings import find_missing
from edge_agent.shelf.loss_lines import LossLine, loss_lines
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.payments import Refund, RefundLine
from edge_agent.shelf.restocks import shortfall
from edge_agent.shelf.settling import reckon
from edge_agent.shelf.state import CaseState, Restock
from edge_agent.shelf.wording import explain, explain_restock
from edge_agent.shelf.wording_closed import explain_closed, with_verdict
from edge_agent.weighing.change import WeightChange
from tests.shelf.scene import START, Scene, change, payment, put, settings, take, told_at

# The scene starts at 03:00 UTC.
AN_HOUR = 3600.0
RETURNED = Refund("R1", START + AN_HOUR, 1200, "returned", (RefundLine("nuts", 1),))
UNSEEN = WeightChange("A2-1", 1, "A2", START - 7200, START, -80.0, 0.2, 920.0, unobserved=True)


def sentences(*facts: Fact, until: float = 400, stage: CaseState = "open") -> list[str]:
    """The sentence of each visit that is short, by the time of the visits."""
    scene = Scene(*facts, until=until)
    state, rules = scene.ledger.state, rules_of(settings())
    shop = reckon(state, rules, Memo())
    findings = find_missing(state, shop, rules)
    found = []
    for visit_id, account in sorted(shop.accounts.items()):
        lines = loss_lines(findings[visit_id].missing, state)
        if lines:
            found.append(explain(lines, account, findings[visit_id], state, rules, stage))
    return found


def settled(*facts: Fact, until: float = 6000) -> str:
    """The sentence of the only case, which has no lines any more."""
    scene = Scene(*facts, until=until)
    state, rules = scene.ledger.state, rules_of(settings())
    (case,) = state.cases.values()
    assert case.state == "closed"
    account = reckon(state, rules, Memo()).accounts.get(case.visit_id or "")
    return explain_closed(case.told, case.resolution or "", account, state, rules)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            [take(0, "A2", "nuts")],
            "1 × Nuts left plate A2 at 03:00 UTC; no payment has come: "
            "12.00 CNY is missing; 99 % sure.",
        ),
        (
            [take(0, "A1", "cola", 2), take(4, "A2", "nuts"), payment(20, "cola", "cola")],
            "2 × Cola and 1 × Nuts left plates A1 and A2 at 03:00 UTC; 2 × Cola were paid (P1): "
            "1 × Nuts, 12.00 CNY, is missing; 99 % sure.",
        ),
        (
            [
                take(0, "A2", "nuts"),
                payment(15, "nuts", state="opened", revision=1),
                payment(100, "nuts", state="closed", revision=2, opened=15),
            ],
            "1 × Nuts left plate A2 at 03:00 UTC; payment P1 was begun and ended without money: "
            "12.00 CNY is missing; 99 % sure.",
        ),
        (
            [take(0, "A2", "nuts"), payment(15, "nuts", state="opened", revision=1)],
            "1 × Nuts left plate A2 at 03:00 UTC; payment P1 was begun and has not been completed: "
            "12.00 CNY is missing; 99 % sure.",
        ),
        (
            [take(0, "A2", "nuts"), payment(20, "cola", "cola")],
            "1 × Nuts left plate A2 at 03:00 UTC; 2 × Cola, which did not leave, were paid (P1): "
            "the difference for 1 × Nuts, 5.00 CNY, is missing; 99 % sure.",
        ),
        (
            [change(0, "A2", -55.0)],
            "Something of 55.0 g left plate A2 at 03:00 UTC: "
            "the 55.0 g fit no product, so no value is set.",
        ),
        (
            [change(0, "B1", -346.4)],
            "Something of 346.4 g (perhaps 1 × Cola or 1 × Zero) left plate B1 at 03:00 UTC: "
            "which product the 346.4 g were is not certain, so no value is set.",
        ),
        (
            [take(0, "A1", "cola"), change(2, "A2", -55.0)],
            "1 × Cola and something of 55.0 g left plates A1 and A2 at 03:00 UTC; no payment has "
            "come: 1 × Cola, 3.50 CNY, is missing; the 55.0 g fit no product, so no value is set; "
            "99 % sure.",
        ),
        (
            [ChangeFact(START, UNSEEN)],
            "1 × Nuts left plate A2 while nobody was watching, between 01:00 and 03:00 UTC; no "
            "payment has come: 12.00 CNY is missing; 99 % sure.",
        ),
    ],
)
def test_a_case_says_what_was_taken_paid_and_missing(facts: list[Fact], sentence: str) -> None:
    assert sentences(*facts)[-1] == sentence


def test_goods_refunded_as_returned_that_did_not_come_back_are_said_so() -> None:
    late = told_at(payment(20, "nuts", revision=4, refunds=[RETURNED]), AN_HOUR)
    (said,) = sentences(take(0, "A2", "nuts"), payment(20, "nuts"), late, until=5000)
    assert "1 × Nuts was paid (P1)" in said
    assert "was refunded as returned (P1) and has not come back so far" in said


def test_several_payments_and_kinds_are_one_sentence() -> None:
    (said,) = sentences(
        take(0, "A2", "nuts"),
        take(2, "A1", "cola", 3),
        take(5, "A3", "gum", 2),
        change(7, "B1", -346.4),
        payment(20, "cola", "zero"),
        payment(40, "gum", name="P2"),
        payment(50, "nuts", state="closed", name="P3"),
    )
    assert said.count(".") == said.count("21.00") + 1
    for part in (
        "1 × Cola and 1 × Zero were paid (P1) and 1 × Gum (P2)",
        "payment P3 was begun and ended without money",
        "1 × Nuts, 2 × Cola and 1 × Gum, 21.00 CNY, are missing",
    ):
        assert part in said


def test_something_else_in_the_place_of_goods_is_said_so() -> None:
    scene = Scene(take(0, "A2", "nuts"), take(3, "A1", "cola"), until=400)
    state, rules = scene.ledger.state, rules_of(settings())
    shop = reckon(state, rules, Memo())
    (account,) = shop.accounts.values()
    finding = find_missing(state, shop, rules)
    lines = loss_lines(finding[account.visit.visit_id].missing, state)
    swapped = [replace(line, kind="swapped") if line.sku == "nuts" else line for line in lines]
    said = explain(swapped, account, finding[account.visit.visit_id], state, rules, "open")
    assert "1 × Nuts, 12.00 CNY, is missing, and something else of about the same weight" in said


def test_a_provisional_case_says_what_is_waited_for() -> None:
    taken = take(0, "A2", "nuts")
    (said,) = sentences(
        taken, payment(15, "nuts", state="pending", revision=2), stage="provisional"
    )
    assert said.endswith("provisional, waiting for payment P1 to end.")
    (said,) = sentences(LinkFact(START - 100, False), taken, stage="provisional")
    assert "waiting for news of payments from the cloud, which was out of reach" in said
    (said,) = sentences(ClockFact(START - 100, False), taken, stage="provisional")
    assert said.endswith("waiting for the shelf's clock to be set.")


def test_the_sentence_does_not_depend_on_when_it_is_asked() -> None:
    facts: list[Fact] = [take(0, "A2", "nuts"), take(2, "A1", "cola"), payment(20, "cola")]
    assert sentences(*facts, until=300) == sentences(*facts, until=50_000)


def test_a_settled_case_says_how_it_was() -> None:
    taken = take(0, "A2", "nuts")
    assert settled(taken, payment(5000, "nuts")) == (
        "1 × Nuts from plate A2 has been paid at 04:23 UTC (P1, 1 h 23 min after the visit): "
        "nothing is missing any more."
    )
    assert "of which the shelf heard later" in settled(taken, told_at(payment(50, "nuts"), 5000))
    assert settled(taken, put(4000, "A2", "nuts")) == (
        "1 × Nuts from plate A2 came back to plate A2 at 04:06 UTC: nothing is missing any more."
    )


def test_a_withdrawn_change_is_said_not_to_have_left() -> None:
    early = take(0, "A2", "nuts")
    gone = replace(early.change, revision=2, delta_g=0.0, withdrawn=True)
    assert "turned out not to have left" in settled(early, ChangeFact(START + 500, gone))


def test_a_person_s_word_is_added_once_and_can_change() -> None:
    confirmed = with_verdict("1 × Nuts left.", "confirmed")
    assert confirmed == "1 × Nuts left. Somebody has looked at it and confirmed it."
    dismissed = with_verdict(with_verdict(confirmed, "confirmed"), "dismissed")
    assert dismissed == (
        "1 × Nuts left. Somebody has looked at it and found that nothing is missing."
    )


def test_a_restock_that_came_short_is_said_with_its_number() -> None:
    lines = (RestockLine("nuts", 3, "A2"), RestockLine("gum", 1, None))
    order = RestockFact(START, "R7", 1, "finished", START, "Li", lines)
    scene = Scene(until=10)
    restock = Restock(order, START, START + 600)
    found: list[LossLine] = shortfall(scene.ledger.state, restock, [], Counter())
    said = explain_restock(found, restock, scene.ledger.state, rules_of(settings()))
    assert said == (
        "1 × Gum and 3 × Nuts were ordered with restock R7 and had not reached any plate by "
        "03:10 UTC: 38.00 CNY is missing; 95 % sure."
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(40, "40 s"), (90, "90 s"), (720, "12 min"), (11_100, "3 h 05 min"), (187_200, "2 days 4 h")],
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert phrases.duration(seconds) == said


def test_money_below_zero_keeps_its_cents() -> None:
    assert phrases.money(-350, "CNY") == "-3.50 CNY"
    assert phrases.money(-5, "CNY") == "-0.05 CNY"
    assert phrases.money(350, "JPY") == "350 JPY"


def test_a_long_list_is_counted_from_the_fifth_on() -> None:
    assert phrases.enumerated(list("abcdefg")) == "a, b, c, d and 3 more"
    assert phrases.enumerated(list("abcde")) == "a, b, c, d and e"
