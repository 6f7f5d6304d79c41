"""The ledgers fed from samples: levels between changes, tares, restarts, catalogues, requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from edge_agent.cloud.events import make_event
from edge_agent.cloud.signatures import Verifier
from edge_agent.errors import UsageError
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.shelf.facts import CatalogueFact
from edge_agent.stock_requests import fact_of
from edge_agent.store.store import Store
from tests.shelf.scene import START, WEIGHTS, settings

PLATES = ["A1", "A2", "A3"]
RATE_HZ = 10.0


@dataclass
class Run:
    """An agent's life over a store that outlives it; its plates weigh what they are told to."""

    store: Store
    grams: dict[str, float]
    now: float = START
    ledger: Ledger = field(init=False)
    pipeline: Pipeline = field(init=False)

    def __post_init__(self) -> None:
        self._chance = np.random.default_rng(11)
        self.ledger = Ledger(settings(), self.store)
        self.pipeline = Pipeline(settings(), self.ledger, self.store)
        self.pipeline.add_scale("main", PLATES)

    def rest(self, seconds: float, drift_g: float = 0.0) -> None:
        """Let the plates stand, each drifting by so much meanwhile."""
        n = int(seconds * RATE_HZ)
        times = self.now + np.arange(1, n + 1) / RATE_HZ
        drift = np.linspace(0.0, drift_g, n)[:, np.newaxis]
        level = np.array([self.grams[p] for p in PLATES])
        noise = self._chance.normal(0.0, 0.05, (n, len(PLATES)))
        grams = level + drift + noise
        for first in range(0, n, 20):
            part = slice(first, first + 20)
            self.pipeline.weigh("main", times[part], grams[part])
        self.now = float(times[-1])
        self.grams = {p: g + drift_g for p, g in self.grams.items()}

    def ends(self) -> Run:
        """The agent stops; the next one starts an hour later."""
        self.pipeline.keep_levels(self.now)
        return Run(self.store, dict(self.grams), self.now + 3600.0)

    def plate(self, plate: str) -> dict[str, Any]:
        """A plate as the stock view has it."""
        stock = self.store.views.get("stock", "stock")
        assert stock is not None
        return next(p for p in stock["plates"] if p["plate"] == plate)

    def kinds(self, kind: str) -> int:
        """How many inputs of a kind the journal holds."""
        return len(self.store.journal.rows(kinds=[kind]))


@pytest.fixture
def run() -> Run:
    grams = {"A1": 6 * WEIGHTS["cola"], "A2": 9 * WEIGHTS["nuts"], "A3": 20 * WEIGHTS["gum"]}
    run = Run(Store.in_memory(), grams)
    run.rest(30)
    return run


def test_the_plates_are_counted_when_they_first_rest(run: Run) -> None:
    assert run.plate("A1")["items"] == [{"sku": "cola", "quantity": 6}]
    assert run.plate("A2")["items"] == [{"sku": "nuts", "quantity": 9}]
    # Twenty gums of 15 g that spread by 2 g, as the settings say, may well be nineteen.
    assert run.plate("A3")["counted"] is False


def test_plates_that_rest_write_nothing(run: Run) -> None:
    run.rest(3600)
    assert (run.kinds("levels"), run.kinds("change")) == (1, 0)


def test_a_drift_is_followed_with_few_inputs(run: Run) -> None:
    run.rest(2 * 3600, drift_g=6.0)
    assert 2 <= run.kinds("levels") <= 7
    assert run.kinds("change") == 0
    assert run.ledger.state.levels_g["A1"] == pytest.approx(run.grams["A1"], abs=1.5)
    assert run.plate("A1")["disagreement"] is None


def test_a_tare_is_told_as_one(run: Run) -> None:
    run.rest(60)
    run.grams["A1"] += 8.0
    run.pipeline.relevel("A1", 8.0, 1.0)
    run.rest(120)
    (row,) = run.store.journal.rows(kinds=["levels"])[1:]
    assert row.body["zeroed"] == ["A1"]
    assert run.kinds("change") == 0


def test_a_tare_before_a_power_cut_is_no_loss(run: Run) -> None:
    run.rest(60)
    run.pipeline.relevel("A1", 2000.0, 1.0)
    run.grams["A1"] -= 2000.0
    later = run.ends()
    later.rest(300)
    assert later.store.views.list("change") == []
    assert later.store.views.list("case") == []


def test_goods_that_changed_plates_while_nobody_watched_are_found_and_are_no_loss(
    run: Run,
) -> None:
    run.rest(60)
    run.grams["A1"] -= WEIGHTS["cola"]
    run.grams["A2"] += WEIGHTS["cola"]
    later = run.ends()
    later.rest(300)
    kinds = {c["plate"]: (c["kind"], c["items"]) for c in run.store.views.list("change")}
    assert kinds == {
        "A1": ("unobserved", [{"sku": "cola", "quantity": -1}]),
        "A2": ("unobserved", [{"sku": "cola", "quantity": 1}]),
    }
    assert run.store.views.list("case") == []
    for plate in ("A1", "A2"):
        assert later.plate(plate)["disagreement"] is None
        assert later.plate(plate)["items"] == later.plate(plate)["by_weight"]


def test_goods_that_left_while_nobody_watched_leave_both_ledgers(run: Run) -> None:
    run.rest(60)
    run.grams["A1"] -= 2 * WEIGHTS["cola"]
    later = run.ends()
    later.rest(300)
    assert later.plate("A1")["items"] == [{"sku": "cola", "quantity": 4}]
    assert later.plate("A1")["disagreement"] is None
    assert [c["lines"][0]["kind"] for c in run.store.views.list("case")] == ["unobserved"]


def test_a_restart_counts_nothing_anew(run: Run) -> None:
    later = run.ends()
    later.rest(60)
    assert later.kinds("levels") == 1
    assert later.ledger.state.books.keys() == set(PLATES)


def test_a_new_catalogue_changes_the_smallest_change_that_is_told(run: Run) -> None:
    before = run.pipeline.health()["A1"].smallest_change_g
    gum = run.ledger.state.catalogue.products["gum"]
    run.ledger.take(CatalogueFact(run.now, 7, (gum,), {"A1": ("gum",)}))
    run.rest(5)
    assert run.pipeline.health()["A1"].smallest_change_g < before


def counted(run: Run, **arguments: Any) -> list[dict[str, Any]]:
    """The cloud sends a `count` command; what is told on `replies` and `rejections`."""
    event = make_event(
        source="/cloud",
        event_id="c1",
        type="shelf.command",
        at=run.now,
        data={"command": "count", "arguments": arguments},
    )
    inbox = Inbox(run.ledger, Verifier(None, False), settings(), run.store)
    inbox.receive("commands", event, run.now)
    due = run.store.outbox.due(float("inf"), 100)
    return [json.loads(m.payload)["data"] for m in due if m.topic in ("replies", "rejections")]


def test_the_operator_can_count_a_plate_from_afar(run: Run) -> None:
    (reply,) = counted(run, plate="A1", items=[{"sku": "cola", "quantity": 5}])
    assert reply["ok"] is True
    assert run.plate("A1")["items"] == [{"sku": "cola", "quantity": 5}]
    assert run.plate("A1")["recounted"]["by"] == "person"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"plate": "Z9", "items": []}, "Z9"),
        ({"plate": "A1", "items": [{"sku": "tea", "quantity": 1}]}, "tea"),
        ({"plate": "A1", "items": [{"sku": "cola", "quantity": -1}]}, "-1"),
        ({"plate": "A1", "items": [{"sku": "cola", "quantity": True}]}, "True"),
        ({"plate": "A1", "items": ["cola"]}, "cola"),
        ({"plate": "A1"}, "items"),
    ],
)
def test_a_count_that_cannot_be_is_rejected(
    run: Run, arguments: dict[str, Any], words: str
) -> None:
    (refusal,) = counted(run, **arguments)
    assert words in (refusal.get("explanation") or refusal["reason"])
    assert run.plate("A1")["items"] == [{"sku": "cola", "quantity": 6}]


def test_what_cannot_be_taught_is_refused(run: Run) -> None:
    catalogue = run.ledger.state.catalogue
    for request in (
        {"ask": "forget-learned", "sku": "tea"},
        {"ask": "taught", "sku": "tea", "name": "Tea", "weight_g": -1, "price": 3},
        {"ask": "taught", "sku": "tea", "name": "Tea", "weight_g": 9, "price": 3, "plate": "Z9"},
    ):
        with pytest.raises(UsageError):
            fact_of(request, catalogue, run.now)
