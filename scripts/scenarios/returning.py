"""Goods and other things that come back, and money that goes back."""

from __future__ import annotations

from scripts.scenarios.endings import ANY, closed, honest, line, opened, visit
from scripts.scenarios.story import HOUR, PRICES, Story, scenario

NUTS, COLA = PRICES["nuts"], PRICES["cola"]


@scenario("Put back before paying.")
def put_back(story: Story) -> None:
    story.take(60, "nuts")
    story.put(70, "nuts")
    story.ends(visit())


@scenario("Put back after paying, in the same visit: a refund is due.")
def put_back_after_paying(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(68, "nuts")
    story.put(74, "nuts")
    story.ends(visit(not_taken={"P1": {"nuts": 1}}))


@scenario("Put back an hour after paying: a refund is due.")
def put_back_an_hour_after_paying(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts")
    story.put(HOUR, "nuts")
    story.ends(visit(not_taken={"P1": {"nuts": 1}}), visit())


@scenario("Not paid, and put back after an hour: the case is closed as returned.")
def put_back_late(story: Story) -> None:
    story.take(60, "nuts")
    story.put(HOUR, "nuts")
    case = closed("returned", line("unpaid", "nuts", 1, NUTS), history=["open", "closed"])
    story.ends(visit(case=case), visit())


@scenario("Put back among the cola: a muddle, but no loss.")
def put_back_in_the_wrong_place(story: Story) -> None:
    story.take(60, "nuts")
    story.put(70, "nuts", plate="A1")
    story.ends(visit())


@scenario("Paid tea is exchanged for the other flavour of the same weight and price.")
def exchanged_for_another_flavour(story: Story) -> None:
    story.take(60, "lemon")
    story.pay(70, "lemon")
    story.put(78, "lemon")
    story.take(84, "orange")
    story.ends(visit(taken={"orange": 1}))


@scenario("Tea is put in the other flavour's place, and that one taken and paid.")
def exchanged_in_the_others_place(story: Story) -> None:
    story.take(60, "lemon")
    story.put(68, "lemon", plate="B2")
    story.take(75, "orange")
    story.pay(88, "orange")
    story.ends(visit(taken=ANY))


@scenario("Sweets are exchanged for those of one weight on the same plate, and paid.")
def exchanged_on_one_plate(story: Story) -> None:
    story.take(60, "mint")
    story.put(66, "mint")
    story.take(72, "plum")
    story.pay(86, "plum")
    story.ends(visit(taken={"plum": 1}))


@scenario("Nuts are eaten at the shelf and the empty packet is put back.")
def empty_packet_put_back(story: Story) -> None:
    story.take(60, "nuts")
    story.thing(75, "A2", 5.0)
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("A purse is put where the nuts were taken from.")
def foreign_thing_put_back(story: Story) -> None:
    story.take(60, "nuts")
    story.thing(70, "A2", 131.0)
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("A mug is left on a plate and fetched by the next visit.")
def mug_left_and_fetched(story: Story) -> None:
    story.thing(60, "A2", 411.0)
    story.thing(160, "A2", -411.0)
    story.ends(visit(), visit())


@scenario("Refunded in full as returned, with the goods back on the shelf.")
def refunded_and_returned(story: Story) -> None:
    story.take(60, "nuts")
    order = story.pay(75, "nuts")
    story.put(1700, "nuts")
    order.refund(1800, {"nuts": 1}, "returned")
    story.ends(visit(), visit())


@scenario("Goods are returned and refunded while somebody else's of the kind are unpaid.")
def returned_while_another_owes(story: Story) -> None:
    story.take(60, "nuts")
    story.take(900, "nuts")
    order = story.pay(915, "nuts")
    story.put(1700, "nuts")
    order.refund(1800, {"nuts": 1}, "returned")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case), visit(), visit())


@scenario("Refunded in full as returned, and the goods do not come back.")
def refunded_and_not_returned(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts").refund(1800, {"nuts": 1}, "returned")
    case = opened(line("refunded", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, case=case))


@scenario("Refunded as returned; the goods come back an hour later.")
def refunded_and_returned_late(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts").refund(1800, {"nuts": 1}, "returned")
    story.put(1800 + HOUR, "nuts")
    case = closed("returned", line("refunded", "nuts", 1, NUTS), history=["open", "closed"])
    story.ends(visit(case=case), visit())


@scenario("Refunded in part as returned, with those goods back.")
def refunded_in_part_and_returned(story: Story) -> None:
    story.take(60, "nuts")
    story.take(65, "cola")
    order = story.pay(78, "nuts", "cola")
    story.put(1700, "cola")
    order.refund(1800, {"cola": 1}, "returned")
    story.ends(honest({"nuts": 1}), visit())


@scenario("Refunded in part as returned, and those goods do not come back.")
def refunded_in_part_and_not_returned(story: Story) -> None:
    story.take(60, "nuts")
    story.take(65, "cola")
    story.pay(78, "nuts", "cola").refund(1800, {"cola": 1}, "returned")
    case = opened(line("refunded", "cola", 1, COLA))
    story.ends(visit("short", taken={"nuts": 1, "cola": 1}, case=case))


@scenario("Refunded because the goods were bad: they need not come back.")
def refunded_for_quality(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts").refund(1800, {"nuts": 1}, "quality")
    story.ends(visit(taken={"nuts": 1}))


@scenario("Refunded out of goodwill: the goods need not come back.")
def refunded_out_of_goodwill(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts").refund(1800, {"nuts": 1}, "goodwill")
    story.ends(visit(taken={"nuts": 1}))
