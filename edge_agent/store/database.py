"""One SQLite connection whose errors are sentences: WAL, synchronous FULL, one writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from edge_agent.errors import StoreError, UsageError
from edge_agent.store.reserve import Reserve

BUSY_TIMEOUT_S = 5.0
APPLICATION_ID = 0x45444741  # "EDGA", so that another program's database is not taken for ours

_PRIMARY_CODE = 0xFF  # the low byte of an extended result code (sqlite.org/rescode.html)

SqlValue = str | bytes | int | float | None


class StoreFull(StoreError):
    """The disk is full. The transaction was rolled back and the reserve, if any, was freed."""


class StateDatabase:
    """A connection through which the journal, the outbox and the views read and write.

    Every sqlite3 error leaves as a `StoreError` that names the file and the next step.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, reserve: Reserve | None = None
    ) -> None:
        self.path = path
        self._reserve = reserve
        with self.explained():
            # Plugins are other people's code, found by scanning every installed package.
            self._db = Database(connection, execute_plugins=False)

    @property
    def raw(self) -> Database:
        """The sqlite-utils database, for migrations."""
        return self._db

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """One transaction: all of the block is on the disk after it, or nothing of it."""
        with self.explained(), self._db.atomic():
            yield

    def together(self) -> AbstractContextManager[None]:
        """The transaction that is open, or one of its own: for statements that belong together."""
        return nullcontext() if self._db.conn.in_transaction else self.atomic()

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ()) -> int:
        """Run one writing statement and return how many rows it changed."""
        return self._run(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[Any]:
        """Run one query and return its rows as tuples."""
        cursor = self._run(sql, parameters)
        with self.explained():
            return cursor.fetchall()

    def value(self, sql: str, parameters: Sequence[SqlValue] = ()) -> Any:
        """Return the first column of the first row, or None where there is no row."""
        found = self.rows(sql, parameters)
        return found[0][0] if found else None

    def close(self) -> None:
        """Close the connection; the last one to close folds the WAL into the database."""
        self._db.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """A context in which sqlite3 errors become `StoreError`; for use of `raw`."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._in_words(error) from error

    def _run(self, sql: str, parameters: Sequence[SqlValue]) -> sqlite3.Cursor:
        try:
            # Inside a transaction sqlite-utils has nothing to add, and a replay runs millions.
            if self._db.conn.in_transaction:
                return self._db.conn.execute(sql, parameters)
            return self._db.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._in_words(error) from error

    def _in_words(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        where = self.path if self.path is not None else "the store in memory"
        if code == sqlite3.SQLITE_FULL:
            freed = self._reserve.free() if self._reserve is not None else 0
            extra = f" Freed the reserve of {freed // 1_000_000} MB." if freed else ""
            return StoreFull(
                f"No room left to write {where}; nothing of this step was stored.{extra} "
                "Free some space on this disk (`df -h`), or lower [evidence] max_mb."
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return damaged(where, str(error))
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return StoreError(
                f"Cannot use {where} ({error}). Give the agent's user the folder and its files, "
                "or run this command as that user (`sudo -u edge-agent …`)."
            )
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreError(
                f"{where} was locked by another program for {BUSY_TIMEOUT_S:.0f} s. "
                "Close what else writes to it (`fuser` names it) and try again."
            )
        return StoreError(
            f"{where} could not be read or written: {error}. Check the disk (`dmesg | tail`), "
            "then start the agent again."
        )


def damaged(where: Path | str, found: str) -> StoreError:
    """Say that a database is damaged and how to go on."""
    return StoreError(
        f"{where} is damaged ({found}). Stop the agent, keep a copy for support "
        f"(`mv {where} {where}.damaged`), then `edge-agent restore` a backup or start afresh."
    )


def connect_writer(path: Path, reserve: Reserve) -> StateDatabase:
    """Open or create the database at `path` for the one agent that writes it.

    Raises StoreError where it is damaged, foreign, or its folder cannot be written.
    """
    db = StateDatabase(_connect(f"file:{_quoted(path)}?mode=rwc", path), path, reserve)
    try:
        _prepare_writer(db)
    except StoreError:
        db.close()
        raise
    return db


def _prepare_writer(db: StateDatabase) -> None:
    db.value("PRAGMA journal_mode=WAL")
    # FULL, for with NORMAL a power cut takes back transactions that had been acknowledged.
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA temp_store=MEMORY")
    # What is erased must not be read off the card: pictures wait to be sent in here.
    db.execute("PRAGMA secure_delete=ON")
    db.execute(f"PRAGMA journal_size_limit={4 << 20}")
    found = db.value("PRAGMA quick_check(1)")
    if found != "ok":
        raise damaged(db.path or "the database", str(found))


def connect_reader(path: Path) -> StateDatabase:
    """Open the database at `path` read-only, beside a running agent.

    Raises UsageError where there is none yet.
    """
    if not path.exists():
        raise UsageError(
            f"There is no state at {path} yet. Start the agent (`edge-agent run`), "
            "or name its folder with --state."
        )
    db = StateDatabase(_connect(f"file:{_quoted(path)}?mode=ro", path), path)
    db.value("PRAGMA schema_version")
    return db


def connect_memory() -> StateDatabase:
    """A database that lives as long as its connection: for `replay` and tests."""
    return StateDatabase(sqlite3.connect(":memory:"), None)


def _connect(uri: str, path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)
    except sqlite3.Error as error:
        raise StoreError(
            f"Cannot open {path}: {error}. Check that the folder exists and that the agent's "
            "user may write it."
        ) from error


def _quoted(path: Path) -> str:
    # In a URI these three would end the file name (sqlite.org/uri.html).
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def to_json(value: object) -> str:
    """Write a value as compact JSON; NaN and infinities raise ValueError."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
