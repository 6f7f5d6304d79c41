"""A snapshot that an older agent wrote is taken up by this one."""

from __future__ import annotations

from typing import Any

from edge_agent.codec import dump_state
from edge_agent.ledger import Ledger
from edge_agent.shelf.facts import CatalogueFact
from edge_agent.store.store import Store
from tests.shelf.scene import START, Scene, payment, settings, take


def aged(state: dict[str, Any]) -> dict[str, Any]:
    """The snapshot as it was before catalogues had a time and changes a first beginning."""
    del state["assortment"], state["units"]
    for change in state["changes"].values():
        del change["first_at"]
    return state


def test_an_older_snapshot_keeps_its_catalogue_and_its_visits() -> None:
    scene = Scene(take(0, "A1", "cola"), until=100)
    known = scene.ledger.state.catalogue
    nuts = known.products["nuts"]
    scene.tell(CatalogueFact(START + 150, 4, (nuts,), {"A1": ("nuts",)}), until=160)
    store = Store.in_memory()
    store.journal.snapshot(1, aged(dump_state(scene.ledger.state)))
    ledger = Ledger(settings(), store)
    assert ledger.state.catalogue == scene.ledger.state.catalogue
    assert ledger.state.assortment.newest().version == 4
    told = ledger.take(payment(170, "cola"))
    assert ledger.tick(START + 1000) or told
    assert list(ledger.state.visits) == list(scene.ledger.state.visits)
    (visit,) = ledger.state.visits.values()
    assert visit.told is not None
    assert visit.told["state"] == "settled"
