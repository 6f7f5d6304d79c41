"""A shelf on disk with a case: facts through a real ledger, traces and pictures beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge_agent.ledger import Ledger
from edge_agent.settings import Settings
from edge_agent.shelf.facts import ChangeFact, EvidenceFact, Fact
from edge_agent.store import EvidenceFile, Store, TraceRow
from edge_agent.trace_codec import pack
from edge_agent.vision.frames import encode_jpeg
from tests.shelf.scene import START, settings

RATE_HZ = 80.0


def named(**names: str) -> Settings:
    """The settings of `tests.shelf.scene` with other product names, by SKU."""
    told = settings()
    products = [p.model_copy(update={"name": names.get(p.sku, p.name)}) for p in told.product]
    return told.model_copy(update={"product": tuple(products)})


def make_case(state: Path, *facts: Fact, until: float, known: Settings | None = None) -> list[str]:
    """Tell facts to a ledger in `state`, with what a camera and the traces keep; the case ids."""
    known = known if known is not None else settings()
    store = Store.open(state)
    ledger = Ledger(known, store)
    for fact in sorted(facts, key=lambda f: f.at):
        ledger.tick(fact.at)
        ledger.take(fact)
        if isinstance(fact, ChangeFact):
            _keep_trace(store, fact)
            ledger.take(_keep_pictures(store, state, fact))
    ledger.tick(START + until)
    cases = [case["case_id"] for case in store.views.list("case", newest_first=False)]
    store.close()
    return cases


def _keep_trace(store: Store, fact: ChangeFact) -> None:
    change = fact.change
    if change.withdrawn or change.unobserved:
        return
    times = np.arange(change.started_at - 2, change.settled_at + 3, 1 / RATE_HZ)
    moved = np.clip((times - change.started_at) / (change.settled_at - change.started_at), 0, 1)
    chance = np.random.default_rng(round(change.started_at))
    hand = 40.0 * np.exp(-(((times - change.started_at - 0.3) / 0.12) ** 2))
    noise = chance.normal(0.0, 0.3, len(times))
    grams = change.level_g - change.delta_g + change.delta_g * moved + hand + noise
    row = TraceRow(change.change_id, change.plate, change.settled_at, pack(times, grams))
    store.traces.put([row], most=100, since=0.0)


def _keep_pictures(store: Store, state: Path, fact: ChangeFact) -> EvidenceFact:
    change = fact.change
    (state / "evidence").mkdir(exist_ok=True)
    kept = []
    for side, shade in (("before", 60), ("after", 160)):
        evidence_id = f"{change.change_id}-{side}-front"
        image = np.full((720, 1280, 3), shade, np.uint8)
        cv2.putText(image, f"{change.plate} {side}", (80, 400), 0, 4, (40, 90, 230), 8)
        jpeg = encode_jpeg(image, 85)
        (state / "evidence" / f"{evidence_id}.jpg").write_bytes(jpeg)
        file = EvidenceFile(
            evidence_id, change.change_id, change.settled_at, f"{evidence_id}.jpg", len(jpeg)
        )
        store.views.put_evidence(file)
        kept.append(evidence_id)
    return EvidenceFact(replace(fact, at=fact.at + 1).at, change.change_id, tuple(kept))
