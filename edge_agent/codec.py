"""Facts and state as JSON and back, for the journal and its snapshots."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from edge_agent.shelf import facts
from edge_agent.shelf.facts import Fact
from edge_agent.shelf.state import ShelfState

_KINDS: dict[str, type[Any]] = {
    "change": facts.ChangeFact,
    "payment": facts.PaymentFact,
    "restock": facts.RestockFact,
    "catalogue": facts.CatalogueFact,
    "price": facts.PriceFact,
    "levels": facts.LevelsFact,
    "count": facts.CountFact,
    "taught": facts.TaughtFact,
    "link": facts.LinkFact,
    "clock": facts.ClockFact,
    "verdict": facts.VerdictFact,
    "evidence": facts.EvidenceFact,
    "sight": facts.SightFact,
    "motion": facts.MotionFact,
    "tick": facts.Tick,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {n: TypeAdapter(k) for n, k in _KINDS.items()}
_STATE = TypeAdapter(ShelfState)


def kind_of(fact: Fact) -> str:
    """The name under which a fact stands in the journal."""
    return _NAMES[type(fact)]


def dump_fact(fact: Fact) -> dict[str, Any]:
    """A fact as JSON-able values."""
    body: dict[str, Any] = _ADAPTERS[kind_of(fact)].dump_python(fact, mode="json")
    return body


def load_fact(kind: str, body: dict[str, Any]) -> Fact | None:
    """A fact from the journal; None for rows that record something else (a rejection)."""
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        return None
    fact: Fact = adapter.validate_python(body)
    return fact


def dump_state(state: ShelfState) -> dict[str, Any]:
    """The state as JSON-able values."""
    dumped: dict[str, Any] = _STATE.dump_python(state, mode="json")
    return dumped


def load_state(body: dict[str, Any]) -> ShelfState:
    """The state from a snapshot; an older agent noted only that a restock was reported."""
    for restock in body.get("restocks", {}).values():
        if restock.pop("reported", False):
            restock.setdefault("told", {})
    return _STATE.validate_python(body)
