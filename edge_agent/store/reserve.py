"""Disk space put aside, to be given back when the disk is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from edge_agent.errors import StoreError

RESERVE_BYTES = 4_000_000

_ROOM_FACTOR = (
    4  # made only where this many times its size is free, so that it never fills the disk
)


class Reserve:
    """A file of no meaning beside the database.

    SQLite in WAL mode can neither delete nor checkpoint on a full disk, so a full disk could not
    even be cleaned up. Freeing this file first gives it the room to do so.
    """

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size

    @property
    def is_there(self) -> bool:
        """Whether the space is put aside now."""
        return self._path.exists()

    def make(self) -> bool:
        """Put the space aside if there is plenty; return whether it is there afterwards.

        Raises StoreError where the file cannot be written for another reason.
        """
        if self.is_there:
            return True
        if not self._has_room():
            return False
        try:
            self._allocate()
        except OSError as error:
            self._path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                return False
            raise StoreError(
                f"Cannot put disk space aside in {self._path}: {error.strerror}. Give the agent's "
                f"user the folder {self._path.parent}, or name another one with --state."
            ) from error
        return True

    def free(self) -> int:
        """Give the space back; return how many bytes that were, 0 if it was not there."""
        try:
            size = self._path.stat().st_size
            self._path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def _has_room(self) -> bool:
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize > _ROOM_FACTOR * self._size

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        finally:
            os.close(descriptor)
