"""Ways to pay: before, during and after, in parts, by others, late, with coupons and gifts."""

from __future__ import annotations

from scripts.scenarios.endings import closed, honest, line, opened, visit
from scripts.scenarios.orders import cart
from scripts.scenarios.story import DAY, HOUR, PRICES, Story, scenario

NUTS, COLA = PRICES["nuts"], PRICES["cola"]


@scenario("Paid a minute before the goods are taken.")
def paid_before(story: Story) -> None:
    story.pay(20, "nuts")
    story.take(80, "nuts")
    story.ends(honest({"nuts": 1}))


@scenario("Paid with one thing in the hand and the next still on the shelf.")
def paid_during(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(68, "nuts", "cola")
    story.take(76, "cola")
    story.ends(honest({"nuts": 1, "cola": 1}))


@scenario("Paid with the goods in the hand: what nearly everybody does.")
def paid_after(story: Story) -> None:
    story.take(60, "nuts")
    story.take(66, "cola", 2)
    story.pay(80, "nuts", "cola", "cola")
    story.ends(honest({"nuts": 1, "cola": 2}))


@scenario("One visit paid in two payments.")
def paid_in_two_payments(story: Story) -> None:
    story.take(60, "nuts")
    story.take(65, "cola")
    story.pay(78, "nuts", name="P1")
    story.pay(110, "cola", name="P2")
    paid = {"P1": {"nuts": 1}, "P2": {"cola": 1}}
    story.ends(visit(taken={"nuts": 1, "cola": 1}, paid=paid))


@scenario("Taken in two visits, paid in one payment.")
def paid_once_for_two_visits(story: Story) -> None:
    story.take(60, "nuts")
    story.take(150, "cola")
    story.pay(165, "nuts", "cola")
    story.ends(honest({"nuts": 1}), honest({"cola": 1}))


@scenario("A colleague who takes something of his own pays for both.")
def paid_by_a_second_person(story: Story) -> None:
    story.take(60, "nuts")
    story.take(110, "cola")
    story.pay(122, "cola", "nuts")
    story.ends(honest({"nuts": 1}), honest({"cola": 1}))


@scenario("A colleague who takes nothing pays two minutes later.")
def paid_by_a_colleague_who_takes_nothing(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(165, "nuts")
    story.ends(honest({"nuts": 1}))


@scenario("Paid two hours late: the case opens and is closed as paid.")
def paid_late(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(60 + 2 * HOUR, "nuts")
    case = closed("paid", line("unpaid", "nuts", 1, NUTS), history=["open", "closed"])
    story.ends(visit(taken={"nuts": 1}, paid={"P1": {"nuts": 1}}, case=case))


@scenario("Paid a day and an hour late: beyond the limit, the case stays open.")
def paid_too_late(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(60 + DAY + HOUR, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("The wallet is asked for an hour, then pays: provisional, then closed as paid.")
def pending_then_paid(story: Story) -> None:
    story.take(60, "nuts")
    order = story.order("P1", "nuts").tell("opened", 68).tell("pending", 75)
    order.tell("paid", 75 + HOUR)
    case = closed("paid", line("feigned", "nuts", 1, NUTS), history=["provisional", "closed"])
    story.ends(visit(taken={"nuts": 1}, paid={"P1": {"nuts": 1}}, case=case))


@scenario("The wallet is asked for an hour, then says no: provisional, then open.")
def pending_then_not_paid(story: Story) -> None:
    story.take(60, "nuts")
    order = story.order("P1", "nuts").tell("opened", 68).tell("pending", 75)
    order.tell("closed", 75 + HOUR)
    case = opened(line("feigned", "nuts", 1, NUTS)) | {"history": ["provisional", "open"]}
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("The order is cancelled and a new one paid.")
def cancelled_and_paid_anew(story: Story) -> None:
    story.take(60, "nuts")
    story.order("P1", "nuts").tell("opened", 68).tell("pending", 72).tell("closed", 90)
    story.pay(120, "nuts", name="P2")
    story.ends(honest({"nuts": 1}, "P2"))


@scenario("The order is cancelled and the same one paid after all.")
def cancelled_and_paid_after_all(story: Story) -> None:
    story.take(60, "nuts")
    order = story.order("P1", "nuts").tell("opened", 68).tell("pending", 72).tell("closed", 90)
    order.tell("paid", 130)
    story.ends(honest({"nuts": 1}))


@scenario("A coupon takes two yuan off.")
def coupon(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts", discount=200)
    story.ends(honest({"nuts": 1}))


@scenario("A red packet pays for nearly all of it.")
def red_packet(story: Story) -> None:
    story.take(60, "nuts")
    story.take(64, "cola")
    story.pay(78, "nuts", "cola", discount=NUTS + COLA - 1)
    story.ends(honest({"nuts": 1, "cola": 1}))


@scenario("Buy two, get a third as a gift: a line of its own that costs nothing.")
def gift_line(story: Story) -> None:
    story.take(60, "cola", 2)
    story.take(64, "gum")
    (gift,) = cart({"gum": 1}, {"gum": 0})
    lines = [*cart({"cola": 2}), gift | {"gift": True}]
    story.pay(78, lines=lines)
    story.ends(honest({"cola": 2, "gum": 1}))


@scenario("An order discounted to nothing is paid with 0.")
def order_of_nothing(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts", discount=NUTS)
    story.ends(honest({"nuts": 1}))


@scenario("Taken ten seconds before midnight, paid ten seconds after.", 1_772_467_140.0)
def taken_at_23_59(story: Story) -> None:
    story.take(50, "nuts")
    story.pay(70, "nuts")
    story.ends(honest({"nuts": 1}))


@scenario("Taken one by one in six visits over an hour, paid all at once at the end.")
def one_by_one_paid_at_the_end(story: Story) -> None:
    for place in range(6):
        story.take(60 + 600 * place, "nuts")
    story.pay(3075, lines=cart({"nuts": 6}))
    late = closed("paid", line("unpaid", "nuts", 1, NUTS))
    paid = {"P1": {"nuts": 1}}
    visits = [visit(taken={"nuts": 1}, paid=paid, case=late) for _ in range(5)]
    story.ends(*visits, visit(taken={"nuts": 1}, paid=paid))
