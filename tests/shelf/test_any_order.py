"""The same facts, told in any order, end in the same findings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.shelf.facts import (
    ChangeFact,
    Fact,
    PaymentFact,
    PriceFact,
    RestockFact,
    RestockLine,
)
from edge_agent.shelf.payments import Refund, RefundLine
from tests.shelf.scene import START, Scene, change, payment, put, take

HOUR = 3600.0
# Four visits: one paid in two revisions, one feigned, one underpaid, one substituted.
CHANGES = [
    take(0, "A2", "nuts"),
    take(600, "A1", "cola"),
    take(1200, "A2", "nuts"),
    take(1204, "A3", "gum"),
    take(1800, "A2", "nuts"),
]
PAYMENTS = [
    payment(15, state="opened", revision=1, name="P1"),
    payment(30, "nuts", revision=2, name="P1", opened=15),
    payment(620, "cola", state="pending", revision=1, name="P2"),
    payment(900, "cola", state="closed", revision=2, name="P2", opened=610),
    payment(1220, "gum", name="P3"),
    payment(1815, "gum", name="P4"),
]


def end_of(facts: list[Fact]) -> tuple[Any, ...]:
    """What is open, how each visit stands and what restocks brought when all is told."""
    scene = Scene(*facts, until=30 * HOUR)
    visits = {
        key: (visit["state"], visit["taken"], visit["paid"], visit["paid_not_taken"])
        for key, visit in scene.visits().items()
        # A visit that turned out to be a restock's work, and was told before, has become empty.
        if visit["changes"]
    }
    reports = {report["restock_id"]: report["lines"] for report in scene.of("restock-reports")}
    return scene.open_lines(), visits, reports


def test_the_end_is_as_it_should_be() -> None:
    lines, *_ = end_of([*CHANGES, *PAYMENTS])
    assert lines == [
        ("feigned", "cola", 1, 350),
        ("substituted", "nuts", 1, 1000),
        ("underpaid", "nuts", 1, 1200),
    ]


@settings(max_examples=30, deadline=None)
@given(
    st.permutations(PAYMENTS),
    st.lists(st.floats(0, 10 * HOUR), min_size=len(PAYMENTS), max_size=len(PAYMENTS)),
    st.lists(st.sampled_from(range(len(PAYMENTS))), max_size=4),
)
def test_late_shuffled_and_repeated_payments_end_alike(
    order: list[PaymentFact], delays: list[float], repeats: list[int]
) -> None:
    # News may be late; it cannot come before what it tells of.
    late = [replace(p, at=max(p.at, START + delay)) for p, delay in zip(order, delays, strict=True)]
    again = [replace(late[i], at=late[i].at + 60.0) for i in repeats]
    assert end_of([*CHANGES, *late, *again]) == end_of([*CHANGES, *PAYMENTS])


def refund(at: float, sku: str, reason: Literal["returned", "quality", "goodwill"]) -> Refund:
    """One unit's money goes back."""
    return Refund("R1", START + at, 1200, reason, (RefundLine(sku, 1),))


def revised(fact: PaymentFact, at: float, given_back: Refund) -> PaymentFact:
    """The next revision of a paid order: refunded."""
    told = replace(
        fact.payment,
        revision=fact.payment.revision + 1,
        state="refunded",
        told_at=START + at,
        refunds=(given_back,),
    )
    return PaymentFact(START + at, told)


def restock(
    at: float,
    name: str,
    revision: int,
    state: Literal["planned", "started", "finished", "cancelled"],
    *lines: tuple[str, int, str],
) -> RestockFact:
    """A step of a restock order."""
    goods = tuple(RestockLine(*line) for line in lines)
    return RestockFact(START + at, name, revision, state, START + at, "op", goods)


FIFTH, SEVENTH = payment(3615, "nuts", name="P5"), payment(6015, "nuts", name="P7")
TENTH = payment(9915, "gum", name="P10")
FILL = (("nuts", 3, "A2"), ("gum", -2, "A3"))
SHORT = (("cola", 2, "A1"),)
# A day of thirteen visits, three restocks and a new price. In the order of the lines: paid; an
# order that came to nothing; one thing of two paid; cheap for dear; refunded and brought back, in
# a visit of its own; refunded and not brought back; cancelled and paid anew; stolen at the new
# price; refunded out of goodwill; one of two colas that only the payment tells apart; paid before;
# stolen after a restock that was cancelled.
DAY_CHANGES: list[ChangeFact] = [
    take(0, "A2", "nuts"),
    take(900, "A1", "cola"),
    take(1800, "A2", "nuts"),
    take(1804, "A3", "gum"),
    take(2700, "A2", "nuts"),
    take(3600, "A2", "nuts"),
    put(5000, "A2", "nuts"),
    take(6000, "A2", "nuts"),
    take(7200, "A1", "cola", 2),
    take(8100, "A2", "nuts"),
    put(9020, "A2", "nuts", 3),
    take(9035, "A3", "gum", 2),
    take(9900, "A3", "gum"),
    change(10800, "B1", -346.5),
    take(11700, "A2", "nuts"),
    take(12600, "A1", "cola"),
    put(14030, "A1", "cola"),
]
DAY_NEWS: list[PaymentFact | RestockFact | PriceFact] = [
    payment(12, state="opened", revision=1, name="P1"),
    payment(25, "nuts", revision=2, name="P1", opened=12),
    payment(915, "cola", state="pending", revision=1, name="P2"),
    payment(1300, "cola", state="closed", revision=2, name="P2", opened=905),
    payment(1820, "gum", name="P3"),
    payment(2715, "gum", name="P4"),
    FIFTH,
    revised(FIFTH, 5100, refund(5100, "nuts", "returned")),
    SEVENTH,
    revised(SEVENTH, 6600, refund(6600, "nuts", "returned")),
    payment(7215, "cola", "cola", state="pending", revision=1, name="P8a"),
    payment(7240, "cola", "cola", state="closed", revision=2, name="P8a", opened=7205),
    payment(7260, "cola", "cola", name="P8b"),
    PriceFact(START + 8000, "nuts", 1500, START + 8000),
    restock(8900, "L1", 1, "planned", *FILL),
    restock(9000, "L1", 2, "started", *FILL),
    restock(9060, "L1", 3, "finished", *FILL),
    TENTH,
    revised(TENTH, 10400, refund(10400, "gum", "goodwill")),
    payment(10815, "cola", name="P11"),
    payment(11650, "nuts", name="P12"),
    restock(12000, "L2", 1, "planned", *SHORT),
    restock(12010, "L2", 2, "cancelled", *SHORT),
    restock(14000, "L3", 1, "started", *SHORT),
    restock(14060, "L3", 2, "finished", *SHORT),
]


def test_a_rich_day_ends_as_it_should() -> None:
    lines, visits, reports = end_of([*DAY_CHANGES, *DAY_NEWS])
    assert lines == [
        ("feigned", "cola", 1, 350),
        ("refunded", "nuts", 1, 1200),
        ("restock_shortfall", "cola", 1, 350),
        ("substituted", "nuts", 1, 1000),
        ("underpaid", "nuts", 1, 1200),
        ("unpaid", "cola", 1, 350),
        ("unpaid", "nuts", 1, 1500),
    ]
    assert [state for state, *_ in visits.values()].count("short") == 6
    assert len(visits) == 13
    assert sorted(reports) == ["L1", "L3"]


def shuffled(seeds: range) -> Iterator[tuple[int, list[Fact]]]:
    """The day with its news in other orders: each comes up to ten hours late, or at once."""
    for seed in seeds:
        chance = random.Random(seed)
        longest_s = chance.choice((30.0, 600.0, HOUR, 10 * HOUR))
        at_once = chance.random()
        news = [
            fact
            if chance.random() < at_once
            else replace(fact, at=fact.at + chance.uniform(0, longest_s))
            for fact in DAY_NEWS
        ]
        again = [replace(f, at=f.at + chance.uniform(0, HOUR)) for f in chance.choices(news, k=3)]
        yield seed, [*DAY_CHANGES, *news, *again]


def differing(seeds: range) -> list[int]:
    """The seeds of the orders whose end is another one."""
    wanted = end_of([*DAY_CHANGES, *DAY_NEWS])
    return [seed for seed, facts in shuffled(seeds) if end_of(facts) != wanted]


def test_a_rich_day_ends_alike_in_sixty_orders() -> None:
    assert differing(range(60)) == []


@pytest.mark.marathon
@pytest.mark.timeout(1200)
def test_a_rich_day_ends_alike_in_a_thousand_orders() -> None:
    assert differing(range(1000)) == []


def test_a_long_visit_that_overlaps_an_unobserved_one_cuts_it_not_in_two() -> None:
    def unobserved(fact: ChangeFact, started: float, settled: float, *, seen: bool) -> ChangeFact:
        begins, ends = START + started, START + settled
        told = replace(fact.change, started_at=begins, settled_at=ends, unobserved=not seen)
        return ChangeFact(ends + 0.5, told)

    facts: list[Fact] = [
        unobserved(take(1, "A2", "nuts"), 0.0, 1.0, seen=False),
        unobserved(take(4, "A1", "cola"), 3.0, 4.0, seen=False),
        unobserved(take(6, "A3", "gum"), 2.0, 6.0, seen=True),
        *(take(at, "A3", "gum") for at in (20, 38, 56, 74, 92)),
    ]
    lines = Scene(*facts, until=HOUR).open_lines()
    assert sorted(line[0] for line in lines) == ["unobserved", "unobserved"] + ["unpaid"] * len(
        lines[2:]
    )
    assert sum(line[2] for line in lines if line[0] == "unpaid") == 6
