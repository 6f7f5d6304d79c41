"""The ledger of units: double entries that sum to zero, plates that hold what is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.shelf.double_entry import Entry, post
from edge_agent.shelf.facts import (
    CountFact,
    Fact,
    LevelsFact,
    LinkFact,
    RestockFact,
    RestockLine,
    VerdictFact,
)
from edge_agent.shelf.payments import Refund, RefundLine
from edge_agent.store.stock_chain import Whole, check_chain
from tests.shelf.ledgers_scene import Shelf
from tests.shelf.scene import START, WEIGHTS, Scene, change, payment, put, take

HOUR = 3600.0
DAY = 24 * HOUR
FULL = {"A1": 6 * 346.0, "A2": 9 * 80.0}


def stocked(*facts: Fact, until: float = DAY) -> Scene:
    """A shelf with 6 colas on A1 and 9 nuts on A2, then told the facts."""
    return Scene(LevelsFact(START - HOUR, FULL), *facts, until=until)


def balances(scene: Scene) -> dict[tuple[str, str], int]:
    """Units by (SKU, account), without zeros."""
    found = scene.store.stock_ledger.balances()
    return {key: n for key, n in sorted(found.items()) if n}


def of(scene: Scene, sku: str) -> dict[str, int]:
    """One product's units by account, the opening balance left out."""
    return {a: n for (s, a), n in balances(scene).items() if s == sku and a != "opening"}


def moves(scene: Scene, sku: str) -> list[tuple[str, str, int, str]]:
    """One product's entries after the opening: from, to, units, reason."""
    return [
        (e.source, e.target, e.units, e.reason)
        for e in scene.store.stock_ledger.entries(sku=sku)
        if e.reason != "opening"
    ]


def restock(at: float, state: Any, revision: int, *lines: tuple[str, int, str]) -> RestockFact:
    """An order's progress, told when it happens."""
    ordered = tuple(RestockLine(sku, quantity, plate) for sku, quantity, plate in lines)
    return RestockFact(START + at, "R1", revision, state, START + at, "ann", ordered)


def test_goods_that_are_paid_for_go_by_the_customer_to_sold() -> None:
    scene = stocked(take(0, "A1", "cola", 2), payment(20, "cola", "cola"))
    assert moves(scene, "cola") == [
        ("plate:A1", "customer", 2, "taken"),
        ("customer", "sold", 2, "paid"),
    ]
    assert of(scene, "cola") == {"plate:A1": 4, "sold": 2}


def test_goods_that_nobody_pays_are_with_the_customer_until_the_grace_is_over() -> None:
    scene = stocked(take(0, "A2", "nuts"), until=100)
    assert of(scene, "nuts") == {"plate:A2": 8, "customer": 1}
    scene.tell(until=HOUR)
    assert of(scene, "nuts") == {"plate:A2": 8, "lost": 1}


def test_a_late_payment_moves_the_goods_from_lost_to_sold() -> None:
    scene = stocked(take(0, "A2", "nuts"), payment(2 * HOUR, "nuts", opened=10))
    assert moves(scene, "nuts")[-2:] == [
        ("customer", "lost", 1, "not_paid"),
        ("lost", "sold", 1, "paid_late"),
    ]


def test_goods_put_back_are_on_the_plate_again() -> None:
    scene = stocked(take(0, "A1", "cola"), put(5, "A1", "cola"))
    assert of(scene, "cola") == {"plate:A1": 6}


def test_a_refund_whose_goods_do_not_come_back_reverses_the_sale() -> None:
    refund = Refund("R1", START + 600, 1200, "returned", (RefundLine("nuts", 1),))
    scene = stocked(
        take(0, "A2", "nuts"),
        payment(20, "nuts"),
        payment(600, "nuts", state="refunded", revision=4, opened=10, refunds=[refund]),
    )
    assert of(scene, "nuts") == {"plate:A2": 8, "lost": 1}
    assert ("sold", "customer", 1, "payment_undone") in moves(scene, "nuts")


def test_a_revised_change_is_taken_back_and_entered_anew() -> None:
    first = change(0, "A1", -346.0)
    second = change(0, "A1", -692.0, revision=2)
    scene = stocked(first, replace(second, at=second.at + 2), payment(20, "cola", "cola"))
    assert moves(scene, "cola")[:3] == [
        ("plate:A1", "customer", 1, "taken"),
        ("customer", "plate:A1", 1, "corrected"),
        ("plate:A1", "customer", 2, "taken"),
    ]
    corrected = scene.store.stock_ledger.entries(sku="cola")[2]
    assert corrected.reverses == 1
    assert corrected.cause == f"change {first.change.change_id} r2"


def test_a_restock_brings_goods_and_takes_out_what_was_ordered_out() -> None:
    lines = (("cola", 4, "A1"), ("nuts", -2, "A2"))
    scene = stocked(
        restock(0, "started", 1, *lines),
        put(10, "A1", "cola", 4),
        take(20, "A2", "nuts", 3),
        restock(40, "finished", 2, *lines),
    )
    assert of(scene, "cola") == {"plate:A1": 10, "restocked": -4}
    assert of(scene, "nuts") == {"plate:A2": 6, "restocked": 1, "written_off": 2}


def test_a_persons_count_is_balanced_by_unexplained() -> None:
    scene = stocked(CountFact(START + 10, "A1", {"cola": 5}))
    assert moves(scene, "cola") == [("plate:A1", "unexplained", 1, "recounted")]


def test_what_is_learned_of_a_change_after_a_recount_is_taken_from_unexplained() -> None:
    scene = stocked(
        change(0, "A1", -346.0),
        CountFact(START + 60, "A1", {"cola": 4}),
        replace(change(0, "A1", -692.0, revision=2), at=START + 70),
        payment(80, "cola", "cola"),
    )
    assert of(scene, "cola") == {"plate:A1": 4, "sold": 2}
    assert scene.ledger.state.stock["A1"] == {"cola": 4}


def test_goods_that_left_unobserved_are_unexplained() -> None:
    shelf = Shelf(A1={"cola": 6})
    shelf.tell(shelf.change(0, "A1", -346.0, unobserved=True), until=DAY)
    assert of(shelf.scene, "cola") == {"plate:A1": 5, "unexplained": 1}


def test_a_dismissed_loss_is_written_off() -> None:
    scene = stocked(take(0, "A2", "nuts"))
    (case_id,) = scene.cases()
    scene.tell(VerdictFact(START + DAY, case_id, "dismissed"), until=DAY)
    assert of(scene, "nuts") == {"plate:A2": 8, "written_off": 1}


def test_what_is_provisional_stays_with_the_customer() -> None:
    scene = stocked(LinkFact(START - 10, up=False), take(0, "A2", "nuts"))
    assert of(scene, "nuts") == {"plate:A2": 8, "customer": 1}


def test_goods_that_a_customer_brought_are_unexplained_once_all_is_forgotten() -> None:
    scene = stocked(put(0, "A1", "cola"), CountFact(START + 60, "A1", {"cola": 7}), until=2 * HOUR)
    before = of(scene, "cola")
    scene.tell(LinkFact(START + 20 * DAY, up=True), until=21 * DAY)
    assert sum(before.values()) == 6
    assert of(scene, "cola") == {"plate:A1": 7, "unexplained": -1}
    assert scene.ledger.state.units.posted == {}


def test_a_posting_refuses_a_position_that_does_not_sum_to_zero() -> None:
    with pytest.raises(ValueError, match="cola"):
        post({}, {"c": {("cola", "plate:A1"): -1, ("cola", "sold"): 2}})


SKUS, ACCOUNTS = st.sampled_from(["cola", "nuts"]), ["plate:A1", "customer", "sold", "restocked"]
LEGS = st.dictionaries(st.tuples(SKUS, st.sampled_from(ACCOUNTS)), st.integers(-4, 4), max_size=6)


def in_balance(legs: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The legs with a last account that makes each product's sum zero."""
    found = Counter(legs)
    for (sku, _), n in legs.items():
        found[sku, "lost"] -= n
    return dict(found)


@settings(max_examples=50)
@given(LEGS.map(in_balance), LEGS.map(in_balance))
def test_entries_lead_from_any_position_to_any_other(
    before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]
) -> None:
    now = Counter(before)
    entries = post({"c": before}, {"c": after})
    for entry in entries:
        assert entry.units > 0
        now[entry.sku, entry.source] -= entry.units
        now[entry.sku, entry.target] += entry.units
    assert {k: n for k, n in now.items() if n} == {k: n for k, n in after.items() if n}
    assert before != after or not entries
    assert all(isinstance(e, Entry) for e in entries)


PLATES = {"A1": ["cola"], "A2": ["nuts"], "A3": ["gum"], "B1": ["cola", "zero"]}
AT = st.integers(0, 4000).map(float)


@st.composite
def moved(draw: st.DrawFn) -> list[Fact]:
    """Goods taken or put, perhaps revised or withdrawn, perhaps by half a unit."""
    at, plate = draw(AT), draw(st.sampled_from(sorted(PLATES)))
    each_g = WEIGHTS[draw(st.sampled_from(PLATES[plate]))]
    units = draw(st.sampled_from([-3, -2, -1, -1, -1, 1, 2, 0.45]))
    first = change(at, plate, units * each_g)
    told: list[Fact] = [first]
    for revision in range(2, 2 + draw(st.integers(0, 2))):
        units = draw(st.sampled_from([-2, -1, 1, 0.45, 0]))
        later = change(at, plate, units * each_g, revision)
        weight = replace(later.change, withdrawn=units == 0)
        told.append(replace(later, at=later.at + draw(AT), change=weight))
    return told


@st.composite
def paid(draw: st.DrawFn) -> list[Fact]:
    """A payment in one to three revisions, each told at any time, perhaps refunded."""
    at, name = draw(AT), f"P{draw(st.integers(0, 5))}"
    skus = draw(st.lists(st.sampled_from(sorted(WEIGHTS)), min_size=1, max_size=3))
    states = draw(st.lists(st.sampled_from(["opened", "paid", "closed", "refunded"]), max_size=3))
    refund = Refund("R", START + at + 90, 9999, "returned", (RefundLine(skus[0], 1),))
    return [
        replace(
            payment(
                at,
                *skus,
                name=name,
                state=state,  # type: ignore[arg-type]
                revision=revision,
                refunds=[refund] if state == "refunded" else [],
            ),
            at=START + draw(AT),
        )
        for revision, state in enumerate(states)
    ]


@st.composite
def filled(draw: st.DrawFn) -> list[Fact]:
    """A restock with its goods, some on the wrong plate, some taken out."""
    at, plate = draw(AT), draw(st.sampled_from(["A1", "A2"]))
    sku = PLATES[plate][0]
    lines = ((sku, draw(st.integers(1, 4)), plate), (sku, -1, plate))
    goods = [
        put(at + 5, plate, sku, draw(st.integers(1, 4))),
        take(at + 9, plate, sku, draw(st.integers(1, 3))),
    ]
    begun = replace(restock(at, "started", 1, *lines), at=START + draw(AT))
    return [begun, *goods, replace(restock(at + 20, "finished", 2, *lines), at=START + at + 20)]


@st.composite
def counted(draw: st.DrawFn) -> list[Fact]:
    """A person counts a plate."""
    plate = draw(st.sampled_from(sorted(PLATES)))
    return [
        CountFact(START + draw(AT), plate, {sku: draw(st.integers(0, 9)) for sku in PLATES[plate]})
    ]


@st.composite
def judged(draw: st.DrawFn) -> list[Fact]:
    """An operator says of some case what it is; or the link goes, or comes back."""
    at = START + draw(AT)
    if draw(st.booleans()):
        return [LinkFact(at, up=draw(st.booleans()))]
    return [VerdictFact(at, "?", draw(st.sampled_from(["confirmed", "dismissed"])))]


DAYS = st.lists(st.one_of(moved(), moved(), paid(), paid(), filled(), counted(), judged()))


class Watched(Scene):
    """A shelf whose ledger is looked at after each input."""

    def step(self, fact: Fact) -> None:
        """Let what is due happen, then tell the fact."""
        state = self.ledger.state
        while state.due_at is not None and state.due_at <= fact.at:
            self.outputs += self.ledger.tick(state.due_at)
            self.look()
        if isinstance(fact, VerdictFact) and state.cases:
            fact = replace(fact, case_id=min(state.cases))
        self.outputs += self.ledger.take(fact)
        self.look()

    def look(self) -> None:
        """Every product sums to zero, and plates have what the stock counts."""
        found = self.store.stock_ledger.balances()
        sums: Counter[str] = Counter()
        for (sku, _), n in found.items():
            sums[sku] += n
        assert not any(sums.values())
        on_plates = {
            (sku, account.removeprefix("plate:")): n
            for (sku, account), n in found.items()
            if account.startswith("plate:") and n
        }
        counts = self.ledger.state.stock.items()
        assert on_plates == {(s, p): n for p, held in counts for s, n in held.items() if n}
        for plate in self.of("stock")[-1]["plates"] if self.of("stock") else ():
            if plate["counted"]:
                told = {item["sku"]: item["quantity"] for item in plate["items"]}
                held = self.ledger.state.stock[plate["plate"]]
                assert {s: n for s, n in told.items() if n} == {
                    s: n for s, n in held.items() if n > 0
                }


@settings(max_examples=25, deadline=None)
@given(DAYS)
def test_after_every_input_products_sum_to_zero_and_plates_have_their_counts(
    day: list[list[Fact]],
) -> None:
    scene = Watched(LevelsFact(START - HOUR, FULL), until=-HOUR)
    facts = sorted((fact for told in day for fact in told), key=lambda f: f.at)
    for fact in facts:
        scene.step(fact)
    scene.tell(until=2 * DAY)
    scene.look()
    assert isinstance(check_chain(scene.store.stock_ledger), Whole)
    assert scene.recalled() == scene.ledger.state
