"""Restocks: what comes against what was ordered, and who else is at the shelf meanwhile."""

from __future__ import annotations

from scripts.scenarios.endings import honest, line, opened, report, visit
from scripts.scenarios.story import HOUR, PRICES, Story, scenario

NUTS = PRICES["nuts"]


@scenario("An order over MQTT comes as ordered.")
def restock_as_ordered(story: Story) -> None:
    order = story.restock("L1", ("nuts", 6, "A2"), ("cola", 2, "A1")).tell("planned", 5)
    order.tell("started", 30)
    story.put(45, "nuts", 6)
    story.put(55, "cola", 2)
    order.tell("finished", 70)
    story.ends(reports=[report("L1", nuts=(6, 6), cola=(2, 2))])


@scenario("A packet of what was ordered does not arrive; the other line does.")
def restock_short_by_line(story: Story) -> None:
    order = story.restock("L1", ("nuts", 6, "A2"), ("cola", 2, "A1")).tell("started", 30)
    story.put(45, "nuts", 5)
    story.put(55, "cola", 2)
    order.tell("finished", 70)
    story.ends(
        others=[opened(line("restock_shortfall", "nuts", 1, NUTS))],
        reports=[report("L1", nuts=(6, 5), cola=(2, 2))],
    )


@scenario("The restocker takes goods off, wipes the plate and puts them back with the new ones.")
def restocker_clears_a_plate(story: Story) -> None:
    order = story.restock("L1", ("cola", 2, "A1")).tell("started", 30)
    story.take(40, "cola", 4)
    story.put(55, "cola", 4)
    story.put(62, "cola", 2)
    order.tell("finished", 75)
    story.ends(reports=[report("L1", cola=(2, 2))])


@scenario("Expired nuts are taken out and fresh gum comes.")
def expired_goods_taken_out(story: Story) -> None:
    order = story.restock("L1", ("nuts", -4, "A2"), ("gum", 5, "A3")).tell("started", 30)
    story.take(45, "nuts", 4)
    story.put(55, "gum", 5)
    order.tell("finished", 70)
    story.ends(reports=[report("L1", nuts=(-4, -4), gum=(5, 5))])


@scenario("Fewer expired packets are found than were to be taken out: no loss.")
def fewer_expired_than_ordered(story: Story) -> None:
    order = story.restock("L1", ("nuts", -4, "A2")).tell("started", 30)
    story.take(45, "nuts", 3)
    order.tell("finished", 70)
    story.ends(reports=[report("L1", nuts=(-4, -3))])


@scenario("The nuts are put among the cola: reported, and no loss.")
def restocked_on_the_wrong_plate(story: Story) -> None:
    order = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(45, "nuts", 3, plate="A1")
    order.tell("finished", 60)
    story.ends(reports=[report("L1", nuts=(3, 3))])


@scenario("A restock is begun and never finished; nuts are stolen hours later.")
def restock_never_finished(story: Story) -> None:
    story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(45, "nuts", 3)
    story.take(5 * HOUR, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(
        visit("short", taken={"nuts": 1}, paid={}, case=case),
        reports=[report("L1", nuts=(3, 3))],
    )


@scenario("`started` is told ten minutes after the goods were moved: no case stays open.")
def restock_told_afterwards(story: Story) -> None:
    order = story.restock("L1", ("nuts", -2, "A2"), ("gum", 5, "A3"))
    order.tell("started", 30, arrives=640)
    story.take(45, "nuts", 2)
    story.put(53, "gum", 5)
    order.tell("finished", 70, arrives=641)
    story.ends(losses={}, reports=[report("L1", nuts=(-2, -2), gum=(5, 5))])


@scenario("`finished` comes before `started`.")
def restock_finished_before_started(story: Story) -> None:
    order = story.restock("L1", ("nuts", -2, "A2"), ("gum", 5, "A3"))
    order.tell("started", 30, arrives=110)
    story.take(45, "nuts", 2)
    story.put(53, "gum", 5)
    order.tell("finished", 70, arrives=71)
    story.ends(losses={}, reports=[report("L1", nuts=(-2, -2), gum=(5, 5))])


@scenario("Two orders are worked off within seconds of each other.")
def two_restocks_seconds_apart(story: Story) -> None:
    first = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(42, "nuts", 3)
    first.tell("finished", 48)
    second = story.restock("L2", ("cola", 2, "A1")).tell("started", 52)
    story.put(60, "cola", 2)
    second.tell("finished", 66)
    story.ends(reports=[report("L1", nuts=(3, 3)), report("L2", cola=(2, 2))])


@scenario("Somebody steals just before the restocker comes.")
def theft_before_a_restock(story: Story) -> None:
    story.take(40, "nuts")
    order = story.restock("L1", ("gum", 5, "A3")).tell("started", 50)
    story.put(62, "gum", 5)
    order.tell("finished", 75)
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(
        visit("short", taken={"nuts": 1}, paid={}, case=case),
        reports=[report("L1", gum=(5, 5))],
    )


@scenario("Somebody buys just after the restocker has finished.")
def sale_after_a_restock(story: Story) -> None:
    order = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(42, "nuts", 3)
    order.tell("finished", 55)
    story.take(63, "nuts")
    story.pay(75, "nuts")
    story.ends(honest({"nuts": 1}), reports=[report("L1", nuts=(3, 3))])


@scenario("Somebody steals just after the restocker has finished.")
def theft_after_a_restock(story: Story) -> None:
    order = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(42, "nuts", 3)
    order.tell("finished", 55)
    story.take(63, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(
        visit("short", taken={"nuts": 1}, paid={}, case=case),
        reports=[report("L1", nuts=(3, 3))],
    )


@scenario("Somebody buys a cola while the restocker is at work: no loss, no shortfall.")
def sale_during_a_restock(story: Story) -> None:
    order = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(42, "nuts", 3)
    story.take(50, "cola")
    story.pay(62, "cola")
    order.tell("finished", 80)
    story.ends(losses={}, reports=[report("L1", nuts=(3, 3))])


@scenario("Somebody buys one of the packets that the restocker has just put there.")
def sale_of_what_is_being_restocked(story: Story) -> None:
    order = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(42, "nuts", 3)
    story.take(52, "nuts")
    story.pay(64, "nuts")
    order.tell("finished", 80)
    story.ends(losses={}, reports=[report("L1", nuts=(3, 3))])


@scenario("A planned restock is cancelled; a theft after it is one.")
def restock_cancelled_before_it_began(story: Story) -> None:
    story.restock("L1", ("nuts", 3, "A2")).tell("planned", 10).tell("cancelled", 20)
    story.take(60, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("A restock is begun and cancelled; a theft after it is one.")
def restock_cancelled_after_it_began(story: Story) -> None:
    story.restock("L1", ("nuts", 3, "A2")).tell("started", 10).tell("cancelled", 25)
    story.take(60, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("A restock is begun, some goods come, and it is cancelled: nothing is missing.")
def restock_cancelled_half_done(story: Story) -> None:
    order = story.restock("L1", ("nuts", 6, "A2")).tell("started", 20)
    story.put(35, "nuts", 2)
    order.tell("cancelled", 50)
    story.ends(losses={})


@scenario("What was missing comes with a second order that tops up the first.")
def shortfall_and_a_late_delivery(story: Story) -> None:
    order = story.restock("L1", ("nuts", 3, "A2")).tell("started", 30)
    story.put(42, "nuts", 2)
    order.tell("finished", 55)
    second = story.restock("L2", ("nuts", 1, "A2")).tell("started", HOUR)
    story.put(HOUR + 12, "nuts", 1)
    second.tell("finished", HOUR + 25)
    story.ends(
        others=[opened(line("restock_shortfall", "nuts", 1, NUTS))],
        reports=[report("L1", nuts=(3, 2)), report("L2", nuts=(1, 1))],
    )
