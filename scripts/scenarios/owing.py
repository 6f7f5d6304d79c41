"""Ways not to pay, or not all of it; and what only looks like one."""

from __future__ import annotations

from scripts.scenarios.endings import ANY, honest, line, opened, visit
from scripts.scenarios.orders import cart
from scripts.scenarios.story import PRICES, Story, scenario

NUTS, COLA, GUM = PRICES["nuts"], PRICES["cola"], PRICES["gum"]


@scenario("Nobody pays.")
def nobody_pays(story: Story) -> None:
    story.take(60, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("An order is opened, shown and cancelled.")
def cancelled_and_gone(story: Story) -> None:
    story.take(60, "nuts")
    story.order("P1", "nuts").tell("opened", 66).tell("pending", 72).tell("closed", 100)
    case = opened(line("feigned", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 1}, paid={}, case=case))


@scenario("Three taken, two paid.")
def one_unit_short(story: Story) -> None:
    story.take(60, "nuts", 2)
    story.take(66, "nuts")
    story.pay(80, "nuts", "nuts")
    case = opened(line("underpaid", "nuts", 1, NUTS))
    story.ends(visit("short", taken={"nuts": 3}, paid={"P1": {"nuts": 2}}, case=case))


@scenario("One taken, two paid: a refund is due.")
def one_unit_too_many(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts", "nuts")
    due = {"P1": {"nuts": 1}}
    story.ends(visit(taken={"nuts": 1}, paid={"P1": {"nuts": 1}}, not_taken=due))


@scenario("Gum is paid and nuts are taken.")
def cheap_for_dear(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "gum")
    case = opened(line("substituted", "nuts", 1, NUTS - GUM, "gum"))
    story.ends(visit("short", taken={"nuts": 1}, case=case))


@scenario("Three gums are paid and nuts are taken.")
def several_cheap_for_one_dear(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "gum", "gum", "gum")
    case = opened(line("substituted", "nuts", 1, NUTS - 3 * GUM, "gum"))
    story.ends(visit("short", taken={"nuts": 1}, case=case))


@scenario("Nuts are paid and gum is taken, by mistake: no loss.")
def dear_for_cheap(story: Story) -> None:
    story.take(60, "gum")
    story.pay(75, "nuts")
    story.ends(visit(taken={"gum": 1}))


@scenario("Of two things taken one is paid; a cheap one stands for the other.")
def one_paid_and_one_substituted(story: Story) -> None:
    story.take(60, "nuts")
    story.take(65, "cola")
    story.pay(78, "cola", "gum")
    case = opened(line("substituted", "nuts", 1, NUTS - GUM, "gum"))
    story.ends(visit("short", taken={"nuts": 1, "cola": 1}, case=case))


@scenario("The payment names goods that the shelf's catalogue does not know.")
def unknown_goods_paid(story: Story) -> None:
    story.take(60, "cola")
    story.pay(75, "cola-new-label")
    story.ends(visit(taken={"cola": 1}))


@scenario("The price rises between taking and deciding; the old one was paid.")
def price_rises_and_the_old_one_was_paid(story: Story) -> None:
    story.take(60, "nuts")
    story.pay(75, "nuts")
    story.reprice(80, {"nuts": 1500})
    story.ends(honest({"nuts": 1}))


@scenario("The price rises between two thefts: each is worth what it cost then.")
def price_rises_between_two_thefts(story: Story) -> None:
    story.take(60, "nuts")
    story.reprice(100, {"nuts": 1500})
    story.take(400, "nuts")
    first, second = (opened(line("unpaid", "nuts", 1, price)) for price in (NUTS, 1500))
    story.ends(
        visit("short", taken={"nuts": 1}, paid={}, case=first),
        visit("short", taken={"nuts": 1}, paid={}, case=second),
    )


@scenario("Of two sweets of one weight one is taken and paid.")
def flavours_of_one_weight_paid(story: Story) -> None:
    story.take(60, "plum")
    story.pay(75, "plum")
    story.ends(honest({"plum": 1}))


@scenario("Of two sweets of one weight one is taken and not paid: nobody knows which.")
def flavours_of_one_weight_unpaid(story: Story) -> None:
    story.take(60, "plum")
    case = opened(line("unidentified", None, 1, 0))
    story.ends(visit("short", taken=ANY, paid={}, case=case))


@scenario("Nuts are taken one by one over an hour and never paid.")
def one_by_one_never_paid(story: Story) -> None:
    for place in range(6):
        story.take(60 + 600 * place, "nuts")
    case = opened(line("unpaid", "nuts", 1, NUTS))
    story.ends(*[visit("short", taken={"nuts": 1}, paid={}, case=case) for _ in range(6)])


@scenario("Two at once, one of them does not pay.")
def two_at_once_one_not_paying(story: Story) -> None:
    story.take(60, "nuts")
    story.take(61.5, "cola")
    story.pay(74, "nuts")
    case = opened(line("underpaid", "cola", 1, COLA))
    story.ends(visit("short", taken={"nuts": 1, "cola": 1}, paid={"P1": {"nuts": 1}}, case=case))


@scenario("Three at once, one of them does not pay.")
def three_at_once_one_not_paying(story: Story) -> None:
    story.take(60, "nuts")
    story.take(60.6, "lemon")
    story.take(62, "gum", 2)
    story.pay(76, "lemon", name="P1")
    story.pay(79, lines=cart({"gum": 2}), name="P2")
    case = opened(line("underpaid", "nuts", 1, NUTS))
    taken = {"nuts": 1, "lemon": 1, "gum": 2}
    paid = {"P1": {"lemon": 1}, "P2": {"gum": 2}}
    story.ends(visit("short", taken=taken, paid=paid, case=case))
