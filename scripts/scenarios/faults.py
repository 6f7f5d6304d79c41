"""Faults of the world: messages twice, late and in the wrong order, clouds away, clocks wrong."""

from __future__ import annotations

from scripts.scenarios.endings import ANY, closed, honest, line, opened, visit
from scripts.scenarios.orders import OPENED_BEFORE_S
from scripts.scenarios.story import DAY, HOUR, PRICES, Story, scenario

NUTS, COLA, GUM = PRICES["nuts"], PRICES["cola"], PRICES["gum"]


@scenario("Every message comes twice, the last one three times.")
def told_twice(story: Story) -> None:
    story.take(60, "nuts")
    order = story.order("P1", "nuts").tell("opened", 66, times=2).tell("pending", 70, times=2)
    order.tell("paid", 75, times=3)
    story.ends(honest({"nuts": 1}))


@scenario("Paid in time and told five hours later: the case opens and closes as paid.")
def told_late(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts", arrives=75 + 5 * HOUR)
    case = closed("paid", line("unpaid", "nuts", 1, NUTS), history=["open", "closed"])
    story.ends(visit(taken={"nuts": 1}, paid={"P1": {"nuts": 1}}, case=case))


@scenario("The revisions of a payment come in the wrong order.")
def told_in_the_wrong_order(story: Story) -> None:
    story.take(60, "nuts")
    order = story.order("P1", "nuts").tell("opened", 66, arrives=95)
    order.tell("pending", 70, arrives=76).tell("paid", 75, arrives=82)
    story.ends(honest({"nuts": 1}))


@scenario("Old revisions of a payment come an hour after the last one.")
def old_revisions_last(story: Story) -> None:
    story.take(60, "nuts")
    order = story.order("P1", "nuts").tell("opened", 66, arrives=HOUR + 10)
    order.tell("pending", 70, arrives=HOUR).tell("closed", 72, arrives=HOUR + 30)
    order.tell("paid", 78)
    story.ends(honest({"nuts": 1}))


@scenario("The cloud is away for three days, then tells everything at once.")
def cloud_away_for_three_days(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts", name="P1", arrives=3 * DAY)
    story.take(DAY, "cola")
    story.take(2 * DAY, "gum")
    story.pay(2 * DAY + 15, "gum", name="P2", arrives=3 * DAY + 1)
    story.ends(
        visit(
            taken={"nuts": 1},
            paid={"P1": {"nuts": 1}},
            case=closed("paid", line("unpaid", "nuts", 1, NUTS)),
        ),
        visit("short", taken={"cola": 1}, paid={}, case=opened(line("unpaid", "cola", 1, COLA))),
        visit(
            taken={"gum": 1},
            paid={"P2": {"gum": 1}},
            case=closed("paid", line("unpaid", "gum", 1, GUM)),
        ),
    )


def _paid_by_another_clock(story: Story, at: float, ahead_s: float) -> None:
    order = story.order("P1", "nuts")
    order.cloud_ahead_s = ahead_s
    order.tell("opened", at - OPENED_BEFORE_S).tell("paid", at)


@scenario("The shelf's clock is four minutes behind until it is set.")
def shelf_clock_behind(story: Story) -> None:
    story.take(60, "nuts")
    _paid_by_another_clock(story, 75, 240)
    story.clock_set.append((100, 240))
    story.lasts_s = 160
    story.ends(honest({"nuts": 1}))


@scenario("The shelf's clock is four minutes ahead.")
def shelf_clock_ahead(story: Story) -> None:
    story.take(300, "nuts")
    _paid_by_another_clock(story, 315, -240)
    story.ends(honest({"nuts": 1}))


@scenario("The shop's clock is two minutes ahead of the shelf's.")
def payment_times_ahead(story: Story) -> None:
    story.take(60, "nuts")
    _paid_by_another_clock(story, 75, 120)
    story.ends(honest({"nuts": 1}))


@scenario("The shop's clock is two minutes behind the shelf's.")
def payment_times_behind(story: Story) -> None:
    story.take(300, "nuts")
    _paid_by_another_clock(story, 315, -120)
    story.ends(honest({"nuts": 1}))


@scenario("Power goes in the middle of a visit, and a second packet leaves meanwhile.")
def power_gone_in_a_visit(story: Story) -> None:
    story.take(60, "nuts")
    story.power_cut(64.5, 300)
    story.take(72, "nuts")
    story.ends(
        visit("short", taken={"nuts": 1}, case=opened(line("unpaid", "nuts", 1, NUTS))),
        others=[opened(line("unobserved", "nuts", 1, NUTS))],
    )


@scenario("Power goes in the middle of a visit; both packets are paid before it is back.")
def power_gone_and_all_paid(story: Story) -> None:
    story.take(60, "nuts")
    story.power_cut(64.5, 150)
    story.take(72, "nuts")
    story.pay(90, "nuts", "nuts", arrives=152)
    story.ends(visit(taken=ANY))


@scenario("The agent starts two minutes after a payment came, and the goods are taken then.")
def started_after_the_payment(story: Story) -> None:
    story.pay(-120, "nuts", arrives=1)
    story.take(40, "nuts")
    story.ends(honest({"nuts": 1}))


@scenario(
    "The agent starts after goods were taken and paid: it has seen nothing, and says nothing."
)
def started_after_everything(story: Story) -> None:
    story.pay(-120, "nuts", arrives=1)
    story.ends()
