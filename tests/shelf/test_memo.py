"""What a reckoning remembers saves work and changes nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.ledger import catalogue_of, rules_of
from edge_agent.shelf.advance import advance, first_state
from edge_agent.shelf.facts import Fact, RestockFact, RestockLine, Tick, VerdictFact
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.payments import PaymentState, Refund, RefundLine
from edge_agent.shelf.state import Output, ShelfState
from tests.shelf.scene import START, payment, put, take
from tests.shelf.scene import settings as shop

HOME = {"cola": "A1", "nuts": "A2", "gum": "A3", "zero": "B1"}
SKUS = st.sampled_from(sorted(HOME))
# What becomes of another order that is opened.
BEGUN: list[tuple[PaymentState, ...]] = [
    (),
    ("opened",),
    ("pending", "closed"),
    ("opened", "pending", "paid"),
]
TIMES = st.integers(0, 3000).map(float)


@st.composite
def visits(draw: st.DrawFn) -> list[Fact]:
    """Somebody takes, may put back, may pay about then or much later, may be refunded, may begin a
    payment that comes to nothing, or to something hours later."""
    at, name = draw(TIMES) * 60.0, f"P{draw(st.integers(0, 10**6))}"
    skus = draw(st.lists(SKUS, min_size=1, max_size=3))
    facts: list[Fact] = [take(at + 4 * i, HOME[sku], sku) for i, sku in enumerate(skus)]
    if draw(st.booleans()):
        facts.append(put(at + draw(st.sampled_from([15.0, 400.0])), HOME[skus[0]], skus[0]))
    if draw(st.integers(0, 3)):
        paid_at = at + draw(st.sampled_from([-60.0, 30.0, 150.0, 4000.0, 50_000.0]))
        cart = draw(st.sampled_from([skus, skus[:1], [*skus, "gum"], ["gum"]]))
        facts.append(payment(paid_at, *cart, name=name))
        if draw(st.booleans()):
            line = RefundLine(cart[0], 1)
            refund = Refund(f"R{name}", START + paid_at + 600, 100, "returned", (line,))
            facts.append(payment(paid_at, *cart, name=name, revision=4, refunds=[refund]))
    begun_at = at + draw(st.sampled_from([-200.0, 5.0, 170.0]))
    for n, told in enumerate(draw(st.sampled_from(BEGUN))):
        told_at = begun_at + 3000.0 * n * n
        facts.append(
            payment(
                told_at, *skus[-1:], name=f"{name}-B", state=told, revision=n + 1, opened=begun_at
            )
        )
    return facts


def restock(at: float) -> list[Fact]:
    """A restock that brings nuts."""
    lines = (RestockLine("nuts", 2, "A2"),)
    return [
        RestockFact(START + at, "L1", 1, "started", START + at, "op", lines),
        put(at + 20, "A2", "nuts", 2),
        RestockFact(START + at + 60, "L1", 2, "finished", START + at + 60, "op", lines),
    ]


def played(facts: list[Fact], memo: Memo | None) -> tuple[list[Output], ShelfState]:
    """All that is told of facts in the order of their arrival, and the state at the end."""
    rules, state = rules_of(shop()), first_state(catalogue_of(shop()))
    told: list[Output] = []

    def tick(until: float) -> None:
        while state.due_at is not None and state.due_at <= until:
            told.extend(advance(state, Tick(state.due_at), rules, memo))

    for fact in sorted(facts, key=lambda f: f.at):
        tick(fact.at)
        told.extend(advance(state, fact, rules, memo))
    tick(START + 12 * 86400.0)
    return told, state


@settings(max_examples=25, deadline=None)
@given(st.lists(visits(), min_size=1, max_size=8), TIMES, st.booleans())
def test_with_and_without_a_memo_the_same_is_told(
    days: list[list[Fact]], restocked_at: float, judged: bool
) -> None:
    facts = [fact for day in days for fact in day] + restock(60.0 * restocked_at)
    first = min(fact.at for fact in facts)
    if judged:
        case_id = f"C{round((first - 1.3) * 1000)}"
        facts.append(VerdictFact(first + 5000, case_id, "dismissed"))
    assert played(facts, Memo()) == played(facts, None)


def test_money_that_is_left_over_is_told_of_anew_when_a_later_visit_claims_it() -> None:
    refund = Refund("R0", START + 110, 100, "returned", (RefundLine("cola", 1),))
    bought = payment(100, "cola", "cola", "gum", name="P0", revision=4, refunds=[refund])
    taken = [take(0, "A1", "cola"), take(0, "A2", "nuts"), take(180, "A1", "cola")]
    facts: list[Fact] = [*taken, bought]
    assert played(facts, Memo()) == played(facts, None)
