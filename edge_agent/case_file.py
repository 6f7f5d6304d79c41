"""All that the shelf keeps of one case, gathered for whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent.errors import UsageError

if TYPE_CHECKING:
    from edge_agent.store import Store

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CasePicture:
    """One picture of a case; `path` is None where it is no longer kept, `at` where unknown."""

    evidence_id: str
    change_id: str | None
    at: float | None
    path: Path | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case: as told, its reasons (None where they are not kept), its changes in their order.

    `traces` are packed (`trace_codec`), by change; `names` are the products', by SKU.
    """

    case: Payload
    reason: Payload | None
    changes: tuple[Payload, ...]
    traces: Mapping[str, bytes]
    pictures: tuple[CasePicture, ...]
    names: Mapping[str, str]

    @property
    def case_id(self) -> str:
        """The case's name."""
        return str(self.case["case_id"])

    @property
    def currency(self) -> str:
        """ISO 4217."""
        return str(self.case["currency"])

    @property
    def payments(self) -> list[Payload]:
        """The payments that were involved or considered; empty without reasons."""
        return list(self.reason["payments"]) if self.reason else []


def read_case(store: Store, state: Path, case_id: str) -> CaseFile:
    """Gather a case from the store, and its pictures below `state`; UsageError if unknown."""
    case = store.views.get("case", case_id)
    if case is None:
        raise UsageError(_unknown(store, case_id))
    reason = store.views.get("reason", case_id)
    changes = _changes(store, case, reason)
    traces = {c["change_id"]: store.traces.get(c["change_id"]) for c in changes}
    names = {line["sku"]: line["name"] for line in case["lines"] if line["sku"]}
    return CaseFile(
        case=case,
        reason=reason,
        changes=changes,
        traces={change_id: row.samples for change_id, row in traces.items() if row is not None},
        pictures=tuple(_picture(store, state / "evidence", e) for e in case["evidence"]),
        names={**names, **(reason["names"] if reason else {})},
    )


def _unknown(store: Store, case_id: str) -> str:
    newest = ", ".join(c["case_id"] for c in store.views.list("case", limit=5))
    known = f"The newest are: {newest}" if newest else "There are none yet"
    return (
        f"No case {case_id!r}. {known}; see `edge-agent losses list --all`. Closed cases are "
        "dropped when they are older than [evidence] retention_days."
    )


def _changes(store: Store, case: Payload, reason: Payload | None) -> tuple[Payload, ...]:
    """The case's changes: with what the reasons say of them, else as they were told."""
    if reason is not None:
        return tuple(reason["changes"])
    visit = store.views.get("visit", case["visit_id"]) if case["visit_id"] else None
    told = [store.views.get("change", c) for c in (visit["changes"] if visit else [])]
    return tuple(change for change in told if change is not None)


def _picture(store: Store, folder: Path, evidence_id: str) -> CasePicture:
    kept = store.views.get_evidence(evidence_id)
    if kept is None:
        return CasePicture(evidence_id, None, None, None)
    return CasePicture(evidence_id, kept.change_id, kept.at, folder / kept.file)
