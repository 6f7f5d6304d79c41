"""Who took, who paid, what is missing: the decisions, told through the ledger."""

from __future__ import annotations

from edge_agent.shelf.facts import ChangeFact, ClockFact, EvidenceFact, LinkFact, VerdictFact
from edge_agent.shelf.payments import Refund, RefundLine
from edge_agent.weighing.change import WeightChange
from tests.shelf.scene import START, Scene, change, payment, put, take, told_at


def test_a_paid_visit_settles_without_a_case() -> None:
    scene = Scene(take(0, "A1", "cola"), payment(20, "cola"))
    (visit,) = scene.visits().values()
    assert visit["state"] == "settled"
    assert visit["paid"] == [{"payment_id": "P1", "sku": "cola", "quantity": 1}]
    assert scene.of("losses") == []


def test_paying_before_taking_counts() -> None:
    scene = Scene(payment(-250, "nuts"), take(0, "A2", "nuts"))
    assert scene.of("losses") == []


def test_a_payment_too_long_before_does_not_count() -> None:
    scene = Scene(payment(-400, "nuts"), take(0, "A2", "nuts"))
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]


def test_goods_nobody_pays_for_open_one_case_after_the_grace() -> None:
    scene = Scene(take(0, "A2", "nuts"))
    (case,) = scene.of("losses")
    assert (case["state"], case["value"], case["visit_id"][0]) == ("open", 1200, "V")
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]
    assert "Nuts" in case["explanation"]


def test_the_cloud_is_asked_before_a_case_opens() -> None:
    scene = Scene(take(0, "A2", "nuts"))
    topics = [o.topic for o in scene.outputs]
    assert topics.index("payment-queries") < topics.index("losses")


def test_a_late_payment_closes_the_case() -> None:
    scene = Scene(take(0, "A2", "nuts"), payment(5000, "nuts"))
    (case,) = scene.cases().values()
    assert (case["state"], case["resolution"], case["revision"]) == ("closed", "paid", 2)


def test_late_money_begun_when_dearer_goods_left_accuses_neither_of_the_whole() -> None:
    scene = Scene(take(0, "A3", "gum"), take(5000, "A2", "nuts"), payment(5018, "gum", opened=5010))
    first, second = sorted(scene.cases().values(), key=lambda case: case["started_at"])
    assert (first["state"], first["resolution"]) == ("closed", "paid")
    assert scene.open_lines() == [("substituted", "nuts", 1, 1000)]
    assert "1 × Gum, which had left in another visit, was paid (P1)" in second["explanation"]


def test_late_money_begun_when_nobody_stood_there_is_that_of_who_took_such_goods() -> None:
    scene = Scene(take(0, "A3", "gum"), take(5000, "A2", "nuts"), payment(5150, "gum", opened=5140))
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]


def test_late_money_for_dearer_goods_is_not_set_against_cheaper_ones() -> None:
    scene = Scene(
        take(0, "A2", "nuts"), take(5000, "A3", "gum"), payment(5018, "nuts", opened=5010)
    )
    assert scene.open_lines() == [("unpaid", "gum", 1, 200)]


def test_a_payment_later_than_allowed_does_not_close_it() -> None:
    scene = Scene(take(0, "A2", "nuts"), payment(86400 + 60, "nuts"))
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]


def test_a_payment_made_in_time_and_told_a_day_late_closes_it() -> None:
    scene = Scene(take(0, "A2", "nuts"), told_at(payment(60, "nuts"), 86400))
    (case,) = scene.cases().values()
    assert case["resolution"] == "paid"


def test_a_payment_opened_and_closed_without_money_is_feigned() -> None:
    scene = Scene(
        take(0, "A2", "nuts"),
        payment(15, "nuts", state="opened", revision=1),
        payment(100, "nuts", state="closed", revision=2, opened=15),
    )
    assert scene.open_lines() == [("feigned", "nuts", 1, 1200)]


def test_an_opened_payment_without_a_cart_is_feigned_too() -> None:
    scene = Scene(take(0, "A2", "nuts"), payment(15, state="opened", revision=1))
    assert scene.open_lines() == [("feigned", "nuts", 1, 1200)]


def test_a_pending_payment_makes_the_case_provisional_until_it_is_paid() -> None:
    scene = Scene(
        take(0, "A2", "nuts"),
        payment(15, "nuts", state="pending", revision=2),
        payment(3600, "nuts", revision=3, opened=15),
    )
    assert [c["state"] for c in scene.of("losses")] == ["provisional", "closed"]


def test_an_older_revision_that_comes_last_changes_nothing() -> None:
    scene = Scene(
        take(0, "A2", "nuts"),
        payment(20, "nuts", revision=3),
        payment(900, "nuts", state="closed", revision=2, opened=10),
    )
    assert scene.of("losses") == []


def test_what_is_not_on_the_payment_is_underpaid() -> None:
    scene = Scene(take(0, "A2", "nuts"), take(4, "A1", "cola"), payment(20, "cola"))
    assert scene.open_lines() == [("underpaid", "nuts", 1, 1200)]


def test_a_cheap_product_paid_for_a_dear_one_is_substituted() -> None:
    scene = Scene(take(0, "A2", "nuts"), payment(20, "cola"))
    (case,) = scene.cases().values()
    assert scene.open_lines() == [("substituted", "nuts", 1, 850)]
    assert case["lines"][0]["paid_as"] == "cola"
    assert case["payments"] == ["P1"]


def test_a_dearer_product_paid_by_mistake_is_no_loss() -> None:
    assert Scene(take(0, "A1", "cola"), payment(20, "nuts")).of("losses") == []


def test_several_cheap_units_paid_for_a_dear_one_lower_the_loss() -> None:
    scene = Scene(take(0, "A2", "nuts"), payment(20, "cola", "cola"))
    assert scene.open_lines() == [("substituted", "nuts", 1, 500)]


def test_putting_back_before_paying_is_no_loss() -> None:
    scene = Scene(take(0, "A2", "nuts"), put(9, "A2", "nuts"))
    (visit,) = scene.visits().values()
    assert (visit["state"], visit["taken"]) == ("settled", [])


def test_putting_back_later_closes_the_case_as_returned() -> None:
    scene = Scene(take(0, "A2", "nuts"), put(4000, "A2", "nuts"))
    (case,) = scene.cases().values()
    assert (case["state"], case["resolution"]) == ("closed", "returned")


def test_putting_back_in_the_wrong_place_counts() -> None:
    scene = Scene(take(0, "A2", "nuts"), put(9, "A1", "nuts"))
    assert scene.of("losses") == []


def test_goods_paid_and_put_back_are_told_as_paid_not_taken() -> None:
    scene = Scene(take(0, "A2", "nuts"), payment(10, "nuts"), put(15, "A2", "nuts"))
    (visit,) = scene.visits().values()
    assert visit["paid_not_taken"] == [{"payment_id": "P1", "sku": "nuts", "quantity": 1}]


def test_two_payments_for_one_visit_count_together() -> None:
    scene = Scene(
        take(0, "A2", "nuts"),
        take(3, "A1", "cola"),
        payment(20, "nuts"),
        payment(50, "cola", name="P2"),
    )
    assert scene.of("losses") == []


def test_each_of_two_customers_pays_for_his_own_though_one_is_late() -> None:
    scene = Scene(
        take(0, "A1", "cola"),
        take(600, "A1", "cola"),
        payment(615, "cola", name="P2"),
        payment(5000, "cola", name="P1"),
    )
    assert [v["state"] for v in scene.visits().values()] == ["settled", "settled"]
    assert {c["resolution"] for c in scene.cases().values()} == {"paid"}


def test_an_honest_visit_is_not_flagged_for_a_thief_before_it() -> None:
    scene = Scene(take(0, "A1", "cola"), take(300, "A1", "cola"), payment(315, "cola"))
    (case,) = scene.cases().values()
    assert case["visit_id"] == f"V{round((START - 0.8) * 1000)}"


def test_a_refund_as_returned_without_the_goods_is_a_loss() -> None:
    refund = Refund("R1", START + 3600, 1200, "returned", (RefundLine("nuts", 1),))
    scene = Scene(
        take(0, "A2", "nuts"),
        payment(20, "nuts"),
        told_at(payment(20, "nuts", revision=4, refunds=[refund]), 3600),
    )
    assert scene.open_lines() == [("refunded", "nuts", 1, 1200)]


def test_a_refund_as_returned_with_the_goods_back_is_none() -> None:
    refund = Refund("R1", START + 3600, 1200, "returned", (RefundLine("nuts", 1),))
    scene = Scene(
        take(0, "A2", "nuts"),
        payment(20, "nuts"),
        put(3500, "A2", "nuts"),
        told_at(payment(20, "nuts", state="refunded", revision=4, refunds=[refund]), 3600),
    )
    assert scene.open_lines() == []


def test_a_goodwill_refund_is_no_loss() -> None:
    refund = Refund("R1", START + 3600, 1200, "goodwill", ())
    scene = Scene(
        take(0, "A2", "nuts"),
        told_at(payment(20, "nuts", state="refunded", revision=4, refunds=[refund]), 3600),
    )
    assert scene.open_lines() == []


def test_what_fits_no_product_is_unidentified_with_its_weight() -> None:
    scene = Scene(change(0, "A2", -55.0))
    (case,) = scene.cases().values()
    assert scene.open_lines() == [("unidentified", None, 1, 0)]
    assert "55.0 g" in case["explanation"]


def test_a_bag_put_down_and_lifted_again_is_no_loss() -> None:
    assert Scene(change(0, "A2", 555.0), change(10, "A2", -555.5)).of("losses") == []


def test_a_plate_taken_out_and_put_back_is_no_loss() -> None:
    assert Scene(change(0, "A2", -523.0), change(15, "A2", 523.4)).of("losses") == []


def test_two_products_of_one_weight_abstain_and_the_payment_decides() -> None:
    scene = Scene(change(0, "B1", -346.4), payment(20, "zero"))
    (told,) = scene.of("changes")
    assert told["kind"] == "unidentified"
    assert {a["items"][0]["sku"] for a in told["alternatives"]} == {"cola", "zero"}
    (visit,) = scene.visits().values()
    assert visit["taken"] == [{"sku": "zero", "quantity": 1}]
    assert scene.of("losses") == []


def test_a_withdrawn_change_takes_its_visit_with_it() -> None:
    early = take(0, "A2", "nuts")
    withdrawn = ChangeFact(
        START + 3,
        WeightChange(early.change.change_id, 2, "A2", START - 0.8, START + 3, 0, 1, 1000.0, True),
    )
    scene = Scene(early, withdrawn)
    assert [c["kind"] for c in scene.of("changes")] == ["removed", "withdrawn"]
    assert scene.of("losses") == []
    assert scene.of("visits") == []


def test_goods_that_left_unobserved_are_a_case_without_a_visit() -> None:
    found = WeightChange("A2-1", 1, "A2", START - 7200, START, -80.0, 0.2, 920.0, unobserved=True)
    scene = Scene(ChangeFact(START, found))
    (case,) = scene.cases().values()
    assert case["visit_id"] is None
    assert scene.open_lines() == [("unobserved", "nuts", 1, 1200)]
    assert scene.of("visits") == []


def test_goods_that_left_unobserved_and_were_paid_meanwhile_are_no_case() -> None:
    found = WeightChange("A2-1", 1, "A2", START - 7200, START, -80.0, 0.2, 920.0, unobserved=True)
    scene = Scene(ChangeFact(START, found), told_at(payment(-3600, "nuts"), 30))
    assert scene.of("losses") == []


def test_without_the_cloud_a_case_is_provisional_and_opens_when_it_is_back() -> None:
    scene = Scene(
        LinkFact(START - 100, False),
        take(0, "A2", "nuts"),
        LinkFact(START + 4000, True),
    )
    assert [c["state"] for c in scene.of("losses")] == ["provisional", "open"]
    assert any(q["reason"] == "reconnected" for q in scene.of("payment-queries"))


def test_a_payment_that_waited_for_the_cloud_leaves_no_open_case() -> None:
    scene = Scene(
        LinkFact(START - 100, False),
        take(0, "A2", "nuts"),
        LinkFact(START + 4000, True),
        told_at(payment(20, "nuts"), 4002),
    )
    assert [c["state"] for c in scene.of("losses")] == ["provisional", "closed"]


def test_a_clock_that_is_not_trusted_makes_a_case_provisional() -> None:
    scene = Scene(
        ClockFact(START - 100, False), take(0, "A2", "nuts"), ClockFact(START + 900, True)
    )
    assert [c["state"] for c in scene.of("losses")] == ["provisional", "open"]


def test_a_dismissed_case_stays_closed() -> None:
    scene = Scene(take(0, "A2", "nuts"), until=1000)
    (case_id,) = scene.cases()
    scene.tell(VerdictFact(START + 1001, case_id, "dismissed"), payment(2000, "cola"))
    assert scene.cases()[case_id]["resolution"] == "dismissed"


def test_a_case_names_the_pictures_of_its_changes() -> None:
    taken = take(0, "A2", "nuts")
    scene = Scene(taken, EvidenceFact(START + 2, taken.change.change_id, ("E1", "E2")))
    (case,) = scene.cases().values()
    assert case["evidence"] == ["E1", "E2"]


def test_a_restarted_agent_finds_the_same_state() -> None:
    scene = Scene(take(0, "A2", "nuts"), take(30, "A1", "cola"), payment(40, "cola"), until=1000)
    assert scene.recalled() == scene.ledger.state


def test_a_late_payer_is_not_flagged_because_somebody_else_is_short_just_then() -> None:
    scene = Scene(take(0, "A1", "cola"), take(7200, "A2", "nuts"), payment(7205, "cola", name="P1"))
    assert scene.open_lines() == [("unpaid", "nuts", 1, 1200)]
    assert scene.visits()[f"V{round((START - 0.8) * 1000)}"]["state"] == "settled"


def test_a_payment_for_goods_at_hand_and_another_product_substitutes_it() -> None:
    scene = Scene(
        take(0, "A1", "cola"),
        take(7200, "A2", "nuts"),
        take(7203, "A3", "gum"),
        payment(7215, "cola", "gum", name="P1"),
    )
    assert scene.open_lines() == [("substituted", "nuts", 1, 850), ("unpaid", "cola", 1, 350)]


def states(scene: Scene) -> list[str]:
    """How each visit stands at the end, in their order."""
    return [visit["state"] for visit in scene.visits().values()]


def test_a_late_payment_of_exactly_a_visits_goods_is_that_visits() -> None:
    scene = Scene(
        take(0, "A1", "cola"),
        take(3, "A2", "nuts"),
        take(280, "A2", "nuts"),
        payment(300, "cola", "nuts"),
    )
    assert states(scene) == ["settled", "short"]


def test_a_cart_that_equals_an_older_visit_only_by_chance_takes_nothing_from_it() -> None:
    scene = Scene(
        take(0, "A1", "cola"),
        take(3, "A2", "nuts"),
        payment(40, "cola", "cola", "nuts", name="P1"),
        take(600, "A2", "nuts"),
        take(1240, "A1", "cola"),
        payment(1290, "cola", "nuts", name="P2"),
    )
    assert states(scene) == ["settled"] * 3


def test_a_case_is_provisional_again_while_a_payment_is_under_way() -> None:
    scene = Scene(payment(-20, state="opened", revision=1), take(0, "A2", "nuts"), until=300)
    assert [case["state"] for case in scene.cases().values()] == ["open"]
    scene.tell(payment(400, "nuts", state="pending", revision=2, opened=-20), until=500)
    assert [case["state"] for case in scene.cases().values()] == ["provisional"]
    scene.tell(payment(900, "nuts", state="closed", opened=-20), until=1000)
    assert [case["state"] for case in scene.cases().values()] == ["open"]
    assert scene.open_lines() == [("feigned", "nuts", 1, 1200)]


def test_one_payment_for_two_visits_settles_both_and_stays_so() -> None:
    scene = Scene(take(0, "A1", "cola"), take(600, "A2", "nuts"), payment(630, "cola", "nuts"))
    assert states(scene) == ["settled", "settled"]
    assert all(v["paid_not_taken"] == [] for v in scene.visits().values())


def test_four_colas_over_an_hour_paid_at_the_end_are_no_loss() -> None:
    cans = [take(at, "A1", "cola") for at in (0, 1200, 2400, 3600)]
    assert Scene(*cans, payment(3630, *["cola"] * 4)).open_lines() == []


def test_what_is_forgotten_does_not_change_what_was_found() -> None:
    scene = Scene(
        take(0, "A2", "nuts"),
        take(120, "A1", "cola"),
        take(122, "A3", "gum"),
        payment(150, "cola", "nuts"),
    )
    assert scene.open_lines() == [("underpaid", "gum", 1, 200)]
    assert scene.ledger.state.visits == {}


def test_a_late_payment_settles_what_the_weight_left_open() -> None:
    assert Scene(change(0, "B1", -346.4), payment(300, "zero")).open_lines() == []


def test_a_cart_says_what_left_unnamed_with_its_other_goods_rather_than_pay_for_a_strangers() -> (
    None
):
    # From B1 either of two flavours has gone; somebody else has just walked off with one of them.
    scene = Scene(
        take(0, "A1", "cola"),
        take(100, "A2", "nuts"),
        change(103, "B1", -344.0),
        payment(120, "nuts", "cola"),
    )
    assert scene.open_lines() == [("unpaid", "cola", 1, 350)]
    assert [len(v["paid"]) for v in scene.visits().values() if v["state"] == "settled"] == [2]


def test_a_cart_opened_long_before_still_pays_for_something_else() -> None:
    scene = Scene(take(0, "A1", "cola"), payment(20, "nuts", opened=-3600))
    assert scene.of("losses") == []


def test_a_mug_left_by_one_visitor_and_fetched_by_the_next_is_no_loss() -> None:
    assert Scene(change(0, "A1", 500.0), change(200, "A1", -500.3)).open_lines() == []


def test_a_crumb_is_no_loss() -> None:
    assert Scene(change(0, "A1", -2.0)).of("losses") == []


def test_a_payment_for_goods_that_the_catalogue_does_not_know_accuses_nobody() -> None:
    assert Scene(take(0, "A1", "cola"), payment(20, "mystery")).of("losses") == []


def test_a_refund_without_a_reason_does_not_ask_for_the_goods() -> None:
    scene = Scene(
        take(0, "A2", "nuts"), told_at(payment(20, "nuts", state="refunded", revision=4), 3600)
    )
    assert scene.open_lines() == []


def test_a_clock_that_ran_ahead_takes_nobodys_grace() -> None:
    scene = Scene(LinkFact(START + 7200, True), until=0)
    scene.tell(take(0, "A2", "nuts"), payment(30, "nuts"))
    assert scene.of("losses") == []


def test_three_days_without_the_cloud_end_as_they_should() -> None:
    away = 3 * 86400.0
    scene = Scene(
        LinkFact(START - 10, False),
        take(0, "A2", "nuts"),
        take(900, "A1", "cola"),
        LinkFact(START + away, True),
        told_at(payment(20, "nuts"), away + 5),
    )
    assert states(scene) == ["settled", "short"]
    assert scene.open_lines() == [("unpaid", "cola", 1, 350)]


def test_a_confirmed_case_that_was_paid_and_revoked_is_confirmed_again() -> None:
    scene = Scene(take(0, "A2", "nuts"), until=1000)
    (case_id,) = scene.cases()
    scene.tell(
        VerdictFact(START + 1001, case_id, "confirmed"),
        payment(2000, "nuts", revision=1),
        told_at(payment(2000, "nuts", state="closed", revision=2), 3000),
    )
    assert [c["resolution"] for c in scene.of("losses")] == [None, "confirmed", "paid", "confirmed"]


def test_a_payment_at_hand_explains_an_unsure_change_before_it_covers_an_old_theft() -> None:
    scene = Scene(take(0, "A1", "cola"), change(9000, "B1", -346.5), payment(9020, "cola"))
    assert states(scene) == ["short", "settled"]
    assert scene.open_lines() == [("unpaid", "cola", 1, 350)]


def test_a_shelf_whose_clock_is_behind_finds_its_payments() -> None:
    # The cloud's clock says 20 minutes later; the news arrives when the goods have just been taken.
    paid = told_at(payment(1230, "nuts"), 30)
    assert Scene(take(0, "A2", "nuts"), paid, until=3600).open_lines() == []


def test_two_starts_with_somebody_seen_in_between_are_two_cases() -> None:
    def found(at: float, change_id: str) -> ChangeFact:
        settled_at = START + at
        weight = WeightChange(
            change_id, 1, "A2", START - 7200 + at, settled_at, -80.0, 0.2, 900.0, unobserved=True
        )
        return ChangeFact(settled_at, weight)

    facts = (found(0, "A2-1"), take(15, "A1", "cola"), found(40, "A2-2"), found(44, "A2-3"))
    scene = Scene(*facts, payment(30, "cola"))
    kinds = ("unobserved", "nuts", 1, 1200), ("unobserved", "nuts", 2, 2400)
    assert scene.open_lines() == sorted(kinds)
