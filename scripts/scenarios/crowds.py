"""Monday morning: everybody at once."""

from __future__ import annotations

from collections import Counter

from edge_agent.simulation.chance import stream
from scripts.scenarios.orders import cart
from scripts.scenarios.story import Story, scenario

BASKET = ("cola",) * 10 + ("nuts",) * 18 + ("gum",) * 16 + ("lemon",) * 8 + ("orange",) * 8
CUSTOMERS, PAYING, SECONDS = 40, 30, 300.0


@scenario("Monday morning: 60 removals and 30 payments in five minutes, ten customers do not pay.")
def monday_morning(story: Story) -> None:
    rng = stream(story.seed, "crowd")
    goods = [str(sku) for sku in rng.permutation(BASKET)]
    owners = [*range(CUSTOMERS), *range(len(BASKET) - CUSTOMERS)]
    carts: dict[int, Counter[str]] = {}
    until: dict[int, float] = {}
    slot_s = SECONDS / len(BASKET)
    for place, owner in enumerate(sorted(owners)):
        at = 20.0 + slot_s * place + float(rng.uniform(-1.0, 1.0))
        story.take(round(at, 1), goods[place])
        carts.setdefault(owner, Counter())[goods[place]] += 1
        until[owner] = at
    paying = {int(owner) for owner in rng.permutation(CUSTOMERS)[:PAYING]}
    lost: Counter[str] = Counter()
    for owner, basket in carts.items():
        if owner in paying:
            at = round(until[owner] + float(rng.uniform(8.0, 20.0)), 1)
            story.pay(at, lines=cart(basket), name=f"P{owner:02d}")
        else:
            lost += basket
    story.ends(losses=dict(sorted(lost.items())))
