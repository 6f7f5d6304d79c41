"""Read a recording (contract, section 4): settings, weights, messages, pictures, truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from edge_agent.decimal_text import Floats
from edge_agent.errors import RecordingError
from edge_agent.recording_lines import MessageLine, read_truth
from edge_agent.settings import Settings
from edge_agent.settings_file import load_settings
from edge_agent.truth import Truth
from edge_agent.weights_csv import WeightsCsv

SETTINGS_FILE = "shelf.toml"
WEIGHTS_FILE = "weights.csv"
MESSAGES_FILE = "messages.jsonl"
TRUTH_FILE = "truth.jsonl"
FRAMES_FOLDER = "frames"

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """An MQTT message as it arrived: Unix seconds, the topic without its prefix, the bytes."""

    at: float
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """A picture: its camera, the Unix seconds that its name tells, and its file."""

    camera: str
    at: float
    path: Path


class Recording:
    """A folder with a recording. `warnings` grows while it is read.

    Raises RecordingError where the folder is none, SettingsError where its settings are wrong.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        if not (folder / SETTINGS_FILE).is_file():
            found = f"has no {SETTINGS_FILE}" if folder.is_dir() else "is no folder"
            raise RecordingError(f"{folder} {found}. Name a folder that holds a recording.")
        self.settings: Settings = load_settings(folder / SETTINGS_FILE, hardware=False)
        weights = folder / WEIGHTS_FILE
        self._weights = WeightsCsv(weights) if weights.is_file() else None
        if self._weights is None and next(self.frames(), None) is None:
            raise RecordingError(
                f"{folder} has neither {WEIGHTS_FILE} nor pictures under {FRAMES_FOLDER}/. "
                "A recording needs one of them."
            )
        self._check_plates()

    def _check_plates(self) -> None:
        if self._weights is None:
            return
        known = [plate.id for plate in self.settings.plate]
        for plate in self.plates_in_file:
            if plate not in known:
                raise RecordingError(
                    f"{self._weights.path}, line 1: plate {plate!r} is not in {SETTINGS_FILE}, "
                    f"which has {_listed(known)}. Add it there, or correct the header."
                )
        silent = [
            p.id for p in self.settings.plate if p.is_weighed and p.id not in self.plates_in_file
        ]
        if silent:
            self.warnings.append(f"{self._weights.path} has no column for plates {_listed(silent)}")

    @property
    def plates_in_file(self) -> tuple[str, ...]:
        """The plates of `weights.csv`, in the order of its columns; none without that file."""
        return self._weights.plates if self._weights else ()

    def weight_blocks(self, seconds: float = 0.2) -> Iterator[tuple[Floats, Floats]]:
        """Yield the weights in spans of `seconds`, cut at whole multiples of it.

        Each block is times (n,) in Unix seconds, not decreasing, and grams (n, plates) with NaN for
        "no sample"; spans without rows are left out. Raises RecordingError naming the line that
        cannot be read; a last line cut short becomes a warning.
        """
        if self._weights is None:
            return
        begun: tuple[Floats, Floats] | None = None
        for times, grams in self._weights.rows():
            if begun is not None:
                times = np.concatenate((begun[0], times))  # noqa: PLW2901
                grams = np.concatenate((begun[1], grams))  # noqa: PLW2901
            spans = np.floor(times / seconds)
            cuts = [0, *(np.flatnonzero(np.diff(spans)) + 1).tolist()]
            for start, end in pairwise(cuts):
                yield times[start:end], grams[start:end]
            begun = times[cuts[-1] :], grams[cuts[-1] :]
        if begun is not None:
            yield begun
        else:
            self.warnings.append(f"{self._weights.path} holds no samples")
        if self._weights.cut_line is not None:
            self.warnings.append(
                f"{self._weights.path}, line {self._weights.cut_line}, has no end and was left out"
            )

    @cached_property
    def span(self) -> tuple[float, float]:
        """First and last time of weights, pictures and messages, in Unix seconds.

        Reads the weights' two ends only, and trusts their times.
        """
        times = [message.at for message in self.messages()] + [f.at for f in self.frames()]
        if self._weights is not None:
            times.extend(self._weights.ends())
        return (min(times), max(times)) if times else (0.0, 0.0)

    @property
    def duration_s(self) -> float:
        """How long the recording is."""
        return self.span[1] - self.span[0]

    def messages(self) -> list[RecordedMessage]:
        """Give the messages by time; where equal, as they stand.

        An object's payload is its compact JSON, text (a JWS, or anything) is its bytes.
        """
        messages = self._lines(self.folder / MESSAGES_FILE, _message)
        return sorted(messages, key=lambda message: message.at)

    def truth(self) -> list[Truth]:
        """Give what really happened, in the file's order; nothing without that file."""
        return self._lines(self.folder / TRUTH_FILE, read_truth)

    def frames(self) -> Iterator[RecordedFrame]:
        """Yield the pictures by time, then camera. Raises RecordingError for an impossible name."""
        folder = self.folder / FRAMES_FOLDER
        pictures = [
            RecordedFrame(camera.name, _time_in_name(picture), picture)
            for camera in (folder.iterdir() if folder.is_dir() else ())
            if camera.is_dir()
            for picture in camera.glob("*.jpg")
        ]
        yield from sorted(pictures, key=lambda frame: (frame.at, frame.camera))

    def _lines(self, path: Path, read: Callable[[Any], Line]) -> list[Line]:
        """Read a file of one JSON value a line; a last line cut short becomes a warning."""
        if not path.is_file():
            return []
        # What follows the last newline is nothing, or a line cut short.
        *whole, begun = path.read_bytes().split(b"\n")
        lines = [_read_line(path, n, line, read) for n, line in enumerate(whole, 1) if line.strip()]
        if begun.strip():
            try:
                json.loads(begun)
            except ValueError:
                self._warn_once(f"{path}, line {len(whole) + 1}, has no end and was left out")
            else:
                lines.append(_read_line(path, len(whole) + 1, begun, read))
        return lines

    def _warn_once(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _message(value: Any) -> RecordedMessage:
    line = MessageLine.model_validate(value, strict=True)
    return RecordedMessage(line.time, line.topic, line.payload_bytes)


def _time_in_name(picture: Path) -> float:
    if not (picture.stem.isascii() and picture.stem.isdigit()):
        raise RecordingError(
            f"{picture}: a picture is named by its Unix milliseconds, as 1767225600000.jpg. "
            "Rename it or take it away."
        )
    return int(picture.stem) / 1000


def _read_line(path: Path, number: int, line: bytes, read: Callable[[Any], Line]) -> Line:
    where = f"{path}, line {number}"
    found = line[:60].decode("utf-8", errors="replace").strip()
    try:
        return read(json.loads(line))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in detail["loc"]) or "the line"
        raise RecordingError(
            f"{where}: {key}: {detail['msg']}; found {found!r}. Mend or delete that line."
        ) from error
    except ValueError as error:
        raise RecordingError(
            f"{where}: this is not JSON ({error}); found {found!r}. Mend or delete that line."
        ) from error


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
