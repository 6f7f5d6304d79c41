"""What is forgotten, renamed or told late takes no verdict back and makes none worse."""

from __future__ import annotations

from edge_agent.shelf.catalogue import Product
from edge_agent.shelf.facts import CatalogueFact, PriceFact, RestockFact, RestockLine, VerdictFact
from tests.shelf.scene import START, Scene, payment, put, take, told_at

DAY = 86400.0


def restock(at: float, state: str, revision: int, *, quantity: int = 10) -> RestockFact:
    """An order for cola on A1."""
    lines = (RestockLine("cola", quantity, "A1"),)
    return RestockFact(START + at, "R1", revision, state, START + at, "op", lines)  # type: ignore[arg-type]


def test_a_restockers_last_change_is_forgotten_with_his_restock() -> None:
    scene = Scene(
        restock(50, "started", 1, quantity=-1),
        take(100.5, "A1", "cola"),
        restock(100, "finished", 2, quantity=-1),
        until=2 * DAY + 900,
    )
    later = START + 2 * DAY + 1000
    scene.tell(PriceFact(later, "cola", 300, START + 50), until=8 * DAY)
    assert scene.open_lines() == []


def test_a_payment_for_a_visit_and_a_sale_in_a_restock_is_kept_for_both() -> None:
    scene = Scene(
        take(100, "A1", "cola"),
        restock(150, "started", 1),
        put(200, "A1", "cola", 10),
        take(400, "A1", "cola"),
        payment(460, "cola", "cola", opened=60),
        restock(7200, "finished", 2),
    )
    assert scene.open_lines() == []


def test_a_dismissed_loss_stays_so_when_its_visit_turns_out_to_have_begun_before() -> None:
    scene = Scene(take(120, "A2", "nuts"), until=3600)
    (case_id,) = scene.cases()
    scene.tell(VerdictFact(START + 3700, case_id, "dismissed"), until=3800)
    late = take(100, "A1", "cola")
    scene.ledger.take(late)
    scene.tell(until=8 * DAY)
    assert scene.open_lines() == [("unpaid", "cola", 1, 350)]


def test_an_ambiguous_case_grows_no_surer_when_its_rival_is_forgotten() -> None:
    scene = Scene(take(10, "A1", "cola"), take(200, "A1", "cola"), payment(215, "cola", opened=100))
    sure = [case["confidence"] for case in scene.of("losses") if case["lines"]]
    # Only before the payment came did it look sure.
    assert sure[-1] < 0.95


def test_goods_sold_only_later_do_not_judge_an_older_payment() -> None:
    sold = [Product("nutsXL", "Nuts XL", 90.0, 2.0, 100), Product("nuts", "Nuts", 80.0, 2.0, 1200)]
    scene = Scene(
        take(10, "A2", "nuts"),
        payment(30, "nutsXL"),
        CatalogueFact(START + 40_000, 5, tuple(sold), {"A2": ("nuts",)}),
    )
    assert scene.open_lines() == []


def test_a_restock_finished_after_it_was_cancelled_is_short_again() -> None:
    scene = Scene(
        restock(0, "started", 1),
        put(30, "A1", "cola", 8),
        restock(60, "finished", 2),
        restock(600, "cancelled", 3),
        restock(900, "finished", 4),
        until=3600,
    )
    assert scene.open_lines() == [("restock_shortfall", "cola", 2, 700)]


def test_spare_money_goes_to_the_same_visit_however_late_other_news_is() -> None:
    ends = []
    for heard_at in (330.0, 11_000.0):
        scene = Scene(
            take(100, "A2", "nuts"),
            payment(130, "nuts", name="P1"),
            take(300, "A3", "gum"),
            payment(200, "cola", name="P9", opened=190),
            told_at(payment(330, "gum", name="P3"), heard_at),
        )
        ends.append({v: told["paid_not_taken"] for v, told in scene.visits().items()})
    assert ends[0] == ends[1]
