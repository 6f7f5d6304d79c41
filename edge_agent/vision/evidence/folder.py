"""A folder of pictures: each written whole or not at all, the oldest leaving first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from contextlib import suppress
from pathlib import Path

from edge_agent.errors import StoreError
from edge_agent.vision.evidence.blurring import ClearedPicture

_UNFINISHED = ".part"


class EvidenceFolder:
    """Files by name, each with the time of what it shows as its modification time.

    Raises `StoreError` when the folder cannot be used. What a crash left unfinished is removed at
    the start.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, tuple[float, int]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file in folder.iterdir():
                if file.suffix == _UNFINISHED:
                    file.unlink(missing_ok=True)
                elif file.suffix == ".jpg":
                    found = file.stat()
                    self._files[file.name] = (found.st_mtime, found.st_size)
        except OSError as error:
            raise self._unusable(error) from error

    def write(self, name: str, picture: ClearedPicture, at: float) -> Path:
        """Write a picture as of time `at` and make it last; a file of that name is replaced."""
        if type(picture) is not ClearedPicture:
            raise TypeError("only a ClearedPicture may be written to the evidence")
        content = picture.jpeg
        path = self._folder / name
        unfinished = path.with_name(name + _UNFINISHED)
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.utime(file.fileno(), (at, at))
                os.fsync(file.fileno())
            unfinished.replace(path)
            self._sync_names()
        except OSError as error:
            # Where it cannot be removed either, the next start removes it.
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise self._unusable(error) from error
        self._files[name] = (at, len(content))
        return path

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None when there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def prune(self, oldest: float, max_bytes: int, last: Set[str]) -> list[str]:
        """Delete files from before `oldest`, then the oldest until `max_bytes` are left.

        For room, those in `last` are deleted after all others. Returns the names, in order.
        """
        by_age = sorted((at, name, size) for name, (at, size) in self._files.items())
        deleted = [name for at, name, _ in by_age if at < oldest]
        remaining = [(name, size) for at, name, size in by_age if at >= oldest]
        held_bytes = sum(size for _, size in remaining)
        for name, size in sorted(remaining, key=lambda file: file[0] in last):
            if held_bytes <= max_bytes:
                break
            held_bytes -= size
            deleted.append(name)
        self._delete(deleted)
        return deleted

    def files(self, before: float | None = None) -> list[str]:
        """The files by age; all, or those from before a time."""
        by_age = sorted((at, name) for name, (at, _) in self._files.items())
        return [name for at, name in by_age if before is None or at < before]

    def erase(self, names: Iterable[str]) -> list[str]:
        """Delete these files, as far as they are there; returns those that were."""
        there = [name for name in names if name in self._files]
        self._delete(there)
        return there

    def _delete(self, names: list[str]) -> None:
        try:
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
                del self._files[name]
        except OSError as error:
            raise self._unusable(error) from error

    def _sync_names(self) -> None:
        """Make the rename last through a power cut, too."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(
            f"Pictures cannot be kept in {self._folder}: {error.strerror or error}. Check that the "
            "disk is not full (`df -h`) and that the agent's user owns the folder."
        )
