"""What the weight did around each change, as small packed pieces; bounded, and the first to go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.store.database import StateDatabase

# With less room than this on the disk no trace is written: what is decided matters more.
LEAST_ROOM_BYTES = 50_000_000
_COLUMNS = "change_id, plate, at, samples"


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One change's trace as stored: `at` is when the change settled, `samples` is packed."""

    change_id: str
    plate: str
    at: float
    samples: bytes


class Traces:
    """Traces by their change; a newer one of the same change takes the place of the old."""

    def __init__(self, db: StateDatabase, least_room_bytes: int = LEAST_ROOM_BYTES) -> None:
        self._db = db
        self._least_room_bytes = least_room_bytes

    def put(self, rows: Sequence[TraceRow], *, most: int, since: float) -> bool:
        """Store traces in one transaction, and drop those before `since` and beyond the `most`.

        Where the disk is nearly full they are not stored, and old ones make room for what is
        decided: then False. Raises StoreError.
        """
        has_room = self._has_room()
        with self._db.together():
            if has_room:
                for row in rows:
                    self._db.execute(
                        f"insert or replace into trace ({_COLUMNS}) values (?, ?, ?, ?)",
                        (row.change_id, row.plate, row.at, row.samples),
                    )
            else:
                most = max(0, self.count - 2 * len(rows))
            self._db.execute(
                "delete from trace where at < ? or change_id in"
                " (select change_id from trace order by at desc limit -1 offset ?)",
                (since, most),
            )
        return has_room

    def get(self, change_id: str) -> TraceRow | None:
        """Return one change's trace, None where there is none or no more."""
        found = self._db.rows(f"select {_COLUMNS} from trace where change_id = ?", (change_id,))
        return TraceRow(*found[0]) if found else None

    @property
    def count(self) -> int:
        """How many traces there are."""
        number: int = self._db.value("select count(*) from trace")
        return number

    def _has_room(self) -> bool:
        if self._db.path is None:
            return True
        disk = os.statvfs(self._db.path.parent)
        return disk.f_bavail * disk.f_frsize > self._least_room_bytes
