"""Answers what commands ask of the running agent; used by its loop alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edge_agent import stock_requests
from edge_agent.errors import EdgeAgentError, UsageError
from edge_agent.evidence_erasing import Which
from edge_agent.fittings import Fittings
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.reception import Asked, number_of, picture_answer
from edge_agent.shelf.facts import RestockFact, VerdictFact
from edge_agent.shelf.state import Output
from edge_agent.standing import health_rows
from edge_agent.store.store import Store
from edge_agent.witness import Witness

Decided = Callable[[Sequence[Output]], None]


class Desk:
    """Carries requests out against the ledger, the pipeline and the shelf's fittings."""

    def __init__(
        self,
        ledger: Ledger,
        pipeline: Pipeline,
        store: Store,
        fittings: Fittings,
        witness: Witness,
    ) -> None:
        self._ledger = ledger
        self._pipeline = pipeline
        self._store = store
        self._fittings = fittings
        self._witness = witness

    def answer(self, asked: Asked, now: float, decided: Decided) -> None:
        """Answer one request; what cannot be done is answered with its error."""
        try:
            asked.answer.put(self._answer(asked.request, now, decided))
        except EdgeAgentError as error:
            asked.answer.put(error)

    def _answer(self, request: dict[str, Any], now: float, decided: Decided) -> dict[str, Any]:
        kind = request.get("ask")
        if kind in stock_requests.ASKS:
            fact = stock_requests.fact_of(request, self._ledger.state.catalogue, now)
            decided(self._ledger.take(fact))
            return {"catalogue": self._ledger.state.catalogue.version}
        if kind == "verdict":
            return self._judge(request, now, decided)
        if kind == "calibrated":
            return self._calibrate(request)
        if kind == "restock":
            return self._restock(str(request.get("state")), now, decided)
        return self._show(request, now)

    def _show(self, request: dict[str, Any], now: float) -> dict[str, Any]:
        kind = request.get("ask")
        if kind == "status":
            return self._fittings.status(now)
        if kind == "weights":
            return {"plates": health_rows(self._pipeline.health())}
        if kind == "snapshot":
            return picture_answer(*self._witness.latest(request.get("camera")))
        if kind == "erase_evidence":
            return self._witness.erase(Which.of(request)).payload()
        raise UsageError(f"The agent does not know how to answer {kind!r}.")

    def _judge(self, request: dict[str, Any], now: float, decided: Decided) -> dict[str, Any]:
        case_id, verdict = str(request.get("case_id")), request.get("verdict")
        if verdict not in ("confirmed", "dismissed"):
            raise UsageError(f"A verdict is confirmed or dismissed, not {verdict!r}.")
        if case_id not in self._ledger.state.cases:
            raise UsageError(
                f"No case {case_id!r} is open to a verdict. `edge-agent losses list` shows them."
            )
        decided(self._ledger.take(VerdictFact(now, case_id, verdict)))
        return {"case": self._store.views.get("case", case_id)}

    def _calibrate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Use a plate's new calibration from now on; its present weight is no change."""
        plate_id = str(request.get("plate"))
        zero_counts = number_of(request, "zero_counts")
        self._fittings.calibrated(plate_id, zero_counts, number_of(request, "counts_per_g"))
        return {"plate": plate_id}

    def _restock(self, state: str, now: float, decided: Decided) -> dict[str, Any]:
        running = next(
            (
                r
                for r in self._ledger.state.restocks.values()
                if r.started_at is not None and r.finished_at is None
            ),
            None,
        )
        if state == "started":
            if running is not None:
                raise UsageError(
                    f"Restock {running.order.restock_id} has begun already; finish it first."
                )
            fact = RestockFact(now, f"hand-{round(now)}", 1, "started", now, "by hand", ())
        elif state == "finished":
            if running is None:
                raise UsageError("No restock has begun. `edge-agent restock start` begins one.")
            order = running.order
            fact = RestockFact(
                now, order.restock_id, order.revision + 1, "finished", now, order.operator, ()
            )
        else:
            raise UsageError(f"A restock is started or finished, not {state!r}.")
        decided(self._ledger.take(fact))
        return {"restock_id": fact.restock_id, "state": state}
