"""A model measured: its files, its runtimes beside each other, labelled pictures, recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.detector.detector import Detector
from edge_agent.detector.manifest import Manifest, Measured, load_manifest, read_verified
from edge_agent.detector.places import find_model, model_folders
from edge_agent.detector.recogniser import DetectorRecogniser
from edge_agent.detector.runtimes import open_runtime, usable_runtimes
from edge_agent.recordings import Recording
from edge_agent.training.comparing import Agreement, Speed, agreement, speed
from edge_agent.training.dataset import read_labelled
from edge_agent.training.measuring import measure
from edge_agent.training.recorded import CheckedChange, check_recording
from edge_agent.vision.frames import Image

LEAST_AGREEMENT = 0.97
MOST_WRONG = 0.05


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `measured`, `changes` are None where nothing was given to measure on."""

    folder: Path
    manifest: Manifest
    speeds: tuple[Speed, ...]
    agreements: tuple[Agreement, ...]
    measured: Measured | None
    changes: tuple[CheckedChange, ...] | None

    @property
    def answered(self) -> tuple[CheckedChange, ...]:
        """The recordings' changes that the detector was sure of."""
        return tuple(c for c in self.changes or () if c.answer is not None)

    @property
    def wrong(self) -> int:
        """How many of those are wrong."""
        return sum(change.answer != change.sku for change in self.answered)

    @property
    def is_good(self) -> bool:
        """Whether the runtimes agree, and what it was sure of in recordings is right."""
        agree = all(each.share >= LEAST_AGREEMENT for each in self.agreements)
        return agree and self.wrong <= MOST_WRONG * len(self.answered)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "model": self.manifest.name,
            "folder": str(self.folder),
            "classes": list(self.manifest.skus),
            "licence": self.manifest.licence,
            "files": {file.name: file.sha256 for file in self.manifest.files},
            "good": self.is_good,
            "speed": [asdict(each) for each in self.speeds],
            "agreement": [asdict(each) | {"share": each.share} for each in self.agreements],
            "measured": self.measured.model_dump() if self.measured else None,
            "changes": None if self.changes is None else [asdict(c) for c in self.changes],
        }


def check_model(
    name: str, state: Path | None, frames: Path | None, recordings: Sequence[Path]
) -> Checked:
    """Verify and measure a model, given its name or folder.

    Raises UsageError where there is none, ModelError where a file of it is wrong.
    """
    folder = find_model(name, model_folders(state)) if not Path(name).is_dir() else Path(name)
    manifest = load_manifest(folder)
    for file in manifest.files:
        read_verified(folder, file)
    runtimes = list(usable_runtimes(manifest))
    if not runtimes:
        open_runtime(folder, manifest)  # says what to install
    detectors = [Detector.load(folder, runtime) for runtime in runtimes]
    labelled = read_labelled(frames, manifest.skus) if frames else []
    pictures = [picture.image for picture in labelled]
    changes = None
    if recordings:
        recogniser = DetectorRecogniser(detectors[0])
        changes = tuple(c for r in recordings for c in check_recording(Recording(r), recogniser))
    return Checked(
        folder,
        manifest,
        tuple(speed(detector, pictures or [_nothing(manifest)]) for detector in detectors),
        tuple(agreement(detectors[0], other, pictures) for other in detectors[1:] if pictures),
        measure(detectors[0], labelled, str(frames)) if labelled else None,
        changes,
    )


def _nothing(manifest: Manifest) -> Image:
    return np.full((manifest.input_px, manifest.input_px, 3), 127, np.uint8)


def rows_of(found: Checked) -> Iterator[tuple[str, str]]:
    """What was found as rows: what, and how it is."""
    manifest = found.manifest
    yield "model", f"{manifest.name}, made on {manifest.made_on}, {manifest.licence}"
    yield "knows", f"{len(manifest.classes)} products at {manifest.input_px} px"
    for file in manifest.files:
        yield "file", f"{file.name}, {file.size} bytes, as its manifest says"
    for each in found.speeds:
        yield "speed", f"{each.runtime}: {each.whole_ms:g} ms, the model alone {each.model_ms:g} ms"
    for pair in found.agreements:
        word = "ok" if pair.share >= LEAST_AGREEMENT else "DIFFERS"
        yield (
            "agreement",
            f"{pair.other} sees {pair.found} of {pair.boxes} as {pair.runtime}: {word}",
        )
    if found.measured is not None:
        mine = found.measured
        yield "pictures", f"mAP50 {mine.map50:g}, mAP50-95 {mine.map50_95:g} on {mine.pictures}"
    if found.changes is not None:
        yield from _change_rows(found)


def _change_rows(found: Checked) -> Iterator[tuple[str, str]]:
    changes = found.changes or ()
    best = sum(change.best == change.sku for change in changes)
    right = len(found.answered) - found.wrong
    sure = len(found.answered)
    yield "changes", f"{len(changes)} seen, best guess right {best}; sure {sure}, right {right}"
    for change in found.answered:
        if change.answer != change.sku:
            yield (
                "wrong",
                f"{change.plate} at {change.at:.1f}: {change.sku} seen as {change.answer}",
            )
