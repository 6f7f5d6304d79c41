"""The content of what is published: changes, visits, cases, stock (contract, section 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from edge_agent.shelf.findings import Finding
from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.loss_lines import LossLine
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import Change, Output, Rules, Visit
from edge_agent.times import rfc3339

Payload = dict[str, Any]


def change_output(change: Change, at: float) -> Output:
    """Tell a change at its present revision."""
    payload: Payload = {
        "change_id": change.change_id,
        "revision": change.revision,
        "plate": change.plate,
        "started_at": rfc3339(change.started_at),
        "settled_at": rfc3339(change.settled_at),
        "delta_g": None if change.by_sight else round(change.delta_g, 2),
        "sigma_g": None if change.by_sight else round(change.sigma_g, 3),
        "items": [] if change.kind == "withdrawn" else _items(change.items),
        "confidence": _confidence(change),
        "alternatives": [
            {"items": _items(h.items), "confidence": round(h.confidence, 4)}
            for h in alternatives_of(change)
        ],
        "kind": change.kind,
    }
    if change.by_sight:
        payload["seen_units"] = round(change.delta_g)
    return Output("changes", "shelf.change", change.change_id, at, payload)


def alternatives_of(change: Change) -> tuple[Hypothesis, ...]:
    """What else a change may have been, beside what it is told as."""
    if change.kind == "withdrawn":
        return ()
    return change.hypotheses[1:] if change.accepted else change.hypotheses


def _confidence(change: Change) -> float:
    """That of the items told; for what fits nothing, that it is none of the alternatives."""
    if change.accepted:
        return round(change.hypotheses[0].confidence, 4)
    return round(max(0.0, 1.0 - sum(h.confidence for h in change.hypotheses)), 4)


def _items(items: Iterable[tuple[str, int]]) -> list[Payload]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in items]


def visit_content(account: Account, finding: Finding, case_id: str | None, state: str) -> Payload:
    """A visit without its revision."""
    visit = account.visit
    taken: Counter[str] = Counter(u.sku for u in account.gone if u.sku is not None)
    paid = Counter((p.payment_id, p.sku) for p in account.paid.values())
    surplus = Counter((p.payment_id, p.sku) for p in finding.paid_not_taken)
    return {
        "visit_id": visit.visit_id,
        "started_at": rfc3339(visit.started_at),
        "ended_at": rfc3339(visit.ended_at),
        "changes": [c.change_id for c in account.changes],
        "taken": _items(sorted(taken.items())),
        "paid": _paid_lines(paid),
        "paid_not_taken": _paid_lines(surplus),
        "state": state,
        "case_id": case_id,
    }


def _paid_lines(paid: Counter[tuple[str, str]]) -> list[Payload]:
    return [
        {"payment_id": payment_id, "sku": sku, "quantity": quantity}
        for (payment_id, sku), quantity in sorted(paid.items())
    ]


def case_content(
    lines: Sequence[LossLine],
    account: Account | None,
    finding: Finding | None,
    rules: Rules,
) -> Payload:
    """A case without its id, revision, state, resolution and explanation."""
    confidence = max((line.confidence for line in lines), default=0.0)
    visit = account.visit if account else None
    changes = account.changes if account else ()
    return {
        "visit_id": visit.visit_id if visit and not visit.unobserved else None,
        "started_at": rfc3339(visit.started_at) if visit else None,
        "ended_at": rfc3339(visit.ended_at) if visit else None,
        "lines": [_line(line) for line in lines],
        "value": sum(line.value for line in lines),
        "currency": rules.currency,
        "confidence": confidence,
        "payments": list(finding.payments) if finding else [],
        "evidence": sorted({e for c in changes for e in c.evidence}),
    }


def _line(line: LossLine) -> Payload:
    told: Payload = {
        "kind": line.kind,
        "sku": line.sku or None,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "value": line.value,
        "plate": line.plate,
        "confidence": line.confidence,
    }
    if line.paid_as is not None:
        told["paid_as"] = line.paid_as
    return told


def query_output(reason: str, visit: Visit | None, waiting: list[str], at: float) -> Output:
    """Ask the cloud what became of payments, around a visit or at large."""
    payload: dict[str, Any] = {
        "reason": reason,
        "visit_id": visit.visit_id if visit else None,
        "from": rfc3339(visit.started_at) if visit else None,
        "to": rfc3339(visit.ended_at) if visit else None,
        "payments": waiting,
    }
    key = visit.visit_id if visit else reason
    return Output("payment-queries", "shelf.payment-query", key, at, payload)
