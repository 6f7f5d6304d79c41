"""The two real recordings: few events, but nobody here made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.reported import ReportedChange
from scripts.bench.rivals import Tunable, detectors, run
from scripts.bench.signals import (
    LOG_KNOWN,
    LOG_RATE_HZ,
    LOG_STILL_UNTIL,
    Signal,
    real_log,
    real_store,
)

STORE_LIKE, LOG_LIKE = "coarse", "fine"
"""Whose tuned constants the others use: a store's plates are coarse, a hobby cell is fine."""


@dataclass(frozen=True, slots=True)
class RealResult:
    """What one detector said of both; None where the data is not here.

    Of the store: whether the one bottle was found, and how many false changes. Of the log: changes
    told while it was still, steps found of those known, other changes told near them.
    """

    bottle: bool | None = None
    store_false: int | None = None
    log_still: int | None = None
    log_steps: int | None = None
    log_of: int = 0
    log_false: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the result as JSON values."""
        return {
            "store_bottle_found": self.bottle,
            "store_false": self.store_false,
            "log_told_while_still": self.log_still,
            "log_steps_found": self.log_steps,
            "log_steps": self.log_of,
            "log_false_among_steps": self.log_false,
        }


def real_results(tuned: Mapping[str, Mapping[str, Tunable]]) -> dict[str, RealResult]:
    """Run everybody on both; `tuned` are the constants by scene and detector."""
    store, log = real_store(), real_log()
    everybody = detectors(tuned[STORE_LIKE])
    told_store = {n: run(d, store) for n, d in everybody.items()} if store else {}
    told_log = {n: run(d, log)[0] for n, d in detectors(tuned[LOG_LIKE]).items()} if log else {}
    results = {}
    for name in everybody:
        log_result = _of_log(log, told_log[name]) if log else RealResult()
        found = told_store[name][1].found if store else None
        results[name] = RealResult(
            bottle=found.found == 1 if found else None,
            store_false=found.false if found else None,
            log_still=log_result.log_still,
            log_steps=log_result.log_steps,
            log_of=log_result.log_of,
            log_false=log_result.log_false,
        )
    return results


def _of_log(log: Signal, told: list[ReportedChange]) -> RealResult:
    still_s = LOG_STILL_UNTIL / LOG_RATE_HZ
    near = [
        c
        for c in told
        if any(first <= c.settled_at * LOG_RATE_HZ < end for first, end in LOG_KNOWN)
    ]
    hits = {
        step.at
        for step in log.truth
        for c in near
        if abs(c.settled_at - step.at) <= 2.0 and abs(c.delta_g - (step.grams or 0)) <= 3.0
    }
    return RealResult(
        log_still=sum(c.settled_at < still_s for c in told),
        log_steps=len(hits),
        log_of=len(log.truth),
        log_false=len(near) - len(hits),
    )
