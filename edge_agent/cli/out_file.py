"""Files that a command was told to write."""

from __future__ import annotations

from pathlib import Path

from edge_agent.errors import UsageError


def write_out(file: Path, content: str | bytes, option: str) -> None:
    """Write a file that `option` named; UsageError where that cannot be done."""
    try:
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise UsageError(
            f"Cannot write {file}: {error.strerror}. Name another file with {option}."
        ) from error
