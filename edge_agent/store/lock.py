"""One agent for one state folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from edge_agent.errors import StoreError


class FolderLock:
    """An flock on a file in the state folder; the kernel lets go of it however the agent ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once; StoreError where another agent has it."""
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"Cannot write {path}: {error.strerror}. Give the agent's user the folder "
                f"{path.parent}, or name another one with --state."
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreError(
                f"Another agent (process {holder or 'unknown'}) is using {path.parent}. Stop it "
                "(`systemctl stop edge-agent`), or give this one a folder of its own with --state."
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let go of the lock."""
        os.close(self._descriptor)
