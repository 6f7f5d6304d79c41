"""Pictures of changes: before, during and after each, kept, and sent with the case they prove."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_agent.errors import UsageError
from edge_agent.evidence_erasing import Erased, Which, erase
from edge_agent.ledger import Ledger
from edge_agent.seeing import regions_by_plate
from edge_agent.settings import Settings
from edge_agent.shelf.facts import EvidenceFact
from edge_agent.shelf.state import Output
from edge_agent.store.outbox import OutboxMessage
from edge_agent.store.store import Store
from edge_agent.store.views import EvidenceFile
from edge_agent.vision.evidence.faces import open_faces
from edge_agent.vision.evidence.held import Asked
from edge_agent.vision.evidence.keeping import EvidenceKeeper, EvidencePicture
from edge_agent.vision.evidence.view import views_of
from edge_agent.vision.frames import Frame, encode_jpeg
from edge_agent.vision.seen import RegionChange
from edge_agent.weighing.change import WeightChange

# Long enough for a frame without the hand, at five frames a second.
AFTER_S = 0.6
LIMITS_EVERY_S = 600.0
MOST_SEEN = 1000
SNAPSHOT_QUALITY = 90


@dataclass(frozen=True, slots=True)
class _Wanted:
    asked: Asked
    due_at: float


class Witness:
    """Keeps what the cameras saw of each change; used by the agent's loop alone."""

    def __init__(self, settings: Settings, folder: Path, ledger: Ledger, store: Store) -> None:
        cameras = [camera.id for camera in settings.camera]
        self._views = views_of(cameras, regions_by_plate(settings, cameras))
        faces = open_faces(folder.parent) if settings.camera else None
        self._keeper = EvidenceKeeper(folder, settings.evidence, self._views, faces)
        self._ledger = ledger
        self._store = store
        self._wanted: deque[_Wanted] = deque()
        self._seen: dict[str, None] = {}
        self._limits_at = 0.0
        # A kill between a case and its pictures must not cost them: those sent before are known.
        self._unpublished = self._of_open_cases()

    def see(self, frame: Frame) -> None:
        """Remember a frame for a while; the one thing here that any thread may do."""
        self._views[frame.camera].see(frame)

    def want(self, change: WeightChange, now: float, seen: RegionChange | None = None) -> None:
        """Keep pictures of this change as soon as there can be one after it.

        `seen` is what a camera made of it, if that is known already; later, `note` takes it.
        """
        if not (change.withdrawn or change.unobserved):
            at = (change.started_at, change.settled_at)
            self._ask(Asked(change.change_id, change.plate, *at, seen), now)

    def _ask(self, asked: Asked, now: float) -> None:
        if asked.change_id in self._seen:
            return
        self._seen[asked.change_id] = None
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._wanted.append(_Wanted(asked, now + AFTER_S))

    def note(self, change_id: str, seen: RegionChange) -> None:
        """Mark in a change's pictures what a camera saw change; no matter for those long kept."""
        self._wanted = deque(
            replace(w, asked=replace(w.asked, seen=seen)) if w.asked.change_id == change_id else w
            for w in self._wanted
        )
        self._keeper.note(change_id, seen)

    def keep_due(self, now: float) -> list[Output]:
        """Keep the pictures that are due, and keep the folder within its limits.

        Returns what the ledger tells because of them. Raises StoreError where there is no room.
        """
        outputs: list[Output] = []
        self._publish(now)
        # One a round, for it takes a while; it leaves the line only when it is on the disk.
        if self._wanted and self._wanted[0].due_at <= now:
            outputs += self._keep(self._wanted[0].asked, now)
            self._wanted.popleft()
        self._index(self._keeper.develop(now))
        if now - self._limits_at >= LIMITS_EVERY_S:
            self._limits_at = now
            self._enforce_limits(now)
        return outputs

    def publish_for(self, outputs: Sequence[Output]) -> None:
        """Put the pictures of the cases among `outputs` into the outbox, each once."""
        for output in outputs:
            if output.topic == "losses":
                self._unpublished += output.payload["evidence"]
                self._publish(output.at)

    def picture(self, evidence_id: str) -> bytes | None:
        """The JPEG of a picture that is kept, or None."""
        return self._keeper.find(evidence_id)

    def latest(self, camera: object) -> tuple[str, bytes]:
        """The newest frame of a camera (of the first one, for None), as its id and a JPEG."""
        frame = self._newest(camera)
        return frame.camera, encode_jpeg(frame.image, SNAPSHOT_QUALITY)

    def latest_as_evidence(self, camera: object) -> tuple[str, float, bytes]:
        """The newest frame as `latest`, when it was taken, and its JPEG as evidence shows it."""
        frame = self._newest(camera)
        return frame.camera, frame.at, self._keeper.shown(frame).jpeg

    def erase(self, which: Which) -> Erased:
        """Erase pictures for good, and those that would have been kept of what is erased.

        Raises UsageError where they are not known, StoreError where they cannot be erased.
        """
        erased = erase(self._store, self._keeper, which)
        until = math.inf if which.all else which.before
        if until is not None:
            self._wanted = deque(w for w in self._wanted if w.asked.settled_at >= until)
        return erased

    def _newest(self, camera: object) -> Frame:
        names = list(self._views)
        name = str(camera) if camera is not None else (names[0] if names else "")
        frame = self._views[name].ring.before(math.inf) if name in self._views else None
        if frame is None:
            raise UsageError(
                f"There is no picture of camera {name!r} yet (pictures of: "
                f"{', '.join(names) or 'none'}). Run `edge-agent doctor`."
            )
        return frame

    def _keep(self, asked: Asked, now: float) -> list[Output]:
        pictures = self._keeper.keep(asked, now)
        if not pictures:
            return []
        self._index(pictures)
        names = tuple(picture.evidence_id for picture in pictures)
        return self._ledger.take(EvidenceFact(now, asked.change_id, names))

    def _index(self, pictures: Sequence[EvidencePicture]) -> None:
        if not pictures:
            return
        with self._store.atomic():
            for p in pictures:
                file = EvidenceFile(p.evidence_id, p.change_id, p.at, p.path.name, p.size)
                self._store.views.put_evidence(file)

    def _publish(self, at: float) -> None:
        if not self._unpublished:
            return
        # What will be written anew is sent as it is then.
        waiting = [e for e in self._unpublished if self._keeper.is_held(e)]
        with self._store.atomic():
            for evidence_id in self._unpublished:
                if evidence_id in waiting:
                    continue
                jpeg = self._keeper.find(evidence_id)
                if jpeg is None or not self._store.journal.accept("evidence", evidence_id, at):
                    continue
                self._store.outbox.put(
                    OutboxMessage(
                        # A JPEG carries no id of its own: the topic's is what `acks` name it by.
                        event_id=evidence_id,
                        topic=f"evidence/{evidence_id}",
                        payload=jpeg,
                        content_type="image/jpeg",
                        retain=False,
                        at=at,
                    )
                )
        self._unpublished = waiting

    def _enforce_limits(self, now: float) -> None:
        deleted = set(self._keeper.enforce_limits(now, set(self._of_open_cases())))
        if deleted:
            gone = [e.evidence_id for e in self._store.views.evidence() if e.file in deleted]
            self._store.views.delete_evidence(gone)

    def _of_open_cases(self) -> list[str]:
        """The ids of the pictures that the cases name which are not closed."""
        cases = self._ledger.state.cases.values()
        return [e for case in cases if case.state != "closed" for e in case.told["evidence"]]
