"""The agent's memory in one folder: journal, outbox and views in one database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from edge_agent.errors import StoreError
from edge_agent.store.database import (
    StateDatabase,
    connect_memory,
    connect_reader,
    connect_writer,
)
from edge_agent.store.history import History
from edge_agent.store.journal import Journal
from edge_agent.store.lock import FolderLock
from edge_agent.store.migrations import check_current, migrate
from edge_agent.store.outbox import Outbox
from edge_agent.store.reserve import Reserve
from edge_agent.store.stock_ledger import StockLedger
from edge_agent.store.tares import Tares
from edge_agent.store.traces import Traces
from edge_agent.store.views import Views

DATABASE = "agent.db"
LOCK = "agent.lock"
RESERVE = "ballast.bin"


class Store:
    """One writer in one thread; any number of readers beside it.

    What is written inside one `atomic()` is on the disk together or not at all, and once
    `atomic()` has been left it survives a kill and a power cut.
    """

    def __init__(
        self,
        db: StateDatabase,
        *,
        writable: bool,
        lock: FolderLock | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self._db = db
        self._lock = lock
        self._reserve = reserve
        self.epoch: str = db.value("select value from meta where key = 'epoch'")
        self.journal = Journal(db)
        self.outbox = Outbox(db, writable=writable)
        self.views = Views(db)
        self.history = History(db)
        self.traces = Traces(db)
        self.stock_ledger = StockLedger(db)
        self.tares = Tares(db)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open or create the state in `folder` for the agent itself.

        Raises StoreError where the folder cannot be written, another agent uses it, or the
        database is damaged or newer than this program.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"Cannot make the state folder {folder}: {error.strerror}. "
                "Make it for the agent's user, or name another one with --state."
            ) from error
        lock = FolderLock(folder / LOCK)
        try:
            return cls._open_locked(folder, lock)
        except StoreError:
            lock.release()
            raise

    @classmethod
    def _open_locked(cls, folder: Path, lock: FolderLock) -> Self:
        reserve = Reserve(folder / RESERVE)
        db = connect_writer(folder / DATABASE, reserve)
        try:
            migrate(db)
            store = cls(db, writable=True, lock=lock, reserve=reserve)
            reserve.make()
        except StoreError:
            db.close()
            raise
        return store

    @classmethod
    def in_memory(cls, epoch: str = "replay") -> Self:
        """A fresh store that is gone when closed; its `epoch` is given, for repeatable ids."""
        db = connect_memory()
        migrate(db)
        db.execute("update meta set value = ? where key = 'epoch'", (epoch,))
        return cls(db, writable=True)

    @classmethod
    def read_only(cls, folder: Path) -> Self:
        """Open the state in `folder` for a command, beside the running agent.

        Raises UsageError where there is no database yet, StoreError where it cannot be read.
        """
        db = connect_reader(folder / DATABASE)
        try:
            check_current(db)
            return cls(db, writable=False)
        except StoreError:
            db.close()
            raise

    def atomic(self) -> AbstractContextManager[None]:
        """One transaction; within another one, a part of it that can be undone alone."""
        return self._db.atomic()

    def refill_reserve(self) -> bool:
        """Put the disk space aside again that a full disk took; return whether it is there."""
        return self._reserve is None or self._reserve.make()

    def empty_log(self) -> None:
        """Leave nothing in SQLite's log of what was deleted: for what must be gone for good.

        While somebody reads, what was committed before stays there until the next time.
        """
        self._db.value("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the database and let another agent have the folder."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()
