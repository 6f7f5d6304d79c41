"""What the shelf was told, in order: state is the last snapshot plus the rows after it."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from edge_agent.store.database import StateDatabase, damaged, to_json

log = logging.getLogger(__name__)

_SNAPSHOTS_KEPT = 2


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One input as it was stored; `at` is the input's own time in Unix seconds."""

    seq: int
    at: float
    kind: str
    body: dict[str, Any]


class Journal:
    """Inputs, snapshots of the state, and which incoming messages were already taken."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    @property
    def last_seq(self) -> int:
        """The number of the newest row ever appended, 0 before the first."""
        last: int = self._db.value(
            "select max(coalesce((select max(seq) from journal), 0),"
            " coalesce((select max(seq) from snapshot), 0))"
        )
        return last

    @property
    def next_seq(self) -> int:
        """The number that the next row will get."""
        return self.last_seq + 1

    def append(self, kind: str, at: float, body: dict[str, Any]) -> int:
        """Store one input and return its number; call it inside `Store.atomic()`."""
        seq = self.next_seq
        self._db.execute(
            "insert into journal (seq, at, kind, body) values (?, ?, ?, ?)",
            (seq, at, kind, to_json(body)),
        )
        return seq

    def snapshot(self, seq: int, state: dict[str, Any]) -> None:
        """Store the state as it is after row `seq`; of all snapshots the last two are kept."""
        # zlib's checksum tells a snapshot that the card has altered from a whole one.
        packed = zlib.compress(to_json(state).encode("utf-8"), level=1)
        with self._db.together():
            self._db.execute("insert or replace into snapshot values (?, ?)", (seq, packed))
            self._db.execute(
                "delete from snapshot where seq not in"
                " (select seq from snapshot order by seq desc limit ?)",
                (_SNAPSHOTS_KEPT,),
            )

    def load(self) -> tuple[dict[str, Any] | None, list[JournalRow]]:
        """Return the newest readable snapshot, or None, and every row after it in order.

        Raises StoreError where there are snapshots and none can be read.
        """
        stored = self._db.rows("select seq, state from snapshot order by seq desc")
        for seq, packed in stored:
            try:
                state: dict[str, Any] = json.loads(zlib.decompress(packed))
            except (zlib.error, ValueError) as error:
                log.warning("Snapshot %d cannot be read (%s); taking the one before", seq, error)
                continue
            return state, self._after(seq)
        if stored:
            raise damaged(self._db.path or "the store in memory", "no snapshot can be read")
        return None, self._after(0)

    def rows(
        self,
        since: float | None = None,
        until: float | None = None,
        kinds: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[JournalRow]:
        """Return stored inputs, oldest first, with `since` <= at <= `until` and of these kinds."""
        marks = ",".join("?" * len(kinds)) if kinds is not None else ""
        found = self._db.rows(
            "select seq, at, kind, body from journal where at >= ? and at <= ?"
            + (f" and kind in ({marks})" if kinds is not None else "")
            + " order by seq limit ?",
            (
                since if since is not None else -1e300,
                until if until is not None else 1e300,
                *(kinds or ()),
                limit if limit is not None else -1,
            ),
        )
        return [_row(*columns) for columns in found]

    def prune(self, before: float, limit: int = 500) -> int:
        """Drop up to `limit` rows older than `before` that both snapshots already contain.

        Returns how many were dropped; as many as `limit` means: call again. Small steps, for what
        is dropped is first written to the WAL, which on a full disk has only the reserve to grow.
        """
        return self._db.execute(
            "delete from journal where seq in (select seq from journal where at < ? and seq <="
            " (select seq from snapshot order by seq desc limit 1 offset ?) order by seq limit ?)",
            (before, _SNAPSHOTS_KEPT - 1, limit),
        )

    def accept(self, source: str, event_id: str, at: float) -> bool:
        """Note an incoming message by (source, id); False if it had been noted before."""
        added = self._db.execute(
            "insert or ignore into seen (source, id, at) values (?, ?, ?)", (source, event_id, at)
        )
        return added == 1

    def has_taken(self, source: str, event_id: str) -> bool:
        """Whether an incoming message has been noted already."""
        found = self._db.rows("select 1 from seen where source = ? and id = ?", (source, event_id))
        return bool(found)

    def forget(self, before: float) -> int:
        """Drop the notes of messages that came before `before`; return how many."""
        return self._db.execute("delete from seen where at < ?", (before,))

    def _after(self, seq: int) -> list[JournalRow]:
        found = self._db.rows(
            "select seq, at, kind, body from journal where seq > ? order by seq", (seq,)
        )
        return [_row(*columns) for columns in found]


def _row(seq: int, at: float, kind: str, body: str) -> JournalRow:
    return JournalRow(seq, at, kind, json.loads(body))
