"""Write a recording (contract, section 4) as it happens, so that a power cut costs a line."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from edge_agent.errors import RecordingError
from edge_agent.recording_lines import payload_value
from edge_agent.recordings import FRAMES_FOLDER, MESSAGES_FILE, SETTINGS_FILE, WEIGHTS_FILE


class RecordingWriter:
    """A new recording in `folder`, which must be empty or not there yet.

    `plates` are the columns of `weights.csv`; without any, that file is not written. Raises
    RecordingError where the folder cannot be used.
    """

    def __init__(self, folder: Path, settings_text: str, plates: Sequence[str]) -> None:
        self.folder = folder
        self.plates = tuple(plates)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise RecordingError(f"{folder} is not empty. Name a new folder for the recording.")
            (folder / SETTINGS_FILE).write_text(settings_text, encoding="utf-8")
            self._messages = _opened(folder / MESSAGES_FILE)
            self._weights = _opened(folder / WEIGHTS_FILE) if self.plates else None
        except OSError as error:
            raise RecordingError(f"Cannot record to {folder}: {error.strerror}.") from error
        if self._weights is not None:
            self._weights.write(",".join(("time", *self.plates)) + "\n")

    def row(self, at: float, grams: Sequence[float | None]) -> None:
        """Append one sample a plate, in grams, in the order of `plates`; None or NaN for none."""
        if len(grams) != len(self.plates) or self._weights is None:
            raise ValueError(f"{len(grams)} samples for {len(self.plates)} plates")
        fields = ("" if g is None or not math.isfinite(g) else f"{g:.3f}" for g in grams)
        self._weights.write(f"{at:.4f},{','.join(fields)}\n")

    def message(self, at: float, topic: str, payload: bytes) -> None:
        """Append an MQTT message; `topic` without its prefix."""
        line = {"time": round(at, 4), "topic": topic, "payload": payload_value(payload)}
        self._messages.write(json.dumps(line, separators=(",", ":")) + "\n")

    def frame(self, camera: str, at: float, jpeg: bytes) -> None:
        """Add a picture."""
        path = self.folder / FRAMES_FOLDER / camera / f"{round(at * 1000)}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg)

    def flush(self) -> None:
        """Hand all that was written to the operating system."""
        for file in (self._messages, self._weights):
            if file is not None:
                file.flush()

    def close(self) -> None:
        """Finish the recording."""
        for file in (self._messages, self._weights):
            if file is not None:
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _opened(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")
