"""What the commands show: the newest payload of each thing, written with the decision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edge_agent.store.database import StateDatabase, to_json

ViewKind = Literal[
    "change",
    "visit",
    "case",
    "reason",
    "payment",
    "restock",
    "scan",
    "rejection",
    "stock",
    "status",
    "catalogue",
]

Payload = dict[str, Any]
Payloads = list[Payload]

# What is counted in reports is folded instead (`store.history`).
_UNCOUNTED = ("scan", "rejection")

LESSON_KEYS = ("at", "sku", "reason", "weight_g", "sd_g", "units", "catalogue_g")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One picture kept on the shelf; `file` is relative to the evidence folder."""

    evidence_id: str
    change_id: str
    at: float
    file: str
    bytes: int


class Views:
    """Latest payloads by kind and key, plate levels and the index of evidence files."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def put(self, kind: ViewKind, key: str, at: float, payload: Payload) -> None:
        """Store the newest payload of one thing, in place of the one before."""
        self._db.execute(
            "insert or replace into view (kind, key, at, payload) values (?, ?, ?, ?)",
            (kind, key, at, to_json(payload)),
        )

    def get(self, kind: ViewKind, key: str) -> Payload | None:
        """Return the newest payload of one thing, None where there is none."""
        text = self._db.value("select payload from view where kind = ? and key = ?", (kind, key))
        return None if text is None else json.loads(text)

    def list(
        self,
        kind: ViewKind,
        *,
        since: float | None = None,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> Payloads:
        """Return the payloads of one kind by their time; at most `limit`, the first ones."""
        order = "desc" if newest_first else "asc"
        found = self._db.rows(
            f"select payload from view where kind = ? and at >= ?"
            f" order by at {order}, key {order} limit ?",
            (kind, since if since is not None else -1e300, limit if limit is not None else -1),
        )
        return [json.loads(text) for (text,) in found]

    def delete(self, kind: ViewKind, key: str) -> None:
        """Drop one thing; nothing happens where it is not there."""
        self._db.execute("delete from view where kind = ? and key = ?", (kind, key))

    def prune(self, before: float) -> int:
        """Drop uncounted history older than `before`, and reasons without their case.

        Returns how much. What is counted goes with `History.fold`.
        """
        marks = ",".join("?" * len(_UNCOUNTED))
        return self._db.execute(
            f"delete from view where at < ? and (kind in ({marks}) or (kind = 'reason' and not"
            " exists (select 1 from view of where of.kind = 'case' and of.key = view.key)))",
            (before, *_UNCOUNTED),
        )

    def put_levels(self, levels: Mapping[str, tuple[float, float, float]]) -> None:
        """Store each plate's last known level as (at, level_g, sigma_g)."""
        with self._db.together():
            for plate, (at, level_g, sigma_g) in levels.items():
                self._db.execute(
                    "insert or replace into level values (?, ?, ?, ?)",
                    (plate, at, level_g, sigma_g),
                )

    def levels(self) -> dict[str, tuple[float, float, float]]:
        """Return each plate's last known level as (at, level_g, sigma_g)."""
        found = self._db.rows("select plate, at, level_g, sigma_g from level")
        return {plate: (at, level_g, sigma_g) for plate, at, level_g, sigma_g in found}

    def drop_level(self, plate: str) -> None:
        """Forget a plate's level: its scale counts otherwise now."""
        self._db.execute("delete from level where plate = ?", (plate,))

    def calibration(self, plate: str) -> tuple[float, float] | None:
        """Return the zero and the scale factor with which a plate's level was stored."""
        text = self._db.value("select value from meta where key = ?", (f"calibration {plate}",))
        if text is None:
            return None
        zero_counts, counts_per_g = text.split()
        return float(zero_counts), float(counts_per_g)

    def put_calibration(self, plate: str, zero_counts: float, counts_per_g: float) -> None:
        """Note how a plate's counts become grams."""
        self._db.execute(
            "insert or replace into meta values (?, ?)",
            (f"calibration {plate}", f"{zero_counts!r} {counts_per_g!r}"),
        )

    def put_lesson(self, at: float, lesson: Payload) -> None:
        """Add to the history of what a product's units weigh: sku, reason, weights, units."""
        self._db.execute(
            "insert into lesson values (?, ?, ?, ?, ?, ?, ?)",
            (at, *(lesson[key] for key in LESSON_KEYS[1:])),
        )

    def lessons(self, sku: str | None = None) -> Payloads:
        """Return that history, oldest first; of all products, or of one."""
        found = self._db.rows(
            "select at, sku, reason, weight_g, sd_g, units, catalogue_g from lesson"
            " where ?1 is null or sku = ?1 order by at, sku",
            (sku,),
        )
        return [dict(zip(LESSON_KEYS, columns, strict=True)) for columns in found]

    def put_evidence(self, evidence: EvidenceFile) -> None:
        """Note a picture that was written to the evidence folder."""
        self._db.execute(
            "insert or replace into evidence values (?, ?, ?, ?, ?)",
            (
                evidence.evidence_id,
                evidence.change_id,
                evidence.at,
                evidence.file,
                evidence.bytes,
            ),
        )

    def evidence(
        self, *, change_id: str | None = None, limit: int | None = None
    ) -> Sequence[EvidenceFile]:
        """Return the noted pictures, oldest first; all, or those of one change."""
        found = self._db.rows(
            "select evidence_id, change_id, at, file, bytes from evidence"
            " where ?1 is null or change_id = ?1 order by at, evidence_id limit ?2",
            (change_id, limit if limit is not None else -1),
        )
        return [EvidenceFile(*columns) for columns in found]

    def get_evidence(self, evidence_id: str) -> EvidenceFile | None:
        """Return one noted picture, None where it is not (or no longer) noted."""
        found = self._db.rows(
            "select evidence_id, change_id, at, file, bytes from evidence where evidence_id = ?",
            (evidence_id,),
        )
        return EvidenceFile(*found[0]) if found else None

    def evidence_bytes(self) -> int:
        """Return how much room the noted pictures take together."""
        total: int = self._db.value("select coalesce(sum(bytes), 0) from evidence")
        return total

    def delete_evidence(self, evidence_ids: Sequence[str]) -> None:
        """Drop the notes of pictures; the caller deletes the files."""
        with self._db.together():
            for evidence_id in evidence_ids:
                self._db.execute("delete from evidence where evidence_id = ?", (evidence_id,))
