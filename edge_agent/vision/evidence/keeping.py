"""Pictures of the shelf before, during and after a change, kept within limits and without people.

What is not near a plate is made unrecognisable before it is written, while `blur_people` is on:
nobody has to find the people there, so nobody can be missed. Near the plates whatever is not the
shelf is blurred as well (`people`): heads, arms, and the hand with the goods. A hand is not spared:
what would tell it from a face finds half of the hands (design.md, “Seeing”).

At first all that is known is the shelf before the change, so the place where goods left is blurred,
too. As soon as the shelf has been seen at rest without anybody before it, the same pictures are
written anew, with what the shelf looks like since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from edge_agent.settings import EvidenceSettings
from edge_agent.vision.evidence.blurring import ClearedPicture, clear
from edge_agent.vision.evidence.faces import Faces, NoFaces, face_flags
from edge_agent.vision.evidence.folder import EvidenceFolder
from edge_agent.vision.evidence.held import Asked, Held, evidence_id
from edge_agent.vision.evidence.likeness import look, small, unlike
from edge_agent.vision.evidence.marking import boxes_of_difference, boxes_of_mask
from edge_agent.vision.evidence.view import CameraView, Sight
from edge_agent.vision.frames import Frame
from edge_agent.vision.seen import Box, RegionChange

MOST_HELD = 16
"""Changes whose pictures wait in memory to be shown better: three JPEGs of 200 kB each."""


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """A picture on disk: JPEG of `size` bytes at `path`, taken at `at` (Unix seconds)."""

    evidence_id: str
    change_id: str
    at: float
    path: Path
    size: int


class EvidenceKeeper:
    """Keeps the pictures of changes in `folder`, from `views` by camera id.

    Writing raises `StoreError`.
    """

    def __init__(
        self,
        folder: Path,
        settings: EvidenceSettings,
        views: Mapping[str, CameraView],
        faces: Faces | None = None,
    ) -> None:
        self._settings = settings
        self._views = dict(views)
        self._faces = faces if faces is not None else NoFaces()
        self._folder = EvidenceFolder(folder)
        self._held: list[Held] = []

    def keep(self, asked: Asked, now: float) -> list[EvidencePicture]:
        """Keep what the cameras saw of a change; none where no ring holds anything of it."""
        kept: list[EvidencePicture] = []
        for camera, view in self._views.items():
            if asked.plate in view.regions:
                view.explain(asked.plate)
                self._later_on(camera, asked)
            sights = view.sights(asked.plate, asked.started_at, asked.settled_at)
            held = Held.of(asked, camera, sights, now)
            kept += self._write(sights, held)
            # Those of a try that the store failed are held already.
            same = (asked.change_id, camera)
            self._held = [h for h in self._held if (h.asked.change_id, h.camera) != same]
            if sights and asked.plate in view.regions and self._settings.blur_people:
                self._held.append(held)
        del self._held[:-MOST_HELD]
        return kept

    def develop(self, now: float) -> list[EvidencePicture]:
        """Write those pictures anew that can be shown better by now; returns them."""
        kept: list[EvidencePicture] = []
        for held in list(self._held):
            view = self._views[held.camera]
            clear_now = view.is_clear(held.asked.plate)
            if not held.is_ready(now, clear_now):
                continue
            self._held.remove(held)
            if clear_now:
                held.look_again(view)
                kept += self._write(held.sights(view), held)
        return kept

    def note(self, change_id: str, seen: RegionChange) -> None:
        """Take what a camera told of a change whose pictures are held."""
        for held in self._held:
            if held.asked.change_id == change_id and held.camera == seen.camera:
                held.note(seen)

    def is_held(self, evidence_id: str) -> bool:
        """Whether a picture may still be written anew."""
        return any(evidence_id in held.evidence_ids() for held in self._held)

    def find(self, evidence_id: str) -> bytes | None:
        """Return the JPEG of a picture that is kept, None when its time was up."""
        return self._folder.read(file_name(evidence_id))

    def enforce_limits(self, now: float, of_open_cases: Set[str] = frozenset()) -> list[str]:
        """Delete what is older than `retention_days`, then the oldest beyond `max_mb`.

        Pictures whose id is in `of_open_cases` leave last when room is needed; retention is a
        promise to the people in front of the shelf and spares none. Returns the deleted files.
        """
        kept_names = {file_name(name) for name in of_open_cases}
        oldest = now - self._settings.retention_days * 86400
        return self._folder.prune(oldest, round(self._settings.max_mb * 1e6), kept_names)

    def files(self, before: float | None = None) -> list[str]:
        """The names of the files that are kept, the oldest first; all, or from before a time."""
        return self._folder.files(before)

    def erase(self, files: Iterable[str]) -> list[str]:
        """Delete pictures by file name for good; returns those that were there."""
        wanted = set(files)
        self._held = [
            held for held in self._held if not wanted & {file_name(e) for e in held.evidence_ids()}
        ]
        return self._folder.erase(sorted(wanted))

    def shown(self, frame: Frame) -> ClearedPicture:
        """Return a frame as evidence shows it: cropped to the plates, people blurred."""
        view = self._views[frame.camera]
        return self._cleared(view, Sight(frame, view.strangers(frame.image)), (), "")

    def _later_on(self, camera: str, asked: Asked) -> None:
        """What was held of this plate shows it as it was before this change."""
        for held in self._held:
            if (held.camera, held.asked.plate) == (camera, asked.plate):
                held.until_at = min(held.until_at, asked.started_at)

    def _write(self, sights: Mapping[str, Sight], held: Held) -> list[EvidencePicture]:
        view = self._views[held.camera]
        change_id, plate = held.asked.change_id, held.asked.plate
        marks = self._marks(held, sights)
        kept = []
        for side, sight in sights.items():
            name = evidence_id(change_id, side, held.camera)
            picture = self._cleared(view, sight, marks, plate)
            at, size = sight.frame.at, len(picture.jpeg)
            path = self._folder.write(file_name(name), picture, at)
            kept.append(EvidencePicture(name, change_id, at, path, size))
        return kept

    def _cleared(
        self, view: CameraView, sight: Sight, marks: tuple[Box, ...], label: str
    ) -> ClearedPicture:
        image, strangers = sight.frame.image, sight.strangers
        blur = self._settings.blur_people
        if blur:
            strangers = strangers | face_flags(self._faces.boxes(image), image)
        return clear(image, view.boxes(image), strangers, blur=blur, marks=marks, label=label)

    def _marks(self, held: Held, sights: Mapping[str, Sight]) -> tuple[Box, ...]:
        """The boxes around what changed; where that is not known, around the plate."""
        region = self._views[held.camera].regions.get(held.asked.plate)
        if region is None:
            return ()
        x, y, w, h = region
        whole = ((x, y, x + w, y + h),)
        seen = held.asked.seen
        if seen is not None and seen.camera == held.camera:
            return boxes_of_mask(seen.mask, x, y) or whole
        if {"before", "after"} <= set(sights):
            before, after = sights["before"], sights["after"]
            if before.strangers.shape == after.strangers.shape:
                first, second = (look(small(s.frame.image)) for s in (before, after))
                different = unlike(first, second) & ~before.strangers & ~after.strangers
                width = before.frame.image.shape[1]
                return boxes_of_difference(different, region, width) or whole
        return whole


def file_name(evidence_id: str) -> str:
    """The name of a picture's file in the evidence folder."""
    # Ids of long names in Chinese would be longer than a file name may be (255 bytes), and one that
    # a person typed must not lead out of the folder.
    if len(evidence_id.encode()) <= 200 and not {"/", "\0"} & set(evidence_id):
        return f"{evidence_id}.jpg"
    return f"{hashlib.sha256(evidence_id.encode()).hexdigest()}.jpg"
